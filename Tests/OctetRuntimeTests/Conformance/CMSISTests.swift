import Foundation
import OctetRuntime
import TestData
import Testing

/// The unit tests of CMSIS-NN: weights, an input and the expected output each, byte for byte.
struct CMSISTests {
  static let folder = SharedData.file("conformance/cmsis_nn_int8")
  static let names: [String] = {
    guard let folder else { return [] }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".json") }.sorted()
  }()

  @Test(.needing("conformance/cmsis_nn_int8"), arguments: names)
  func matches(name: String) throws {
    let folder = try #require(Self.folder)
    let data = try Data(contentsOf: folder.appendingPathComponent(name))
    let golden = try JSONDecoder().decode(CMSISCase.self, from: data)
    let (operation, inputs) = try #require(golden.testOperator, "no operator for \(name)")
    let output = try operation.run(inputs)
    let expected = golden.int8("output_ref") ?? golden.int8("output")
    #expect(output == [try #require(expected)])
  }

  @Test(.needing("conformance/cmsis_nn_int8"))
  func thereAreAllCases() { #expect(Self.names.count == 53) }
}

/// A case as its JSON says it; the kind of operator follows from which definitions there are.
struct CMSISCase: Decodable {
  struct Values: Decodable { var values: [Int] }
  var name: String
  var defines: [String: Int]
  var arrays: [String: Values]

  func int8(_ key: String) -> [Int8]? { arrays[key]?.values.map { Int8($0) } }

  private func int32(_ key: String) -> [Int32]? { arrays[key]?.values.map { Int32($0) } }

  private subscript(key: String) -> Int { defines[key] ?? 0 }

  var testOperator: (TestOperator, [[Int8]])? {
    if name.hasPrefix("avgpool") { return pool(.averagePool) }
    if name.hasPrefix("maxpool") { return pool(.maxPool) }
    if name.hasPrefix("maximum") { return binary(.maximum) }
    if name.hasPrefix("minimum") { return binary(.minimum) }
    if defines["accumulation_depth"] != nil { return fullyConnected }
    if defines["perm_size"] != nil { return transpose }
    guard let input = int8("input") else { return nil }
    if defines["pad_x_with_offset"] != nil { return (transposedConvolution, [input]) }
    if defines["ch_mult"] != nil { return (parameters.depthwiseOperator, [input]) }
    return (parameters.convolutionOperator, [input])
  }

  private func pool(_ kind: OperatorKind) -> (TestOperator, [[Int8]])? {
    let parameters = PoolParameters(
      input: Shape(self["input_n"], self["input_h"], self["input_w"], self["input_c"]),
      output: Shape(self["input_n"], self["output_h"], self["output_w"], self["output_c"]),
      window: WindowParameters(
        kernelHeight: self["filter_h"], kernelWidth: self["filter_w"],
        strideHeight: self["stride_h"], strideWidth: self["stride_w"], top: self["padding_h"],
        left: self["padding_w"]),
      lower: self["activation_min"], upper: self["activation_max"])
    return int8("input_tensor").map { (parameters.testOperator(kind), [$0]) }
  }

  private func binary(_ kind: OperatorKind) -> (TestOperator, [[Int8]])? {
    func shape(_ index: Int) -> Shape {
      Shape(
        self["batch_\(index)"], self["height_\(index)"], self["width_\(index)"],
        self["channel_\(index)"])
    }
    let output = Shape(
      self["output_batch"], self["output_height"], self["output_width"], self["output_channel"])
    guard let a = int8("input_tensor_1"), let b = int8("input_tensor_2") else { return nil }
    let operation = TestOperator(
      kind: kind, inputs: [TestTensor(shape: shape(1)), TestTensor(shape: shape(2))],
      outputs: [TestTensor(shape: output)], parameters: [])
    return (operation, [a, b])
  }

  private var fullyConnected: (TestOperator, [[Int8]])? {
    guard let input = int8("input"), let weights = int8("weights") else { return nil }
    let channels = self["out_ch"]
    let multiplier = FixedPointMultiplier(
      multiplier: Int32(self["output_multiplier"]), shift: Int32(self["output_shift"]))
    let parameters = FullyConnectedParameters(
      rows: self["input_batches"], inputCount: self["accumulation_depth"], outputCount: channels,
      inputZeroPoint: -self["input_offset"], weights: weights,
      weightZeroPoint: -self["filter_offset"],
      bias: int32("biases") ?? Array(repeating: 0, count: channels),
      multipliers: Array(repeating: multiplier, count: channels),
      outputZeroPoint: self["output_offset"], lower: self["out_activation_min"],
      upper: self["out_activation_max"])
    return (parameters.testOperator, [input])
  }

  private var parameters: ConvolutionParameters {
    let channels = self["out_ch"]
    let batches = self["input_batches"]
    var parameters = ConvolutionParameters(
      input: Shape(batches, self["input_h"], self["input_w"], self["in_ch"]),
      inputZeroPoint: -self["input_offset"], weights: int8("weights") ?? [],
      bias: int32("biases") ?? Array(repeating: 0, count: channels),
      multipliers: zip(int32("output_mult") ?? [], int32("output_shift") ?? []).map {
        FixedPointMultiplier(multiplier: $0, shift: $1)
      },
      output: Shape(batches, self["output_h"], self["output_w"], channels),
      outputZeroPoint: self["output_offset"], lower: self["out_activation_min"],
      upper: self["out_activation_max"])
    parameters.window = WindowParameters(
      kernelHeight: self["filter_y"], kernelWidth: self["filter_x"],
      strideHeight: self["stride_y"], strideWidth: self["stride_x"],
      dilationHeight: self["dilation_y"], dilationWidth: self["dilation_x"], top: self["pad_y"],
      left: self["pad_x"])
    if let filterChannels = defines["filter_ch"] {
      parameters.groups = self["in_ch"] / filterChannels
    }
    return parameters
  }

  private var transposedConvolution: TestOperator { parameters.transposedConvolutionOperator }

  /// The files hold no shapes; these are such as CMSIS-NN's sources give, up to axes that move
  /// together.
  private var transpose: (TestOperator, [[Int8]])? {
    let shapes: [String: (input: [Int], permutation: [Int])] = [
      "transpose_3dim2": ([1, 5, 2, 40], [0, 2, 3, 1]),
      "transpose_chwn": ([5, 2, 24, 17], [3, 1, 2, 0]),
      "transpose_default": ([4, 3, 3, 22], [3, 2, 1, 0]),
      "transpose_nhcw": ([2, 2, 32, 128], [3, 0, 1, 2]),
      "transpose_nwhc": ([19, 3, 2, 32], [1, 0, 2, 3]),
    ]
    guard let (dimensions, permutation) = shapes[name], let input = int8("input_tensor") else {
      return nil
    }
    return (.transpose(Shape(dimensions), permutation), [input])
  }
}
