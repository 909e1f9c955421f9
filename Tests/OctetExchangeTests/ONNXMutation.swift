import OctetExchange
import OctetONNX
import OctetTFLite

/// A Protocol Buffers message taken apart into fields, so that an ONNX file can be changed where it
/// means something and put together again with right lengths.
struct WireMessage {
  enum Kind {
    case model, graph, node, attribute, tensor, value, type, tensorType, shape, dimension, set
  }

  enum Content {
    case number(UInt64)
    case fixed([UInt8], wireType: UInt64)
    case bytes([UInt8])
    case message(WireMessage)
  }

  struct Field {
    var number: Int
    var content: Content
  }

  let kind: Kind
  var fields: [Field] = []

  /// Which fields of a message are messages.
  static let children: [Kind: [Int: Kind]] = [
    .model: [7: .graph, 8: .set], .graph: [1: .node, 5: .tensor, 11: .value, 12: .value],
    .node: [5: .attribute], .attribute: [5: .tensor, 6: .graph], .value: [2: .type],
    .type: [1: .tensorType], .tensorType: [2: .shape], .shape: [1: .dimension],
  ]

  /// nil when the bytes are no such message.
  init?(_ bytes: ArraySlice<UInt8>, _ kind: Kind) {
    self.kind = kind
    var rest = bytes
    func varint() -> UInt64? {
      var result: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        result |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return result }
      }
      return nil
    }
    while !rest.isEmpty {
      guard let key = varint() else { return nil }
      let number = Int(key >> 3)
      switch key & 7 {
      case 0:
        guard let value = varint() else { return nil }
        fields.append(Field(number: number, content: .number(value)))
      case 1, 5:
        let count = key & 7 == 1 ? 8 : 4
        guard rest.count >= count else { return nil }
        fields.append(
          Field(number: number, content: .fixed(Array(rest.prefix(count)), wireType: key & 7)))
        rest = rest.dropFirst(count)
      case 2:
        guard let count = varint(), count <= UInt64(rest.count) else { return nil }
        let content = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        if let child = Self.children[kind]?[number], let message = WireMessage(content, child) {
          fields.append(Field(number: number, content: .message(message)))
        } else {
          fields.append(Field(number: number, content: .bytes(Array(content))))
        }
      default: return nil
      }
    }
  }

  var bytes: [UInt8] {
    var result: [UInt8] = []
    func append(_ value: UInt64) {
      var value = value
      while value >= 0x80 {
        result.append(UInt8(value & 0x7f) | 0x80)
        value >>= 7
      }
      result.append(UInt8(value))
    }
    for field in fields {
      let key = UInt64(field.number) << 3
      switch field.content {
      case .number(let value):
        append(key)
        append(value)
      case .fixed(let bytes, let wireType):
        append(key | wireType)
        result += bytes
      case .bytes(let bytes):
        append(key | 2)
        append(UInt64(bytes.count))
        result += bytes
      case .message(let message):
        let bytes = message.bytes
        append(key | 2)
        append(UInt64(bytes.count))
        result += bytes
      }
    }
    return result
  }
}

/// Changes an ONNX file as somebody would who knows the format: other operators, names, attributes,
/// dimensions, element types and data.
struct ONNXMutator {
  var random: SplitMix
  private var names: [[UInt8]] = []

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  mutating func mutation(of model: WireMessage) -> WireMessage {
    names = []
    var result = model
    collectNames(model)
    for _ in 0...below(4) { change(&result) }
    return result
  }

  private mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func pick<Element>(_ list: [Element]) -> Element? {
    list.randomElement(using: &random)
  }

  private mutating func collectNames(_ message: WireMessage) {
    for field in message.fields {
      switch field.content {
      case .bytes(let text) where message.kind == .node && field.number <= 2: names.append(text)
      case .message(let inner): collectNames(inner)
      default: break
      }
    }
  }

  /// Walks down to a random message and changes it.
  private mutating func change(_ message: inout WireMessage) {
    let inner = message.fields.indices.filter {
      if case .message = message.fields[$0].content { true } else { false }
    }
    // Models and graphs are mostly what is in them.
    let isOuter = [.model, .graph, .value, .type, .tensorType, .shape].contains(message.kind)
    if let index = pick(inner), below(10) < (isOuter ? 9 : 4),
      case .message(var child) = message.fields[index].content
    {
      change(&child)
      message.fields[index].content = .message(child)
      return
    }
    guard !message.fields.isEmpty else { return }
    let index = below(message.fields.count)
    switch below(12) {
    case 0: message.fields.remove(at: index)
    case 1: message.fields.insert(message.fields[index], at: below(message.fields.count + 1))
    case 2: message.fields.swapAt(index, below(message.fields.count))
    default:
      if message.kind == .node, below(3) == 0 {
        changeNode(&message)
      } else {
        changeField(&message, index)
      }
    }
  }

