import OctetModel

/// Why a node cannot be taken over; the importer adds the node's name.
enum ImportFailure: Error {
  /// The file is sound, Octet is not up to it: the reason and what to do.
  case unsupported(String)
  /// The file contradicts itself.
  case invalid(String)

  init(_ error: GraphError) {
    switch error {
    case .unsupported(_, _, let reason): self = .unsupported(reason)
    case .invalid(_, let reason): self = .invalid(reason)
    }
  }

  static func unknownOperator(_ name: String = "", domain: String = "") -> ImportFailure {
    if domain.isEmpty, ["LSTM", "GRU", "RNN"].contains(name) {
      return .unsupported(
        "Octet has no recurrent layers; use convolutions over time or attention, or write the "
          + "steps of a fixed length out, as torch.onnx.export(…, dynamo=True) does with nn.RNN")
    }
    let origin = domain.isEmpty ? "" : " of domain '\(domain)'"
    return .unsupported(
      "Octet has no such operator\(origin); replace it by operators of the list in the "
        + "documentation (Operators), or remove it from the model")
  }
}

/// A value of the file on its way into the graph.
struct ImportedValue {
  enum Source {
    case constant(ONNXValue)
    case tensor(Int)
  }

  var name: String
  /// The shape in the file; `layout` says how the graph has it.
  var shape: [Int]
  var elementType: ONNXElementType
  var source: Source
  var layout: ONNXLayout

  var constant: ONNXValue? {
    guard case .constant(let value) = source else { return nil }
    return value
  }
  var rank: Int { shape.count }
}

/// A node with its inputs resolved and its attributes at hand.
struct ONNXNodeView {
  let node: ONNXNode
  /// nil where an optional input is absent.
  var inputs: [ImportedValue?]
  let data: ONNXData

  var operatorName: String { node.operatorName }
  /// The node's name, or that of its first output.
  var name: String { node.name.isEmpty ? node.outputs.first ?? "" : node.name }

  func input(_ index: Int) throws(ImportFailure) -> ImportedValue {
    guard inputs.indices.contains(index), let value = inputs[index] else {
      throw .invalid("input \(index) is missing")
    }
    return value
  }

  func optionalInput(_ index: Int) -> ImportedValue? {
    inputs.indices.contains(index) ? inputs[index] : nil
  }

  /// The integers of an optional input that must be known when the model is read.
  func integersInput(_ index: Int) throws(ImportFailure) -> [Int64]? {
    guard let value = optionalInput(index) else { return nil }
    guard let constant = value.constant else {
      throw .unsupported(
        "input '\(value.name)' is computed while the model runs; export the model with fixed "
          + "shapes, or simplify it, so that it is a constant")
    }
    guard let integers = constant.integers else {
      throw .invalid("input '\(value.name)' should hold integers")
    }
    return integers
  }

  func realsInput(_ index: Int) throws(ImportFailure) -> [Float]? {
    guard let value = optionalInput(index) else { return nil }
    guard let constant = value.constant else {
      throw .unsupported("input '\(value.name)' must be a constant; fold it into the model")
    }
    return constant.reals
  }

  /// The type that a Cast makes.
  func castTarget(_ attribute: String = "to") throws(ImportFailure) -> ONNXElementType {
    let code = try integer(attribute)
    guard let type = ONNXElementType(rawValue: code) else {
      throw .unsupported("it makes \(ONNXElementType.name(code)) elements; use a numeric type")
    }
    return type
  }

  /// The type that a QuantizeLinear or DequantizeLinear asks for; nil when it does not.
  func outputType() throws(ImportFailure) -> ONNXElementType? {
    try integer("output_dtype") == 0 ? nil : try castTarget("output_dtype")
  }

  /// How a Cast rounds to powers of two.
  func powerRounding() throws(ImportFailure) -> FloatFormat.PowerRounding {
    switch try string("round_mode", "up") {
    case "up": .up
    case "down": .down
    case "nearest": .nearest
    case let other: throw .invalid("the round_mode '\(other)' is not known")
    }
  }

  func has(_ attribute: String) -> Bool { node.attributes[attribute] != nil }

  func integer(_ name: String, _ standard: Int = 0) throws(ImportFailure) -> Int {
    guard let attribute = node.attributes[name] else { return standard }
    guard case .integer(let value) = attribute, abs(value.clamped) < 1 << 40 else {
      throw .invalid("attribute '\(name)' should be an integer of ordinary size")
    }
    return Int(value)
  }

  func float(_ name: String, _ standard: Float = 0) throws(ImportFailure) -> Float {
    guard let attribute = node.attributes[name] else { return standard }
    guard case .float(let value) = attribute else {
      throw .invalid("attribute '\(name)' should be a float")
    }
    return value
  }

  func string(_ name: String, _ standard: String = "") throws(ImportFailure) -> String {
    guard let attribute = node.attributes[name] else { return standard }
    guard case .string(let value) = attribute else {
      throw .invalid("attribute '\(name)' should be a text")
    }
    return value
  }

  func integers(_ name: String) throws(ImportFailure) -> [Int]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .integers(let values) = attribute, values.allSatisfy({ abs($0.clamped) < 1 << 40 })
    else { throw .invalid("attribute '\(name)' should be a list of integers of ordinary size") }
    return values.map { Int($0) }
  }

  func floats(_ name: String) throws(ImportFailure) -> [Float]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .floats(let values) = attribute else {
      throw .invalid("attribute '\(name)' should be a list of floats")
    }
    return values
  }

  /// An axis of `rank` dimensions, counted from the end when negative.
  func axis(_ axis: Int, rank: Int) throws(ImportFailure) -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw .invalid("axis \(axis) does not exist in \(rank) dimensions")
    }
    return axis < 0 ? axis + rank : axis
  }

  func axes(_ axes: [Int], rank: Int) throws(ImportFailure) -> [Int] {
    var result: [Int] = []
    for value in axes { result.append(try axis(value, rank: rank)) }
    guard Set(result).count == result.count else { throw .invalid("the axes \(axes) repeat") }
    return result
  }

  /// Fails when an output other than the first `count` is asked for.
  func requireOutputs(_ count: Int, _ reason: String) throws(ImportFailure) {
    if node.outputs.dropFirst(count).contains(where: { !$0.isEmpty }) {
      throw .unsupported(reason)
    }
  }
}

extension Int64 {
  /// Near enough for range checks; `abs` of the most negative number would overflow.
  var clamped: Int64 { Swift.max(self, -Int64.max) }

  /// Clamped to what shapes and slices can use without overflow.
  var ordinary: Int { Int(Swift.max(-(1 << 40), Swift.min(1 << 40, self))) }
}
