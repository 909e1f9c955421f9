import Foundation
import OctetModel
import OctetONNX
import TestSupport
import Testing

/// Every operator that the reader says it reads: taken over, proven, written, and read again.
@Suite struct ONNXOperatorTests {
  /// Each operator with something to compute.
  static let files: [ONNXFile] = images + products + arrangements + elementwise + reductions

  private static let image = ONNXFile.Operand.floats(1, 4, 6, 6)

  private static let images: [ONNXFile] = [
    ONNXFile(
      operatorName: "Conv", operands: [image, .weights(6, 2, 3, 3), .weights(6)],
      attributes: ["group": .integer(2), "pads": .integers([1, 0, 1, 2])]),
    ONNXFile(
      operatorName: "ConvTranspose", operands: [image, .weights(4, 3, 2, 2), .weights(3)],
      attributes: ["strides": .integers([2, 2])]),
    ONNXFile(
      operatorName: "MaxPool", operands: [image],
      attributes: ["kernel_shape": .integers([3, 2]), "ceil_mode": .integer(1)]),
    ONNXFile(
      operatorName: "AveragePool", operands: [image],
      attributes: ["kernel_shape": .integers([3, 3]), "auto_pad": .text("SAME_LOWER")]),
    ONNXFile(
      operatorName: "LpPool", operands: [image],
      attributes: ["kernel_shape": .integers([2, 2]), "p": .integer(3)]),
    ONNXFile(operatorName: "GlobalAveragePool", operands: [image]),
    ONNXFile(operatorName: "GlobalMaxPool", operands: [image]),
    ONNXFile(operatorName: "GlobalLpPool", operands: [image]),
    ONNXFile(
      operatorName: "BatchNormalization",
      operands: [image, .weights(4), .weights(4), .weights(4), .reals(shape: [4], [1, 2, 3, 4])]),
    ONNXFile(operatorName: "LRN", operands: [image], attributes: ["size": .integer(3)]),
    ONNXFile(operatorName: "InstanceNormalization", operands: [image, .weights(4), .weights(4)]),
    ONNXFile(
      operatorName: "GroupNormalization", operands: [image, .weights(4), .weights(4)],
      attributes: ["num_groups": .integer(2)]),
    ONNXFile(operatorName: "LayerNormalization", operands: [image, .weights(6), .weights(6)]),
    ONNXFile(operatorName: "RMSNormalization", operands: [image, .weights(6)]),
    ONNXFile(operatorName: "MeanVarianceNormalization", operands: [image]),
    ONNXFile(
      operatorName: "LpNormalization", operands: [image],
      attributes: ["axis": .integer(1), "p": .integer(1)]),
    ONNXFile(
      operatorName: "DepthToSpace", operands: [image],
      attributes: ["blocksize": .integer(2), "mode": .text("CRD")]),
    ONNXFile(
      operatorName: "SpaceToDepth", operands: [image], attributes: ["blocksize": .integer(3)]),
    ONNXFile(
      operatorName: "Resize",
      operands: [image, .absent, .reals(shape: [4], [1, 1, 1.5, 2])],
      attributes: ["mode": .text("linear")]),
    ONNXFile(
      operatorName: "Upsample", operands: [image, .reals(shape: [4], [1, 1, 2, 3])],
      operatorSet: 9),
  ]

  private static let products: [ONNXFile] = [
    ONNXFile(
      operatorName: "Gemm", operands: [.floats(2, 5), .weights(3, 5), .weights(3)],
      attributes: ["alpha": .float(0.5), "transB": .integer(1)]),
    ONNXFile(operatorName: "MatMul", operands: [.floats(2, 3, 5), .weights(5, 4)]),
    ONNXFile(
      operatorName: "QuantizeLinear",
      operands: [.floats(2, 3), .number(0.02), .integers(shape: [], [3], type: 3)]),
    ONNXFile(
      operatorName: "DequantizeLinear",
      operands: [.input(shape: [2, 3], type: 2), .number(0.02), zero]),
    ONNXFile(
      operatorName: "QLinearConv",
      operands: [
        .input(shape: [1, 2, 4, 4], type: 2), .number(0.02), zero,
        .integers(shape: [3, 2, 1, 1], [1, -2, 3, -4, 5, 6], type: 3), .number(0.1),
        .integers(shape: [], [0], type: 3), .number(0.05), zero,
      ]),
    ONNXFile(
      operatorName: "QLinearMatMul",
      operands: [
        .input(shape: [2, 3], type: 2), .number(0.02), zero,
        .integers(shape: [3, 2], [1, -2, 3, -4, 5, 6], type: 3), .number(0.1),
        .integers(shape: [], [0], type: 3), .number(0.05), zero,
      ]),
  ]

