/// A model of one node, in the bytes of an ONNX file.
struct ONNXFile {
  /// What the node reads.
  enum Operand {
    case input(shape: [Int], type: Int)
    case reals(shape: [Int], [Float])
    case integers(shape: [Int], [Int64], type: Int)
    case absent

    static func floats(_ shape: Int...) -> Operand { .input(shape: shape, type: 1) }
    static func truths(_ shape: Int...) -> Operand { .input(shape: shape, type: 9) }
    static func list(_ values: Int64...) -> Operand {
      .integers(shape: [values.count], values, type: 7)
    }
    static func number(_ value: Float) -> Operand { .reals(shape: [], [value]) }
    /// A constant of small numbers.
    static func weights(_ shape: Int...) -> Operand {
      let count = shape.reduce(1, *)
      return .reals(shape: shape, (0..<count).map { Float($0 * 7 % 11 - 5) / 8 })
    }
  }

  enum Attribute {
    case float(Float), integer(Int), integers([Int]), text(String)
  }

  var operatorName: String
  var operands: [Operand]
  var attributes: [String: Attribute] = [:]
  var outputCount = 1
  var operatorSet = 24

  var bytes: [UInt8] {
    var graph = Wire()
    graph.message(1, node)
    graph.text(2, "graph")
    for (index, operand) in operands.enumerated() {
      if let tensor = tensor(operand, named: "x\(index)") { graph.message(5, tensor) }
      if case .input(let shape, let type) = operand {
        graph.message(11, value("x\(index)", shape, type))
      }
    }
    for index in 0..<outputCount {
      var info = Wire()
      info.text(1, "y\(index)")
      graph.message(12, info)
    }
    var set = Wire()
    set.integer(2, Int64(operatorSet))
    var model = Wire()
    model.integer(1, 10)
    model.message(7, graph)
    model.message(8, set)
    return model.bytes
  }

  private var node: Wire {
    var node = Wire()
    for (index, operand) in operands.enumerated() {
      if case .absent = operand { node.text(1, "") } else { node.text(1, "x\(index)") }
    }
    for index in 0..<outputCount { node.text(2, "y\(index)") }
    node.text(3, "node")
    node.text(4, operatorName)
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      var attribute = Wire()
      attribute.text(1, name)
      switch value {
      case .float(let number):
        attribute.float(2, number)
        attribute.integer(20, 1)
      case .integer(let number):
        attribute.integer(3, Int64(number))
        attribute.integer(20, 2)
      case .text(let text):
        attribute.text(4, text)
        attribute.integer(20, 3)
      case .integers(let numbers):
        for number in numbers { attribute.integer(8, Int64(number)) }
        attribute.integer(20, 7)
      }
      node.message(5, attribute)
    }
    return node
  }

  private func tensor(_ operand: Operand, named name: String) -> Wire? {
    var tensor = Wire()
    tensor.text(8, name)
    switch operand {
    case .reals(let shape, let numbers):
      for dimension in shape { tensor.integer(1, Int64(dimension)) }
      tensor.integer(2, 1)
      for number in numbers { tensor.float(4, number) }
    case .integers(let shape, let numbers, let type):
      for dimension in shape { tensor.integer(1, Int64(dimension)) }
      tensor.integer(2, Int64(type))
      for number in numbers { tensor.integer(type == 7 ? 7 : 5, number) }
    case .input, .absent: return nil
    }
    return tensor
  }

  private func value(_ name: String, _ shape: [Int], _ elementType: Int) -> Wire {
    var dimensions = Wire()
    for dimension in shape {
      var entry = Wire()
      entry.integer(1, Int64(dimension))
      dimensions.message(1, entry)
    }
    var (tensor, type, info) = (Wire(), Wire(), Wire())
    tensor.integer(1, Int64(elementType))
    tensor.message(2, dimensions)
    type.message(1, tensor)
    info.text(1, name)
    info.message(2, type)
    return info
  }
}

/// The wire format of Protocol Buffers.
private struct Wire {
  var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func integer(_ field: Int, _ value: Int64) {
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: value))
  }

  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field << 3 | 5))
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
    }
  }

  mutating func text(_ field: Int, _ text: String) { data(field, Array(text.utf8)) }

  mutating func message(_ field: Int, _ message: Wire) { data(field, message.bytes) }

  private mutating func data(_ field: Int, _ data: [UInt8]) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(data.count))
    bytes += data
  }
}
