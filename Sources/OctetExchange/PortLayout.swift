import OctetModel
import OctetPasses
import OctetONNX

/// How the elements of an input or output of a file go in or out, as `--raw-input` and firmware
/// have them.
public struct PortLayout: Sendable, Equatable, Encodable {
  public enum Order: String, Sendable, Encodable {
    /// Row-major in the file's own shape.
    case asInFile
    /// Row-major with the channels, the file's second dimension, last.
    case channelsLast
  }

  public var name: String
  /// In the file.
  public var fileShape: [Int]
  /// As elements go in or out, row-major.
  public var shape: [Int]
  /// In the file.
  public var elementType: String
  public var order: Order

  /// Of a file that is written as the original is.
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
  /// Of a tensor that has the file's own layout.
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
  public var inputLayouts: [PortLayout] { inputs.map { PortLayout($0, graph.tensors[$0.tensor]) } }
  public var outputLayouts: [PortLayout] {
    outputs.map { PortLayout($0, graph.tensors[$0.tensor]) }
  }

  /// `Graph.moveImageChannelsLast`, of the ports too.
  public mutating func moveImageChannelsLast() {
    for position in graph.moveImageChannelsLast() {
      inputs[position].tensor = graph.inputs[position]
      inputs[position].layout = .channelsLast
    }
  }

  /// `Graph.moveQuantizationOutOfTheEdges`, of the ports too.
  public mutating func moveQuantizationOutOfTheEdges() {
    graph.moveQuantizationOutOfTheEdges()
    for position in inputs.indices { inputs[position].tensor = graph.inputs[position] }
    for position in outputs.indices { outputs[position].tensor = graph.outputs[position] }
  }
}
