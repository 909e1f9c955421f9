import Foundation
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// ONNX's own operator tests: each passes within ONNX's tolerance or is refused with a sentence.
@Suite struct ONNXConformanceTests {
  enum Outcome: Equatable {
    case passed
    case refused(String)
    case wrong(String)
  }

  /// The inputs that must be known when a model is read, for each operator; all of integers are.
  static let constantInputs: [String: Range<Int>] = [
    "Clip": 1..<3, "Pad": 1..<4, "Resize": 1..<4, "Upsample": 1..<2, "Dropout": 1..<3,
    "QuantizeLinear": 1..<3, "DequantizeLinear": 1..<3,
  ]

  /// What is fed or expected: a tensor, or the tensors of a sequence.
  struct Fed {
    var tensors: [ONNXValue]
    var isSequence: Bool
  }

  static func values(_ folder: URL, _ kind: String) -> [Fed] {
    var result: [Fed] = []
    for index in 0... {
      let url = folder.appendingPathComponent("test_data_set_0/\(kind)_\(index).pb")
      guard let data = try? Data(contentsOf: url) else { break }
      let bytes = [UInt8](data)
      if let tensor = try? ONNXValue.read(tensorProto: bytes) {
        result.append(Fed(tensors: [tensor], isSequence: false))
      } else {
        let tensors = try? ONNXValue.read(sequenceProto: bytes)
        result.append(Fed(tensors: tensors ?? [], isSequence: true))
      }
    }
    return result
  }

  /// Names as the importer gives them to the tensors of a sequence.
  static func named(_ names: [String], _ values: [Fed]) -> [(String, ONNXValue)] {
    zip(names, values).flatMap { name, fed in
      fed.tensors.enumerated().map { (fed.isSequence ? "\(name)[\($0)]" : name, $1) }
    }
  }

  /// Those that may also be computed while the model runs.
  static let computableInputs: Set<String> = ["Clip", "QuantizeLinear", "DequantizeLinear"]

  static func run(_ folder: URL, computesParameters: Bool) throws -> Outcome {
    do {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("model.onnx")))
      let summary = try ONNXReader.summary(bytes)
      let fed = values(folder, "input")
      let inputs = named(summary.inputs, fed)
      let operators = Set(summary.operators)
      var constants: [String: ONNXValue] = [:]
      for (position, (name, value)) in inputs.enumerated() {
        let isShapeLike = [.int64, .bool].contains(value.elementType) && position > 0
        let isParameter = operators.contains {
          (constantInputs[$0]?.contains(position) ?? false)
            && !(computesParameters && computableInputs.contains($0))
        }
        let isGrid =
          !operators.isDisjoint(with: ["QLinearMatMul", "QLinearConv"]) && position != 0
          && position != 3 && !computesParameters
        if isShapeLike || isParameter || isGrid { constants[name] = value }
      }
      let sequences = zip(summary.inputs, fed).filter { $1.isSequence }
      let model = try ONNXReader.importModel(
        bytes, constants: constants,
        shapes: Dictionary(uniqueKeysWithValues: sequences.map { ($0, $1.tensors.map(\.shape)) }))
      let named = Dictionary(uniqueKeysWithValues: inputs)
      let interpreter = try FloatInterpreter(model.graph)
      for (position, port) in model.inputs.enumerated() {
        guard let value = named[port.name] else { return .wrong("no input \(port.name)") }
        guard value.count == port.shape.reduce(1, *) else {
          return .wrong("input \(port.name) has the shape \(value.shape)")
        }
        model.setInput(position, value, interpreter)
      }
      interpreter.run()
      for (name, expected) in Self.named(summary.outputs, values(folder, "output")) {
        let actual: ONNXValue
        if let constant = model.constantOutputs[name] {
          actual = constant
        } else if let port = model.outputs.first(where: { $0.name == name }) {
          actual = model.value(of: port, interpreter)
        } else {
          return .wrong("no output \(name)")
        }
        if let difference = difference(actual, expected) { return .wrong(difference) }
      }
      _ = try model.prove()
      return .passed
    } catch let error as ExchangeError {
      if case .differs = error { return .wrong("\(error)") }
      return .refused("\(error)")
    }
  }

  /// ONNX's default tolerance: 10⁻³ relative, 10⁻⁷ absolute; integers are equal.
  static func difference(_ actual: ONNXValue, _ expected: ONNXValue) -> String? {
    guard actual.shape == expected.shape else { return "\(actual.shape) is not \(expected.shape)" }
    guard actual.elementType == expected.elementType else {
      return "\(actual.elementType) is not \(expected.elementType)"
    }
    if let ours = actual.integers, let theirs = expected.integers {
      let index = ours.indices.first { ours[$0] != theirs[$0] }
      return index.map { "element \($0) is \(ours[$0]), should be \(theirs[$0])" }
    }
    for (index, (a, b)) in zip(actual.reals, expected.reals).enumerated() {
      let limit = expected.integers == nil ? 1e-7 + 1e-3 * abs(b) : 0
      if a != b && !(a.isNaN && b.isNaN) && !(abs(a - b) <= limit) {
        return "element \(index) is \(a), should be \(b)"
      }
    }
    return nil
  }

  @Test func everyElementTypeHasItsNameInTheGraph() {
    let types = (1...28).compactMap { ONNXElementType(rawValue: $0)?.elementType }
    #expect(Set(types) == Set(ElementType.allCases) && types.count == ElementType.allCases.count)
  }

  /// Cases that ONNX's tests in the shared data do not have: nodes in training mode and computed
  /// blocks from ONNX 1.22, ONNX Runtime's operators on integers, grids that differ.
  @Test(arguments: [
    "test_training_dropout", "test_training_dropout_default_mask",
    "test_batchnorm_example_training_mode", "test_dequantizelinear_blocked",
    "test_quantizelinear_blocked_asymmetric", "test_octet_qlinear_contributed",
    "test_octet_grids", "test_octet_old_1", "test_octet_old_6", "test_octet_old_scaler",
    "test_octet_defined_18", "test_octet_defined_23", "test_octet_branch",
    "test_octet_sequences_11", "test_octet_sequences_17",
  ])
  func ownTests(_ name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx_node/\(name)")
    #expect(try Self.run(folder, computesParameters: true) == .passed)
    #expect(try Self.run(folder, computesParameters: false) == .passed)
  }

  @Test(
    .enabled(if: SharedData.isAvailable, "needs shared/data"), arguments: [false, true])
  func operatorTests(computesParameters: Bool) throws {
    let root = try SharedData.url("conformance/onnx_node")
    let folders = try FileManager.default.contentsOfDirectory(
      at: root, includingPropertiesForKeys: nil
    ).filter { $0.lastPathComponent.hasPrefix("test_") }.sorted { $0.path < $1.path }
    var passed = 0
    var lines: [String] = []
    for folder in folders {
      switch try Self.run(folder, computesParameters: computesParameters) {
      case .passed: passed += 1
      case .refused(let reason):
        lines.append("  refused \(folder.lastPathComponent): \(reason)")
      case .wrong(let reason):
        Issue.record("\(folder.lastPathComponent): \(reason)")
      }
    }
    let way = computesParameters ? "computed" : "constant"
    print(
      "ONNX operator tests, \(way) parameters: \(folders.count), passed \(passed), "
        + "refused \(lines.count)")
    print(lines.joined(separator: "\n"))
    #expect(passed * 2 >= folders.count)
  }
}
