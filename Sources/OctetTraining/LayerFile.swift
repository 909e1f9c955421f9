import Foundation
import OctetModel

/// A network in a JSON file: `{"name": "mine", "layers": [{"layer": "dense", "outputs": 10}, …]}`.
///
/// Each layer is an object whose `layer` says which; its other members are what a case of `Layer`
/// has, by the names of `LayerFile.attributes`. `outputs` that are left out are as many as there
/// are classes.
public enum LayerFile {
  /// What each layer may have, in the order in which it is documented.
  public static let attributes: [(layer: String, names: [String])] = [
    ("convolution", ["outputs", "kernel", "stride", "padding", "bias", "connections"]),
    ("depthwise", ["kernel", "stride", "padding", "bias"]),
    ("normalization", []),
    ("neighbours", ["size"]),
    ("activation", ["function", "parameters"]),
    ("scaledTanh", ["inner", "outer"]),
    ("pool", ["kind", "size", "stride", "padding"]),
    ("globalPool", []),
    ("flatten", []),
    ("dense", ["outputs"]),
    ("bitmaps", []),
    ("dropout", ["rate"]),
    ("branches", ["branches", "join"]),
  ]

  /// The network that a file describes, for images of a size.
  ///
  /// - Parameter name: what messages call it, and what it is called without a name of its own.
  /// - Throws: `TrainingError.graph`, which names the layer, or says where the JSON is broken.
  public static func network(
    _ bytes: [UInt8], named name: String, for shape: NetworkShape
  ) throws(TrainingError) -> TrainableGraph {
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: Data(bytes))
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String
      throw .graph(node: name, reason: "it is not JSON: \(reason ?? "\(error)")")
    }
    let reader = try LayerReader(value, at: name)
    let own: String? = try reader.value("name", "a text")
    let list: [Any] = try reader.required("layers", "a list")
    try reader.finish(["name", "layers"])
    return try LayerBuilder.network(
      named: own ?? name, try layers(list, at: "layer "), for: shape)
  }

  private static func layers(_ list: [Any], at place: String) throws(TrainingError) -> [Layer] {
    var result: [Layer] = []
    for (index, item) in list.enumerated() {
      let reader = try LayerReader(item, at: "\(place)\(index + 1)")
      result.append(try layer(reader))
    }
    return result
  }

  private static func layer(_ reader: LayerReader) throws(TrainingError) -> Layer {
    let kind: String = try reader.required("layer", "a text")
    guard let known = attributes.first(where: { $0.layer == kind }) else {
      throw reader.failure(
        "no layer is called '\(kind)'; there is "
          + attributes.map(\.layer).joined(separator: ", "))
    }
    try reader.finish(["layer"] + known.names)
    switch kind {
    case "convolution":
      return .convolution(
        outputs: try reader.count("outputs"), kernel: try reader.count("kernel") ?? 3,
        stride: try reader.count("stride") ?? 1, padding: try padding(reader),
        hasBias: try reader.value("bias", "true or false") ?? true,
        connections: try reader.value("connections", "a list of lists of numbers"))
    case "depthwise":
      return .depthwise(
        kernel: try reader.count("kernel") ?? 3, stride: try reader.count("stride") ?? 1,
        padding: try padding(reader), hasBias: try reader.value("bias", "true or false") ?? true)
    case "normalization": return .normalization
    case "neighbours": return .neighbours(size: try reader.count("size") ?? 5)
    case "activation": return try activation(reader)
    case "scaledTanh":
      return .scaledTanh(
        inner: Float(try reader.value("inner", "a number") ?? 2.0 / 3),
        outer: Float(try reader.value("outer", "a number") ?? 1.7159))
    case "pool":
      let size = try reader.count("size") ?? 2
      return .pool(
        try reader.choice("kind") ?? .max, size: size,
        stride: try reader.count("stride") ?? size,
        padding: try reader.value("padding", "a whole number") ?? 0)
    case "globalPool": return .globalPool
    case "flatten": return .flatten
    case "dense": return .dense(outputs: try reader.count("outputs"))
    case "bitmaps": return .bitmaps
    case "dropout": return .dropout(Float(try reader.value("rate", "a number") ?? 0.5))
    default:
      let branches: [Any] = try reader.required("branches", "a list of lists of layers")
      var result: [[Layer]] = []
      for (index, branch) in branches.enumerated() {
        guard let list = branch as? [Any] else {
          throw reader.failure("'branches' must be a list of lists of layers")
        }
        result.append(try layers(list, at: "\(reader.place), branch \(index + 1), layer "))
      }
      return .branches(result, join: try reader.choice("join") ?? .concatenation)
    }
  }

  private static func padding(_ reader: LayerReader) throws(TrainingError) -> LayerPadding {
    if let text = reader.object["padding"] as? String, text == "same" { return .same }
    let amount: Int? = try reader.value("padding", "\"same\" or a whole number")
    if let amount, !(0...4096).contains(amount) {
      throw reader.failure("'padding' must be 0…4,096")
    }
    return amount.map { .of($0) } ?? .same
  }

  private static func activation(_ reader: LayerReader) throws(TrainingError) -> Layer {
    let name: String = try reader.required("function", "a text")
    guard let function = ScalarFunction.all.first(where: { $0.name == name }) else {
      throw reader.failure(
        "no function is called '\(name)'; there is "
          + ScalarFunction.all.map(\.name).joined(separator: ", "))
    }
    let numbers: [Double] = try reader.value("parameters", "a list of numbers") ?? []
    guard numbers.count <= function.parameters.count else {
      throw reader.failure("'\(name)' has \(function.parameters.count) parameters")
    }
    return .activation(ScalarFunction(function.kind, parameters: numbers.map { Float($0) }))
  }
}

/// The members of one JSON object.
private struct LayerReader {
  let object: [String: Any]
  let place: String

  init(_ value: Any, at place: String) throws(TrainingError) {
    guard let object = value as? [String: Any] else {
      throw .graph(node: place, reason: "it must be an object: {…}")
    }
    self.object = object
    self.place = place
  }

  func failure(_ reason: String) -> TrainingError { .graph(node: place, reason: reason) }

  /// - Throws: when there is a member of another name.
  func finish(_ names: [String]) throws(TrainingError) {
    guard let unknown = object.keys.sorted().first(where: { !names.contains($0) }) else { return }
    throw failure("it has no '\(unknown)', only \(names.joined(separator: ", "))")
  }

  func value<Value>(_ name: String, _ form: String) throws(TrainingError) -> Value? {
    guard let any = object[name], !(any is NSNull) else { return nil }
    guard let value = any as? Value else { throw failure("'\(name)' must be \(form)") }
    return value
  }

  func required<Value>(_ name: String, _ form: String) throws(TrainingError) -> Value {
    guard let value: Value = try value(name, form) else {
      throw failure("'\(name)' is missing; it must be \(form)")
    }
    return value
  }

  /// A number of 1…65,536.
  func count(_ name: String) throws(TrainingError) -> Int? {
    let form = "a whole number, 1…65,536"
    guard let number: Int = try value(name, form) else { return nil }
    guard (1...1 << 16).contains(number) else { throw failure("'\(name)' must be \(form)") }
    return number
  }

  func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ name: String
  ) throws(TrainingError) -> Value? {
    let form = "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")
    guard let text: String = try value(name, form) else { return nil }
    guard let value = Value(rawValue: text) else { throw failure("'\(name)' must be \(form)") }
    return value
  }
}
