import Foundation
import OctetModel
import OctetTFLite
import Testing

/// Every operator of TFLite that Octet knows, read and written: what is declared is found, on the
/// page and in a test's file.
@Suite struct TFLiteDefinitionTests {
  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
  }

  /// A definition that is not in the list reads nothing, and the compiler does not say so.
  @Test func everyDefinitionIsListed() throws {
    let folder = "Sources/OctetTFLite/Operators"
    let list = try Self.text("Sources/OctetTFLite/TFLiteDefinition.swift")
    let files = try FileManager.default.contentsOfDirectory(
      atPath: Self.repository.appendingPathComponent(folder).path)
    var count = 0
    for file in files {
      let words = try Self.text("\(folder)/\(file)").split { $0 == " " || $0 == "\n" }
      for index in words.indices.dropFirst(2) where words[index] == "TFLiteDefinition" {
        let name = words[index - 1].dropLast()
        #expect(list.contains("\(name).self"), "\(name) in \(file) is not in the list")
        count += 1
      }
    }
    #expect(count > 20)
  }

  @Test func everyOperatorIsOnThePage() throws {
    let page = try Self.text("Sources/OctetRuntime/OctetRuntime.docc/Operators.md")
    let names = Set(page.split { " |,\n".contains($0) })
    let missing = TFLiteReader.operators.filter { !names.contains(Substring($0)) }
    #expect(missing == [])
  }

  @Test func everyOperatorIsInAFile() {
    var codes = Set(
      TFLiteOneOperatorTests.cases.map(\.code) + TFLiteOneOperatorTests.shapeCodes.map(\.0))
    for (_, tree) in TFLiteFuzzTests.seeds { codes.formUnion(tree.operatorCodes) }
    let missing = zip(TFLiteReader.operatorCodes, TFLiteReader.operators)
      .filter { !codes.contains($0.0) }.map(\.1)
    #expect(missing == [])
  }

  /// Operations that TFLite has no operator for are written as several, with names of their own:
  /// these files are not read as they were, though the bytes are, but for a clip.
  static let renamed: Set = [
    "computed-weights.tflite", "computed_weights.tflite", "open-batch-transposed.tflite",
    "relu6-of-another-scale.tflite", "relu6.tflite", "repeated.tflite",
  ]

  /// What is written is read as it was, and written again byte for byte.
  @Test func whatIsWrittenIsReadAlike() throws {
    var found: Set<String> = []
    for (name, tree) in TFLiteFuzzTests.seeds {
      let graph = try TFLiteReader.read(tree.file)
      guard let bytes = try? TFLiteWriter.write(graph) else { continue }
      let again = try TFLiteReader.read(bytes)
      let (isSame, writesSame) = (again == graph, try TFLiteWriter.write(again) == bytes)
      #expect(isSame != Self.renamed.contains(name), "\(name)")
      #expect(writesSame || name == "relu6.tflite", "\(name)")
      for node in graph.nodes where graph.tensors[node.outputs[0]].elementType == .int8 {
        found.insert(node.operation.name)
      }
    }
    // A division has no int8 kernel in TFLite.
    let names = Set(Self.operations.map { $0.operation.name }).subtracting(["divide"])
    #expect(names.subtracting(found) == [])
  }

  // MARK: In floats

  struct Sample: Sendable, CustomTestStringConvertible {
    var operation: OctetModel.Operation
    /// Of the operands; those after the first `inputCount` are constants.
    var shapes: [[Int]]
    var inputCount = 1

    var testDescription: String { operation.name }
  }

  static let image = [1, 6, 6, 2]
  static let window = PoolAttributes(kernel: Extent(2), stride: Extent(2))

  static func binary(_ operation: OctetModel.Operation) -> Sample {
    Sample(operation: operation, shapes: [image, [1, 1, 6, 2]], inputCount: 2)
  }

  /// Each operation that TFLite has an operator for.
  static let operations: [Sample] = [
    Sample(operation: .convolution(.init()), shapes: [image, [3, 3, 3, 2], [3]]),
    Sample(operation: .depthwiseConvolution(.init()), shapes: [image, [1, 3, 3, 4], [4]]),
    Sample(
      operation: .transposedConvolution(.init(outputExtent: Extent(7))),
      shapes: [image, [3, 2, 2, 2], [3]]),
    Sample(operation: .fullyConnected(.init()), shapes: [[1, 6], [4, 6], [4]]),
    Sample(operation: .matrixMultiply, shapes: [[2, 3, 4], [2, 4, 5]], inputCount: 2),
    Sample(operation: .maxPool(window), shapes: [image]),
    Sample(operation: .averagePool(window), shapes: [image]),
    binary(.add(.relu)), binary(.subtract(.relu6)), binary(.multiply(.reluN1To1)),
    binary(.divide(.none)), binary(.minimum), binary(.maximum), binary(.squaredDifference),
    binary(.prelu), Sample(operation: .softmax(axis: 3, beta: 0.5), shapes: [image]),
    Sample(operation: .logSoftmax(axis: 3), shapes: [image]),
    Sample(operation: .l2Normalization(), shapes: [image]),
    Sample(operation: .mean(axes: [1, 2], keepsDimensions: true), shapes: [image]),
    Sample(operation: .reduce(.sum, axes: [3], keepsDimensions: false), shapes: [image]),
    Sample(
      operation: .concatenation(axis: 3, activation: .none), shapes: [image, image],
      inputCount: 2),
    Sample(
      operation: .pad(before: [0, 1, 0, 0], after: [0, 0, 2, 0], mode: .constant(1.5)),
      shapes: [image]),
    Sample(operation: .reshape([1, 72]), shapes: [image]),
    Sample(operation: .transpose([0, 2, 1, 3]), shapes: [image]),
    Sample(
      operation: .slice(begin: [0, 5, 0, 0], count: [1, 6, 3, 2], stride: [1, -1, 2, 1]),
      shapes: [image]),
    Sample(operation: .split(axis: 2, counts: [1, 5]), shapes: [image]),
    Sample(
      operation: .resize(
        ResizeAttributes(
          method: .nearest, coordinates: .halfPixel, rounding: .roundPreferCeil,
          outputShape: [1, 3, 12, 2], scales: [1, 0.5, 2, 1])), shapes: [image]),
  ]

  @Test(arguments: operations) func floatsSurviveTheRoundTrip(_ sample: Sample) throws {
    var graph = Graph()
    for (index, shape) in sample.shapes.enumerated() {
      let isInput = index < sample.inputCount
      let values = (0..<shape.reduce(1, *)).map { Float($0) }
      let tensor = graph.add(
        Tensor(name: "x\(index)", shape: shape, constant: isInput ? nil : .float(values)))
      if isInput { graph.inputs.append(tensor) }
    }
    let operands = Array(graph.tensors.indices)
    var names = ["y"]
    if case .split = sample.operation { names.append("z") }
    for name in names { graph.outputs.append(graph.add(Tensor(name: name, shape: []))) }
    graph.nodes = [
      Node(name: "y", operation: sample.operation, inputs: operands, outputs: graph.outputs)
    ]
    try graph.inferShapes()
    let bytes = try TFLiteWriter.write(graph.canonical())
    let again = try TFLiteReader.read(bytes)
    #expect(again == graph.canonical())
    #expect(try TFLiteWriter.write(again) == bytes)
  }

  /// Each function of the table that has a number in TFLite, and none that has not.
  @Test(arguments: ScalarFunction.all)
  func functionsSurviveTheRoundTrip(_ function: ScalarFunction) throws {
    var graph = Graph()
    graph.inputs = [graph.add(Tensor(name: "x", shape: Self.image))]
    graph.outputs = [graph.add(Tensor(name: "y", shape: Self.image))]
    graph.nodes = [
      Node(name: "y", operation: .scalar(function), inputs: graph.inputs, outputs: graph.outputs)
    ]
    let isClip = function.bounds != nil && function.row.tflite == nil
    let isKnown = function.row.tflite != nil || isClip
    let bytes: [UInt8]
    do {
      bytes = try TFLiteWriter.write(graph)
    } catch {
      #expect(!isKnown && "\(error)".contains("TFLite has no such function"))
      return
    }
    #expect(isKnown)
    let again = try TFLiteReader.read(bytes)
    // A clip becomes MAXIMUM and MINIMUM.
    #expect(isClip || again == graph)
    #expect(try isClip || TFLiteWriter.write(again) == bytes)
  }
}

extension FlatTree {
  /// The numbers of the operators that a file names.
  fileprivate var operatorCodes: Set<Int> {
    guard case .table(let model) = self, case .tables(let codes)? = model[6] else { return [] }
    return Set(
      codes.map { code in
        guard case .table(let fields) = code else { return 0 }
        return [4, 10].map { slot in
          guard case .scalar(let bytes)? = fields[slot] else { return 0 }
          return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        }.reduce(0, max)
      })
  }
}
