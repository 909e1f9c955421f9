import OctetModel

/// Why a graph cannot be quantized, with the node or tensor at fault and what to do.
public enum QuantizationError: Error, Equatable, CustomStringConvertible {
  /// Nodes have no int8 form; all of them.
  case unsupported([UnsupportedNode])
  /// Every tensor has its grid.
  case alreadyQuantized
  /// There is nothing to choose ranges by.
  case noCalibrationSamples
  /// A tensor holds, or takes on the samples, values that are infinite or not numbers.
  case notFinite(tensor: String)
  /// Some input drives the sum of an output channel to `bound`, beyond an int32 accumulator.
  case accumulatorOverflow(node: String, channel: Int, bound: Int64)
  /// Weights of another width were asked for of what is no layer that takes them; those that are.
  case noSuchLayer(String, layers: [String])
  /// The graph itself is not valid.
  case graph(GraphError)

  /// A node that has no int8 form.
  public struct UnsupportedNode: Equatable, Sendable {
    /// The node's name.
    public var name: String
    /// The operation's name.
    public var operation: String
    /// Why there is no int8 form, as half a sentence.
    public var reason: String

    /// A node with its operation and the reason.
    public init(name: String, operation: String, reason: String) {
      self.name = name
      self.operation = operation
      self.reason = reason
    }
  }

  /// One sentence: what is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .unsupported(let nodes):
      "these nodes have no int8 form: "
        + nodes.map { "'\($0.name)' (\($0.operation)): \($0.reason)" }.joined(separator: "; ")
    case .alreadyQuantized:
      "the model is quantized already; `octet import` takes it as it is"
    case .noCalibrationSamples: "calibration needs at least one sample"
    case .notFinite(let tensor):
      "tensor '\(tensor)' takes values that are not finite on the calibration samples; "
        + "check the weights and the input normalisation"
    case .accumulatorOverflow(let node, let channel, let bound):
      "node '\(node)', output channel \(channel): some input could drive the int32 accumulator to "
        + "\(bound); retrain with weight decay, or check the bias"
    case .noSuchLayer(let name, let layers):
      "no convolution or fully connected layer is called '\(name)'; there "
        + (layers.isEmpty
          ? "is none" : "are \(layers.map { "'\($0)'" }.joined(separator: ", "))")
    case .graph(let error): "\(error)"
    }
  }
}
