import OctetModel
import OctetONNX

/// How the elements of an input or output of a file go in or out, as `--raw-input` and firmware
/// have them.
public struct PortLayout: Sendable, Equatable, Encodable {
  /// The order of the elements.
  public enum Order: String, Sendable, Encodable {
    /// Row-major in the file's own shape.
    case asInFile
    /// Row-major with the channels, the file's second dimension, last.
    case channelsLast
  }

  /// The name in the file.
  public var name: String
  /// The shape in the file.
  public var fileShape: [Int]
  /// The shape in which elements go in or out, row-major.
  public var shape: [Int]
  /// The name of the type that the elements have in the file.
  public var elementType: String
  /// The order in which elements go in or out.
  public var order: Order

  /// Sets order and shape to the file's own, for a file that is written as the original is.
  public mutating func keepFileOrder() {
    order = .asInFile
    shape = fileShape
  }

  /// `1×3×8×8 in the file, goes in as 1×8×8×3 (channels last)`
  public func text(verb: String) -> String {
    func text(_ shape: [Int]) -> String {
      shape.isEmpty ? "one number" : shape.map(String.init).joined(separator: "×")
    }
    switch order {
    case .asInFile: return "\(text(fileShape)), \(verb) as in the file"
    case .channelsLast:
      return "\(text(fileShape)) in the file, \(verb) as \(text(shape)) (channels last)"
    }
  }
}

extension PortLayout {
  /// The layout of a tensor whose elements go in or out as the file has them.
  public init(_ tensor: Tensor) {
    self.init(
      name: tensor.name, fileShape: tensor.shape, shape: tensor.shape,
      elementType: "\(tensor.elementType)", order: .asInFile)
  }

  init(_ port: ONNXImport.Port, _ tensor: Tensor) {
    let isMoved = port.layout == .channelsLast || port.layout == .line
    let order = port.layout.permutation(rank: port.shape.count)
    self.init(
      name: port.name, fileShape: port.shape, shape: tensor.shape,
      elementType: "\(port.elementType)",
      order: isMoved && !order.keepsOrder(of: port.shape) ? .channelsLast : .asInFile)
  }
}

extension ONNXImport {
  /// How the elements of each input go in.
  public var inputLayouts: [PortLayout] { inputs.map { PortLayout($0, graph.tensors[$0.tensor]) } }
  /// How the elements of each output come out.
  public var outputLayouts: [PortLayout] {
    outputs.map { PortLayout($0, graph.tensors[$0.tensor]) }
  }
}
