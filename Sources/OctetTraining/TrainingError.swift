/// Why a network cannot be trained or evaluated, and what to do.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The images or labels do not fit each other or the network.
  case data(String)
  /// The graph holds something that the trainer has no backward pass for, or is malformed.
  case graph(node: String, reason: String)
  /// An option is out of its range.
  case option(name: String, reason: String)
  /// The loss became infinite or not a number.
  case diverged(epoch: Int, batch: Int)
  /// A checkpoint cannot be gone on from; the reason is a sentence about the file.
  case checkpoint(String)

  public var description: String {
    switch self {
    case .data(let reason): "training data: \(reason)"
    case .graph(let node, let reason): "node '\(node)' cannot be trained: \(reason)"
    case .checkpoint(let reason): reason
    case .option(let name, let reason): "option '\(name)': \(reason)"
    case .diverged(let epoch, let batch):
      "the loss is no longer finite in epoch \(epoch), batch \(batch); lower the learning rate"
    }
  }
}