  private static let attributes = [
    "axis", "axes", "keepdims", "kernel_shape", "strides", "pads", "dilations", "group", "alpha",
    "beta", "perm", "shape", "to", "epsilon", "blocksize", "mode", "auto_pad", "ceil_mode",
    "output_padding", "output_shape", "size", "split", "num_outputs", "transA", "transB", "upper",
    "select_last_index", "storage_order", "count_include_pad", "value", "exclusive", "reverse",
    "coordinate_transformation_mode", "nearest_mode", "min", "max", "block_size", "output_dtype",
  ]
  private static let others = ["LSTM", "Loop", "If", "Nonsense", "Range", "ConstantOfShape", "Mod"]

  private mutating func changeNode(_ message: inout WireMessage) {
    switch below(3) {
    case 0:
      let name = pick(ONNXReader.operators + Self.others) ?? "Relu"
      for index in message.fields.indices where message.fields[index].number == 4 {
        message.fields[index].content = .bytes(Array(name.utf8))
      }
    case 1:
      guard let name = pick(names) else { return }
      message.fields.insert(WireMessage.Field(number: 1, content: .bytes(name)), at: 0)
    default:
      guard let name = pick(Self.attributes), var attribute = WireMessage([], .attribute) else {
        return
      }
      let type = [1, 2, 3, 6, 7][below(5)]
      attribute.fields = [
        .init(number: 1, content: .bytes(Array(name.utf8))),
        .init(number: 20, content: .number(UInt64(type))),
      ]
      for _ in 0..<below(6) {
        attribute.fields.append(.init(number: 8, content: .number(number())))
        attribute.fields.append(.init(number: 7, content: .fixed(real(), wireType: 5)))
      }
      attribute.fields.append(.init(number: 3, content: .number(number())))
      attribute.fields.append(.init(number: 2, content: .fixed(real(), wireType: 5)))
      message.fields.append(.init(number: 5, content: .message(attribute)))
    }
  }

  private mutating func number() -> UInt64 {
    let small = UInt64(bitPattern: Int64(below(12) - 4))
    let large: [Int64] = [
      0, 1, 2, 255, 256, 1 << 12, 1 << 16, 1 << 20, 1 << 24, (1 << 28) + 1, 1 << 31, 1 << 40,
      1 << 62, .max, .min, -1, -2, -(1 << 31),
    ]
    return below(3) > 0 ? small : UInt64(bitPattern: pick(large) ?? 0)
  }

  private mutating func real() -> [UInt8] {
    let values: [Float] = [
      0, 1, -1, 0.5, 1e-30, 1e30, .infinity, -.infinity, .nan, 3, -128, .leastNonzeroMagnitude,
    ]
    let bits = (pick(values) ?? 0).bitPattern
    return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
  }

  private mutating func changeField(_ message: inout WireMessage, _ index: Int) {
    let field = message.fields[index]
    switch field.content {
    case .number(let value):
      message.fields[index].content = .number(
        below(3) == 0 ? value &+ UInt64(bitPattern: Int64(below(5) - 2)) : number())
    case .fixed(_, let wireType):
      message.fields[index].content = .fixed(
        wireType == 5 ? real() : real() + real(), wireType: wireType)
    case .bytes(var bytes):
      switch (message.kind, field.number) {
      case (.node, 1), (.node, 2):
        bytes = below(8) == 0 ? [] : pick(names) ?? bytes
      case (.node, 4): bytes = Array((pick(ONNXReader.operators) ?? "Relu").utf8)
      case (.attribute, 1): bytes = Array((pick(Self.attributes) ?? "axis").utf8)
      case (.tensor, 9):
        let count = 4 * below(max(bytes.count / 4, 1))
        if bytes.count >= count + 4 { bytes.replaceSubrange(count..<count + 4, with: real()) }
      case (.tensor, 1), (.attribute, 8):
        bytes = (0..<below(5)).map { _ in UInt8(below(16)) }
      default:
        if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(below(256)) }
      }
      message.fields[index].content = .bytes(bytes)
    case .message(var inner):
      change(&inner)
      message.fields[index].content = .message(inner)
    }
  }
}
