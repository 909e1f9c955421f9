import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import TestComparisons
import Testing

/// LeNets damaged on purpose: the verdict names the layer and what is wrong with it.
@Suite struct DiffVerdictTests {
  private static let layers = ["conv1", "conv2", "fc1", "fc2", "fc3"]

  private func verdict(
    _ float: Graph, _ int8: Graph
  ) throws -> DiffReport.Verdict {
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    var options = Diff.Options()
    options.localSampleCount = 16
    options.measuresTime = false
    return try Diff(float, loaded, DiffCorpus.test, options: options).run().verdict
  }

  @Test func healthy() throws {
    let float = try DiffCorpus.lenet()
    let verdict = try verdict(float, DiffCorpus.int8.get())
    #expect(verdict.kind == .healthy && verdict.layer == nil, "\(verdict)")
  }

  @Test(arguments: ["input"] + layers)
  func rangeTooWide(layer: String) throws {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try DiffDamage.scaleRange(of: layer, by: 16, in: &int8)
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .wastedRange && verdict.layer == layer, "\(verdict)")
  }

  @Test(arguments: ["input"] + layers)
  func rangeTooNarrow(layer: String) throws {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try DiffDamage.scaleRange(of: layer, by: 1 / 16, in: &int8)
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .clipped && verdict.layer == layer, "\(verdict)")
  }

  @Test(arguments: layers)
  func channelTooLarge(layer: String) throws {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try DiffDamage.scaleChannel(2, of: layer, by: 100, in: &int8)
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .outlierChannel && verdict.layer == layer, "\(verdict)")
    #expect(verdict.channel == 2)
  }

  /// Channels that are active: of one that is always 0 nothing would change.
  @Test(arguments: zip(["conv1", "conv2", "fc1", "fc2"], [1, 1, 3, 1]))
  func channelTooLargeInFloat(layer: String, channel: Int) throws {
    var float = try DiffCorpus.lenet()
    try DiffDamage.unbalance(channel, of: layer, by: 100, in: &float)
    let verdict = try verdict(float, DiffCorpus.quantized(float))
    #expect(verdict.kind == .outlierChannel && verdict.layer == layer, "\(verdict)")
    #expect(verdict.channel == channel)
  }

  /// Layers whose channels the quantizer brought to one range are compared with the float model's
  /// after the same.
  @Test(arguments: [Equalization.crossLayer, .automatic])
  func equalizedIsHealthy(_ equalization: Equalization) throws {
    var float = try DiffCorpus.lenet()
    try DiffDamage.unbalance(1, of: "conv1", by: 500, in: &float)
    var options = DiffCorpus.plain
    options.equalization = equalization
    let int8 = try DiffCorpus.quantized(float, options: options)
    #expect(int8.tensors.contains { $0.name.hasSuffix("/equalized") })
    let verdict = try verdict(float, int8)
    #expect(verdict.layer == nil && verdict.kind == .healthy, "\(verdict)")
  }

  @Test(arguments: layers)
  func deadChannel(layer: String) throws {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try DiffDamage.kill(3, of: layer, in: &int8)
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .deadChannel && verdict.layer == layer, "\(verdict)")
    #expect(verdict.channel == 3)
  }

  @Test(arguments: layers)
  func biasesDropped(layer: String) throws {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try DiffDamage.dropBiases(of: layer, in: &int8)
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .biasWrong && verdict.layer == layer, "\(verdict)")
  }

  /// Made for other pixels, or only fed other ones.
  @Test(arguments: [true, false], [[0.5, 0.5], [0.1307, 0.3081], [0, 1 / 255]] as [[Float]])
  func wrongNormalization(isCalibrated: Bool, values: [Float]) throws {
    var float = try DiffCorpus.lenet()
    // A weak model may like other pixels as well, so it says what it was trained with.
    float.metadata.normalization = Normalization(mean: [0], standardDeviation: [1])
    let wrong = Normalization(mean: [values[0]], standardDeviation: [values[1]])
    var int8 =
      try isCalibrated
      ? DiffCorpus.quantized(float, normalization: wrong) : DiffCorpus.int8.get()
    int8.metadata.normalization = wrong
    let verdict = try verdict(float, int8)
    #expect(verdict.kind == .inputNormalization && verdict.layer == "input", "\(verdict)")
  }
}
