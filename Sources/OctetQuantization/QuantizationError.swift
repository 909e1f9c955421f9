import OctetModel

/// Why a graph cannot be quantized, with the node or tensor at fault and what to do.
public enum QuantizationError: Error, Equatable, CustomStringConvertible {
  case unsupported([UnsupportedNode])
  case alreadyQuantized
  case noCalibrationSamples
  case notFinite(tensor: String)
  case accumulatorOverflow(node: String, channel: Int, bound: Int64)
  case graph(GraphError)

  /// A node that has no int8 form.
  public struct UnsupportedNode: Equatable, Sendable {
    public var name: String
    public var operation: String
    public var reason: String

    public init(name: String, operation: String, reason: String) {
      self.name = name
      self.operation = operation
      self.reason = reason
    }
  }

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
    case .graph(let error): "\(error)"
    }
  }
}
