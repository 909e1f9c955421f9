import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetReport
import TestComparisons
import TestNetworks
import Testing

@Suite struct DiffReportTests {
  private func diff(
    options: Diff.Options = .init(), damage: (inout Graph) throws -> Void = { _ in },
    float edit: (inout Graph) -> Void = { _ in }
  ) throws -> Diff {
    var float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.int8.get()
    try damage(&int8)
    edit(&float)
    var options = options
    options.measuresTime = false
    options.localSampleCount = 10
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    return try Diff(float, loaded, DiffCorpus.test, options: options)
  }

  /// Encoded without what depends on the clock or the part.
  private func figures(_ report: DiffReport) throws -> String {
    var report = report
    report.seconds = 0
    report.shard = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }

  private func shards(_ count: Int) throws -> [DiffShard] {
    try (1...count).map { index in
      var options = Diff.Options()
      options.shard = DiffShard.Part(index: index, count: count)
      let report = try diff(options: options).run()
      let data = try JSONEncoder().encode(try #require(report.shard))
      return try JSONDecoder().decode(DiffShard.self, from: data)
    }
  }

  @Test func shardsGiveTheWholeRun() throws {
    let merged = try DiffShard.merge(shards(2).reversed())
    #expect(try figures(merged) == figures(diff().run()))
  }

  @Test func threadsGiveTheSame() throws {
    var options = Diff.Options()
    options.threadCount = 2
    #expect(try figures(diff(options: options).run()) == figures(diff().run()))
  }

  @Test func shardsThatDoNotBelongTogether() throws {
    let shards = try shards(2)
    #expect(throws: ReportError.self) { try DiffShard.merge([shards[0]]) }
    #expect(throws: ReportError.self) { try DiffShard.merge([shards[0], shards[0]]) }
    #expect(throws: ReportError.self) { try DiffShard.merge([]) }
  }

  @Test(arguments: [("3/8", true), ("0/8", false), ("9/8", false), ("3", false), ("a/b", false)])
  func parts(text: String, isPart: Bool) {
    #expect((DiffShard.Part(text) != nil) == isPart)
  }

  /// The four parts are errors of one operator one after the other, so what is left out is only
  /// how they point; the local error cannot exceed the sum of their amplitudes.
  @Test func splitAddsUp() throws {
    for layer in try diff().run().layers.dropFirst() {
      let split = try #require(layer.split)
      let local = try #require(layer.local)
      let parts = [
        split.weightRounding, split.activationRounding, split.clipping, split.requantization,
      ]
      let amplitudes = parts.map { pow(10, -$0 / 20) }
      #expect(pow(10, -local.sqnrDecibels / 20) <= amplitudes.reduce(0, +) * 1.001)
      #expect(local.sqnrDecibels > 30, "\(layer.name)")
    }
  }

  /// Twins are found by kind and shape where the float model calls its tensors otherwise.
  @Test func otherNames() throws {
    let renamed = try diff { graph in
      try DiffDamage.scaleRange(of: "fc1", by: 16, in: &graph)
    } float: { graph in
      for index in graph.tensors.indices { graph.tensors[index].name = "t\(index)" }
      for index in graph.nodes.indices { graph.nodes[index].name = "n\(index)" }
    }
    let report = try renamed.run()
    #expect(report.layers.map(\.name) == ["input", "conv1", "conv2", "fc1", "fc2", "fc3"])
    #expect(report.verdict.kind == .wastedRange && report.verdict.layer == "fc1")
  }

  @Test func identicalModels() throws {
    let float = try DiffCorpus.lenet()
    var options = Diff.Options()
    options.measuresTime = false
    let report = try Diff(
      DiffModel(float), DiffModel(float), DiffCorpus.test, options: options
    ).run()
    #expect(report.agreement == 1 && report.flips.isEmpty && report.verdict.kind == .healthy)
    #expect(report.layers.allSatisfy { $0.maxAbsError == 0 && abs($0.cosine - 1) < 1e-12 })
  }

  /// A shrunk blob is compared as the whole one, layer by layer; what it costs is its own.
  @Test func shrunkBlob() throws {
    var int8 = try DiffCorpus.int8.get()
    var deadCounts: [Int] = []
    for name in ["conv1", "conv2", "fc1"] {
      guard let node = int8.nodes.first(where: { $0.name == name }),
        case .int32(var biases) = int8.tensors[node.inputs[2]].constant
      else {
        Issue.record("no biases of \(name)")
        return
      }
      // Every third channel never fires.
      let dead = biases.indices.filter { $0 % 3 == 1 }
      for channel in dead { biases[channel] = -(1 << 28) }
      deadCounts.append(dead.count)
      int8.tensors[node.inputs[2]].constant = .int32(biases)
    }
    let float = try DiffCorpus.lenet()
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 10
    let outputs = try [false, true].map { try Compiler.compile(int8, shrinks: $0) }
    let reports = try outputs.map {
      try Diff(float, LoadedModel($0.blob), DiffCorpus.test, options: options).run()
    }
    #expect(outputs[1].shrink.layers.prefix(3).map(\.constantChannelCount) == deadCounts)
    #expect(reports[0].int8Top1 == reports[1].int8Top1)
    #expect(reports[0].layers.map(\.name) == reports[1].layers.map(\.name))
    // The biases of channels that are gone cannot be seen any more, their constant values can.
    #expect(reports.allSatisfy { ["conv1", "conv2", "fc1"].contains($0.verdict.layer) })
    for (whole, small) in zip(reports[0].layers, reports[1].layers) {
      #expect(whole.shape == small.shape && whole.maxAbsError == small.maxAbsError)
      #expect(whole.sqnrDecibels == small.sqnrDecibels)
    }
    let saved = outputs[1].shrink.savedMacCount
    #expect(saved > 0 && reports[0].cost.int8.macCount - reports[1].cost.int8.macCount == saved)
  }

  @Test func twoBlobs() throws {
    let good = try DiffCorpus.int8.get()
    var bad = good
    try DiffDamage.dropBiases(of: "conv2", in: &bad)
    let models = try [good, bad].map { try DiffModel(LoadedModel(Compiler.compile($0).blob)) }
    var options = Diff.Options()
    options.measuresTime = false
    let report = try Diff(models[0], models[1], DiffCorpus.test, options: options).run()
    #expect(report.verdict.kind == .biasWrong && report.verdict.layer == "conv2")
    #expect(report.layers[1].maxAbsError < 1e-5)
  }

  /// All but a ruined layer is nearly the float model; only it is nearly the int8 model.
  @Test func sensitivityBothWays() throws {
    let diff = try diff { graph in
      try DiffDamage.scaleRange(of: "conv2", by: 1 / 64, in: &graph)
    }
    let report = try diff.run()
    let sweep = try diff.sensitivity { _, _ in }
    #expect(sweep.int8Top1 == report.int8Top1 && sweep.floatTop1 == report.floatTop1)
    let layer = try #require(sweep.layers.first { $0.name == "conv1" })
    #expect(try #require(layer.onlyThis) >= report.floatTop1 - 0.1)
    let ruined = try #require(sweep.layers.first { $0.name == "conv2" })
    #expect(try #require(ruined.onlyThis) <= report.floatTop1)
  }

  @Test func baselineNamesWhatGotWorse() throws {
    let good = try figures(diff().run())
    let old = try JSONDecoder().decode(
      DiffBaseline.self,
      from: Data(good.replacing("\"inf\"", with: "null").utf8))
    var report = try diff { graph in
      try DiffDamage.scaleRange(of: "fc2", by: 16, in: &graph)
    }.run()
    report.compare(with: old, file: "old.json")
    let baseline = try #require(report.baseline)
    #expect(baseline.worse.contains { $0.contains("'fc2'") && $0.contains("wasted range") })
    #expect(!baseline.worse.contains { $0.contains("'conv1'") })
  }

  /// The one-operator blob computes what the whole blob's operator does.
  @Test(arguments: ["conv1", "fc2"])
  func reproduction(layer: String) throws {
    let diff = try diff { graph in
      try DiffDamage.scaleRange(of: layer, by: 16, in: &graph)
    }
    let files = try diff.reproduction(of: diff.run())
    let names = ["repro.json", "int8.oct", "float.onnx", "input0.f32", "input0.i8", "input.i8"]
    for name in names + ["float_output.f32", "int8_output.i8"] {
      #expect(files[name]?.isEmpty == false, "\(name)")
    }
    let loaded = try LoadedModel(try #require(files["int8.oct"]))
    #expect(loaded.operatorNames == [layer])
    let made = try output(of: 0, in: loaded, try #require(files["input.i8"]))
    #expect(made == files["int8_output.i8"])
  }

  /// What an operator makes of codes in the place of its input.
  private func output(
    of index: Int, in loaded: LoadedModel, _ input: [UInt8]
  ) throws -> [UInt8] {
    let view = loaded.operator(index)
    let runner = try loaded.makeRunner()
    runner.withMutableElements(of: view.input(0)) { codes in
      for index in codes.indices { codes[index] = Int8(bitPattern: input[index]) }
    }
    runner.runOperator(index)
    return runner.withElements(of: view.output(0)) { $0.map { UInt8(bitPattern: $0) } }
  }

  /// The one-operator blob rounds as the whole model: an average of four has a tie for every fourth
  /// sum, and the two arithmetics go different ways.
  @Test(arguments: Arithmetic.allCases)
  func reproductionKeepsTheArithmetic(arithmetic: Arithmetic) throws {
    var builder = NetworkBuilder(seed: 3, height: 12, width: 12, channelCount: 3)
    try builder.averagePool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    try builder.fullyConnected("fc", outputCount: 4)
    let float = builder.finished()
    var int8 = try Networks.quantized(float.simplified())
    int8.arithmetic = arithmetic
    let whole = try LoadedModel(Compiler.compile(int8).blob)
    var random = TestRandom(seed: 4)
    let images = Dataset(
      pixels: (0..<3 * 12 * 12 * 3).map { _ in UInt8(random.int(0...255)) }, labels: [0, 1, 2],
      height: 12, width: 12, channelCount: 3, classNames: [])
    var options = Diff.Options()
    options.measuresTime = false
    let diff = try Diff(float, whole, images, options: options)
    var report = try diff.run()
    report.verdict.layer = "pool"
    let files = try diff.reproduction(of: report)
    let (input, made) = (try #require(files["input.i8"]), try #require(files["int8_output.i8"]))
    let part = try LoadedModel(try #require(files["int8.oct"]))
    #expect(part.blob.arithmetic == arithmetic)
    #expect(try made == output(of: 0, in: part, input))
    let index = try #require(whole.operatorNames.firstIndex(of: "pool"))
    #expect(try made == output(of: index, in: whole, input))
    // By hand.
    func averages(_ rule: FloatingPointRoundingRule) -> [UInt8] {
      (0..<6 * 6 * 3).map { position in
        let (pixel, channel) = (position / 3, position % 3)
        let first = (pixel / 6 * 2 * 12 + pixel % 6 * 2) * 3 + channel
        let sum = [0, 3, 36, 39].reduce(0) { $0 + Int(Int8(bitPattern: input[first + $1])) }
        return UInt8(bitPattern: Int8((Double(sum) / 4).rounded(rule)))
      }
    }
    let away = averages(.toNearestOrAwayFromZero)
    let even = averages(.toNearestOrEven)
    #expect(away != even)
    #expect(made == (arithmetic == .onnx ? even : away))
  }
}
