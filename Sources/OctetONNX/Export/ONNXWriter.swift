import Foundation
import OctetModel

/// Writes a float `Graph` as an ONNX file, operator set 17, as PyTorch would: NCHW, an open batch,
/// `Conv`, `Flatten`, `Gemm`. Labels and input normalization go into the metadata as
/// `octet.labels` (one a line), `octet.mean` and `octet.std` (numbers with commas between).
///
/// `ONNXReader` gives the same graph back, but that a fused activation becomes a node of its own.
public enum ONNXWriter {
  /// Throws `ExchangeError.unsupported` for quantized graphs and operations that ONNX lacks.
  public static func write(_ graph: Graph) throws(ExchangeError) -> [UInt8] {
    try write(graph, inputs: nil, outputs: nil)
  }

  /// Writes an imported float model with the inputs and outputs that its file has: their names,
  /// order, shapes, element types, and the order of their dimensions.
  public static func write(_ model: ONNXImport) throws(ExchangeError) -> [UInt8] {
    try write(model.graph, inputs: model.inputs, outputs: model.outputs)
  }

  private static func write(
    _ graph: Graph, inputs: [ONNXImport.Port]?, outputs: [ONNXImport.Port]?
  ) throws(ExchangeError) -> [UInt8] {
    do {
      try graph.validate()
    } catch {
      throw .invalidModel(place: "graph '\(graph.name)'", reason: "\(error)")
    }
    var exporter = ONNXExporter(graph.withONNXForms())
    return encode(try exporter.run(inputs: inputs, outputs: outputs))
  }

  static let operatorSet: Int64 = 17

  /// A node, as the exporter hands it over.
  struct NodeProto {
    var name, operatorName: String
    var inputs, outputs: [String]
    var attributes: [(name: String, value: ONNXAttribute)]
  }

  /// An input or output of the file.
  struct Port {
    var name: String
    /// nil where the batch is open.
    var shape: [Int?]
    var elementType: ONNXElementType
  }

  struct Model {
    var name = ""
    var nodes: [NodeProto] = []
    var initializers: [(name: String, value: ONNXValue)] = []
    var inputs: [Port] = []
    var outputs: [Port] = []
    var metadata: [(key: String, value: String)] = []
  }

  private static func encode(_ model: Model) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.integer(1, 8)
    writer.string(2, "octet")
    writer.message(7) { graph in
      for node in model.nodes { graph.message(1) { encode(node, &$0) } }
      graph.string(2, model.name.isEmpty ? "graph" : model.name)
      for (name, value) in model.initializers { graph.message(5) { encode(name, value, &$0) } }
      for port in model.inputs { graph.message(11) { encode(port, &$0) } }
      for port in model.outputs { graph.message(12) { encode(port, &$0) } }
    }
    writer.message(8) {
      $0.string(1, "")
      $0.integer(2, operatorSet)
    }
    for (key, value) in model.metadata {
      writer.message(14) {
        $0.string(1, key)
        $0.string(2, value)
      }
    }
    return writer.bytes
  }

  private static func encode(_ node: NodeProto, _ writer: inout ProtobufWriter) {
    for input in node.inputs { writer.string(1, input) }
    for output in node.outputs { writer.string(2, output) }
    writer.string(3, node.name)
    writer.string(4, node.operatorName)
    for (name, value) in node.attributes {
      writer.message(5) { attribute in
        attribute.string(1, name)
        switch value {
        case .float(let number):
          attribute.float(2, number)
          attribute.integer(20, 1)
        case .integer(let number):
          attribute.integer(3, number)
          attribute.integer(20, 2)
        case .string(let text):
          attribute.string(4, text)
          attribute.integer(20, 3)
        case .floats(let numbers):
          for number in numbers { attribute.float(7, number) }
          attribute.integer(20, 6)
        case .integers(let numbers):
          for number in numbers { attribute.integer(8, number) }
          attribute.integer(20, 7)
        case .tensor, .graph, .other: break
        }
      }
    }
  }

  private static func encode(
    _ name: String, _ value: ONNXValue, _ writer: inout ProtobufWriter
  ) {
    writer.integers(1, value.shape.map { Int64($0) })
    writer.integer(2, Int64(value.elementType.rawValue))
    writer.string(8, name)
    switch value.elements {
    case .real(let numbers): writer.data(9, numbers)
    case .integer(let numbers):
      var raw: [UInt8] = []
      let byteCount = value.elementType.byteCount
      raw.reserveCapacity(numbers.count * byteCount)
      for number in numbers {
        for byte in 0..<byteCount { raw.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
      }
      writer.data(9, raw)
    }
  }

  private static func encode(_ port: Port, _ writer: inout ProtobufWriter) {
    writer.string(1, port.name)
    writer.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, Int64(port.elementType.rawValue))
        tensor.message(2) { dimensions in
          for dimension in port.shape {
            dimensions.message(1) {
              if let dimension { $0.integer(1, Int64(dimension)) } else { $0.string(2, "N") }
            }
          }
        }
      }
    }
  }
}