  private static let zero = ONNXFile.Operand.integers(shape: [], [128], type: 2)

  private static let arrangements: [ONNXFile] = [
    ONNXFile(
      operatorName: "Concat", operands: [image, .floats(1, 2, 6, 6)],
      attributes: ["axis": .integer(1)]),
    ONNXFile(operatorName: "Flatten", operands: [image]),
    ONNXFile(operatorName: "Reshape", operands: [image, .list(0, 2, -1)]),
    ONNXFile(operatorName: "Squeeze", operands: [.floats(1, 3, 1), .list(2)]),
    ONNXFile(operatorName: "Unsqueeze", operands: [.floats(1, 3), .list(1, -1)]),
    ONNXFile(
      operatorName: "Transpose", operands: [image], attributes: ["perm": .integers([0, 3, 1, 2])]),
    ONNXFile(
      operatorName: "Pad", operands: [image, .list(0, 1, 2, 0, 0, 0, -1, 3), .number(0.5)]),
    ONNXFile(
      operatorName: "Slice",
      operands: [image, .list(5, 1), .list(-7, 3), .list(3, 1), .list(-2, 1)]),
    ONNXFile(
      operatorName: "Split", operands: [image, .list(1, 3)], attributes: ["axis": .integer(1)],
      outputCount: 2),
    ONNXFile(
      operatorName: "Gather", operands: [image, .list(2, 0, 3)], attributes: ["axis": .integer(1)]),
    ONNXFile(operatorName: "Expand", operands: [.floats(1, 3, 1), .list(2, 1, 4)]),
    ONNXFile(operatorName: "Tile", operands: [.floats(1, 3), .list(2, 3)]),
    ONNXFile(operatorName: "Shape", operands: [image]),
    ONNXFile(operatorName: "Size", operands: [image]),
    ONNXFile(operatorName: "Identity", operands: [image]),
    ONNXFile(operatorName: "Dropout", operands: [image], outputCount: 2),
    ONNXFile(operatorName: "Constant", operands: [], attributes: ["value_float": .float(0.5)]),
    ONNXFile(operatorName: "Trilu", operands: [.floats(3, 4), .integers(shape: [], [1], type: 7)]),
    ONNXFile(
      operatorName: "CumSum", operands: [.floats(3, 4), .integers(shape: [], [1], type: 7)],
      attributes: ["reverse": .integer(1)]),
    ONNXFile(
      operatorName: "Cast", operands: [image], attributes: ["to": .integer(6)]),
    ONNXFile(operatorName: "CastLike", operands: [image, .list(1)]),
  ]

  private static let elementwise: [ONNXFile] =
    [
      "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Cos", "Cosh",
      "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish",
      "Neg", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh",
      "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Softmax",
      "LogSoftmax",
    ].map { ONNXFile(operatorName: $0, operands: [image]) }
    + [
      "Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Min", "Max", "Sum", "Mean", "Equal", "Less",
      "LessOrEqual", "Greater", "GreaterOrEqual",
    ].map { ONNXFile(operatorName: $0, operands: [image, .floats(4, 1, 1)]) }
    + ["And", "Or", "Xor"].map {
      ONNXFile(operatorName: $0, operands: [.truths(2, 3), .truths(3)])
    }
    + [
      ONNXFile(operatorName: "Not", operands: [.truths(2, 3)]),
      ONNXFile(operatorName: "Where", operands: [.truths(1, 1, 6, 6), image, .number(0.25)]),
      ONNXFile(operatorName: "Clip", operands: [image, .number(-0.5), .number(0.25)]),
    ]

  private static let reductions: [ONNXFile] =
    [
      "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
      "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp",
    ].map {
      ONNXFile(
        operatorName: $0, operands: [image, .list(-1, 1)], attributes: ["keepdims": .integer(0)])
    }
    + ["ArgMax", "ArgMin"].map {
      ONNXFile(operatorName: $0, operands: [image], attributes: ["axis": .integer(1)])
    }

