import OctetModel

/// Protocol buffers → `ONNXModel`. Field numbers are those of onnx.proto3. The parser has one
/// function a level; only graphs lie in graphs, and those nest `maximumDepth` deep at most.
enum ONNXParser {
  static func model(_ bytes: [UInt8]) throws(ExchangeError) -> ONNXModel {
    var reader = ProtobufReader(bytes)
    var model = ONNXModel()
    var hasGraph = false
    while let field = try reader.next() {
      switch field.number {
      case 1: model.irVersion = try reader.integer(field)
      case 2: model.producer = try reader.string(field)
      case 7:
        model.graph = try graph(try reader.message(field))
        hasGraph = true
      case 8:
        let (domain, version) = try operatorSet(try reader.message(field))
        model.operatorSets[domain] = version
      case 14:
        let entry = try keyAndValue(try reader.message(field))
        model.metadata.append((entry.key, entry.value))
      default: break
      }
    }
    if !hasGraph {
      throw .malformed(format: "ONNX", offset: 0, reason: "the file holds no model graph")
    }
    return model
  }

  private static func operatorSet(
    _ source: ProtobufReader
  ) throws(ExchangeError) -> (String, Int64) {
    var reader = source
    var (domain, version) = ("", Int64(1))
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try reader.string(field)
      case 2: version = try reader.integer(field)
      default: break
      }
    }
    return (domain == "ai.onnx" ? "" : domain, version)
  }

  private static func keyAndValue(
    _ source: ProtobufReader
  ) throws(ExchangeError) -> (key: String, value: String) {
    var reader = source
    var result = (key: "", value: "")
    while let field = try reader.next() {
      switch field.number {
      case 1: result.key = try reader.string(field)
      case 2: result.value = try reader.string(field)
      default: break
      }
    }
    return result
  }

  /// How deep graphs of attributes may nest; deeper ones are not read.
  private static let maximumDepth = 8

  private static func graph(
    _ source: ProtobufReader, depth: Int = 0
  ) throws(ExchangeError) -> ONNXGraph {
    var reader = source
    var graph = ONNXGraph()
    while let field = try reader.next() {
      switch field.number {
      case 1: graph.nodes.append(try node(try reader.message(field), depth: depth))
      case 2: graph.name = try reader.string(field)
      case 5: graph.initializers.append(try tensor(try reader.message(field)))
      case 11: graph.inputs.append(try valueInfo(try reader.message(field)))
      case 12: graph.outputs.append(try valueInfo(try reader.message(field)))
      case 15:
        throw reader.malformed(
          "the graph has sparse initializers, which Octet does not read; store them densely",
          at: field.offset)
      default: break
      }
    }
    return graph
  }

  private static func node(
    _ source: ProtobufReader, depth: Int
  ) throws(ExchangeError) -> ONNXNode {
    var reader = source
    var node = ONNXNode()
    while let field = try reader.next() {
      switch field.number {
      case 1: node.inputs.append(try reader.string(field))
      case 2: node.outputs.append(try reader.string(field))
      case 3: node.name = try reader.string(field)
      case 4: node.operatorName = try reader.string(field)
      case 5:
        let (name, attribute) = try attribute(try reader.message(field), depth: depth)
        node.attributes[name] = attribute
      case 7:
        let domain = try reader.string(field)
        node.domain = domain == "ai.onnx" ? "" : domain
      default: break
      }
    }
    return node
  }

  private static func attribute(
    _ source: ProtobufReader, depth: Int
  ) throws(ExchangeError) -> (String, ONNXAttribute) {
    var reader = source
    var name = ""
    var type: Int64 = 0
    var (float, integer, string) = (Float(0), Int64(0), "")
    var tensor: ONNXTensor?
    var branch: ONNXGraph?
    var (floats, integers) = ([Float](), [Int64]())
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: float = try reader.float(field)
      case 3: integer = try reader.integer(field)
      case 4: string = (try? reader.string(field)) ?? ""
      case 5: tensor = try self.tensor(try reader.message(field))
      case 6 where depth < maximumDepth:
        branch = try graph(try reader.message(field), depth: depth + 1)
      case 7: try reader.append(field, to: &floats)
      case 8: try reader.append(field, to: &integers)
      case 20: type = try reader.integer(field)
      default: break
      }
    }
    switch type {
    case 1: return (name, .float(float))
    case 2: return (name, .integer(integer))
    case 3: return (name, .string(string))
    case 4: return (name, tensor.map { .tensor($0) } ?? .other)
    case 5: return (name, branch.map { .graph($0) } ?? .other)
    case 6: return (name, .floats(floats))
    case 7: return (name, .integers(integers))
    default: return (name, .other)
    }
  }

  static func tensor(_ source: ProtobufReader) throws(ExchangeError) -> ONNXTensor {
    var reader = source
    var tensor = ONNXTensor()
    tensor.offset = source.offset
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.append(field, to: &tensor.shape)
      case 2: tensor.elementType = Int(truncatingIfNeeded: try reader.integer(field))
      case 4: try reader.append(field, to: &tensor.floats)
      case 5, 7, 11: try reader.append(field, to: &tensor.integers)
      case 8: tensor.name = try reader.string(field)
      case 9: tensor.raw = try reader.range(field)
      case 10: try reader.append(field, to: &tensor.doubles)
      case 13:
        let entry = try keyAndValue(try reader.message(field))
        tensor.external[entry.key] = entry.value
      case 14: tensor.isExternal = try reader.integer(field) == 1
      default: break
      }
    }
    return tensor
  }

  private static func valueInfo(_ source: ProtobufReader) throws(ExchangeError) -> ONNXValueInfo {
    var reader = source
    var info = ONNXValueInfo()
    while let field = try reader.next() {
      switch field.number {
      case 1: info.name = try reader.string(field)
      case 2:
        var type: ProtobufReader? = try reader.message(field)
        while let level = type { type = try self.type(level, &info) }
      default: break
      }
    }
    return info
  }

  /// One level of a type, and the type of what it holds: an optional is read as the value that it
  /// may hold; sequences of sequences stay without an element type. Messages only get shorter on
  /// the way in, so the levels come to an end.
  private static func type(
    _ source: ProtobufReader, _ info: inout ONNXValueInfo
  ) throws(ExchangeError) -> ProtobufReader? {
    var reader = source
    while let field = try reader.next() {
      switch field.number {
      case 1: try tensorType(try reader.message(field), &info)
      case 4 where !info.isSequence:
        info.isSequence = true
        return try elementType(try reader.message(field))
      case 9: return try elementType(try reader.message(field))
      default: break
      }
    }
    return nil
  }

  private static func elementType(
    _ source: ProtobufReader
  ) throws(ExchangeError) -> ProtobufReader? {
    var reader = source
    while let field = try reader.next() {
      if field.number == 1 { return try reader.message(field) }
    }
    return nil
  }

  private static func tensorType(
    _ source: ProtobufReader, _ info: inout ONNXValueInfo
  ) throws(ExchangeError) {
    var reader = source
    while let field = try reader.next() {
      switch field.number {
      case 1: info.elementType = Int(truncatingIfNeeded: try reader.integer(field))
      case 2:
        var shape = try reader.message(field)
        var dimensions: [Int?] = []
        while let entry = try shape.next() {
          if entry.number == 1 { dimensions.append(try dimension(try shape.message(entry))) }
        }
        info.shape = dimensions
      default: break
      }
    }
  }

  private static func dimension(_ source: ProtobufReader) throws(ExchangeError) -> Int? {
    var reader = source
    var value: Int?
    while let field = try reader.next() {
      if field.number == 1 { value = Int(exactly: try reader.integer(field)) }
    }
    return value
  }
}
