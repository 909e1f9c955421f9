/// How the results of an int8 graph are brought to their scales. The scales were chosen for one of
/// the two, and the other gives other bytes.
///
/// The raw values are part of the blob's format and never change.
public enum Arithmetic: UInt32, Sendable, CaseIterable {
  /// Rounding as in TensorFlow Lite for Microcontrollers and CMSIS-NN: a product by a 32-bit
  /// multiplier and a shift, each of which rounds; halves away from zero.
  case tensorFlowLite = 0
  /// Rounding as in ONNX: once, halves to even, wherever the multiplier keeps 20 bits that way.
  case onnx = 1

  /// The name in reports and JSON.
  public var name: String {
    switch self {
    case .tensorFlowLite: "tensorFlowLite"
    case .onnx: "onnx"
    }
  }
}