  /// A definition without a line above fails here, by its name.
  @Test func everyOperatorIsTried() {
    #expect(Set(Self.files.map(\.operatorName)).sorted() == ONNXReader.operators)
  }

  /// Importer, proof and exporter against each other: the file that is written has the same ports,
  /// gives the same results on the same input, and becomes the same file when it is read again.
  @Test(arguments: files) func roundTrip(_ file: ONNXFile) throws {
    let model = try ONNXReader.importModel(file.bytes)
    _ = try model.prove()
    if model.graph.tensors.contains(where: { $0.quantization != nil }) {
      // Quantization by one scale is written; what else there is, is refused.
      guard (try? ONNXWriter.write(model)) != nil else { return }
    }
    let again = try ONNXReader.importModel(try ONNXWriter.write(model))
    #expect(again.inputs.map(\.shape) == model.inputs.map(\.shape))
    #expect(again.outputs.map(\.name) == model.outputs.map(\.name))
    #expect(again.outputs.map(\.shape) == model.outputs.map(\.shape))
    #expect(again.outputs.map(\.elementType) == model.outputs.map(\.elementType))
    for (ours, theirs) in zip(try Self.results(again), try Self.results(model)) {
      for (a, b) in zip(ours, theirs) where !(a.isNaN && b.isNaN) {
        #expect(abs(a - b) <= 1e-6 * max(1, abs(b)))
      }
    }
    let third = try ONNXReader.importModel(try ONNXWriter.write(again))
    #expect(try ONNXWriter.write(third) == ONNXWriter.write(again))
  }

  private static func results(_ model: ONNXImport) throws -> [[Float]] {
    let interpreter = try FloatInterpreter(model.graph)
    var random = SplitMix(seed: 5)
    for (position, port) in model.inputs.enumerated() {
      let count = port.shape.reduce(1, *)
      let reals = (0..<count).map { _ in random.float() }
      let value =
        port.elementType.isReal
        ? ONNXValue(shape: port.shape, reals: reals)
        : ONNXValue(
          shape: port.shape, integers: reals.map { $0 < 0 ? 0 : 1 }, elementType: port.elementType)
      model.setInput(position, value, interpreter)
    }
    interpreter.run()
    return model.outputs.map { model.value(of: $0, interpreter).reals }
  }

  /// The page of operators names them all.
  @Test func everyOperatorIsDocumented() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/OctetRuntime/OctetRuntime.docc/Operators.md")
    let words = Set(
      try String(contentsOf: page, encoding: .utf8)
        .split { !$0.isLetter && !$0.isNumber }.map(String.init))
    #expect(ONNXReader.operators.filter { !words.contains($0) } == [])
  }
}

/// What of the sources holds by convention alone.
@Suite struct ONNXSourceTests {
  static func sources(_ folder: String) throws -> [(name: String, text: String)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/OctetONNX/\(folder)")
    return try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }
      .map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
  }

  /// A definition that is missing from `ONNXOperator.all` serves nobody.
  @Test func everyDefinitionIsListed() throws {
    let files = try Self.sources("Operators")
    let list = try #require(files.first { $0.name == "ONNXOperator.swift" }).text
    let definition = /static let (\w+)(: \[ONNXOperator\])? =/
    for file in files where file.name != "ONNXOperator.swift" {
      for match in file.text.matches(of: definition) where file.text.contains("ONNXOperator(") {
        let name = String(match.output.1)
        guard file.text.contains("\(name) = ONNXOperator(") || match.output.2 != nil else {
          continue
        }
        #expect(
          list.contains(".\(name),") || list.contains("+ \(name)"),
          "\(file.name) defines '\(name)', which ONNXOperator.all does not list")
      }
    }
  }

  /// Old operator sets, sequences, training and contributed domains stay behind `RareONNX`.
  @Test(arguments: ["Operators", "Import", "Export", "Proof"])
  func rareFormsStayBehindTheDoor(_ folder: String) throws {
    for file in try Self.sources(folder) {
      for word in [
        "version <", "version >", "com.microsoft", "training_mode", "is_test", "sequences[",
      ] {
        #expect(!file.text.contains(word), "\(folder)/\(file.name) mentions '\(word)'")
      }
    }
  }
}
