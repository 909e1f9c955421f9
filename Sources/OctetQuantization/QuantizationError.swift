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
  /// No layer or input has the name that was given; those that there are.
  case unknownLayer(String, known: [String])
  /// The runtime has no operator for a layer with activations of int16; the layers that have.
  case withoutInt16(layer: String, operation: String, known: [String])
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
    case .unknownLayer(let name, let known):
      "the model has no layer '\(name)'; there are \(Self.list(known))"
    case .withoutInt16(let layer, let operation, let known):
      "layer '\(layer)' (\(operation)) has no operator for int16 activations, or becomes a part of "
        + "another; those that have one are \(Self.list(known))"
    case .noSuchLayer(let name, let layers):
      "no convolution or fully connected layer is called '\(name)'; there "
        + (layers.isEmpty
          ? "is none" : "are \(layers.map { "'\($0)'" }.joined(separator: ", "))")
    case .graph(let error): "\(error)"
    }
  }

  /// The first names of many.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
  }
}
