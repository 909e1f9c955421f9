import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import TestComparisons
import TestNetworks
import Testing

/// What the report advises, where it is an option of `octet quantize`, cures what it found.
@Suite struct AdviceTests {
  /// A model that a careless choice spoils, and how it was quantized.
  private struct Case {
    var graph: Graph
    var samples: CalibrationSamples
    var options: Quantizer.Options
    var data: DiffData

    func report() throws -> DiffReport {
      let int8 = try Quantizer.quantize(graph, samples: samples, options: options).graph
      let loaded = try LoadedModel(Compiler.compile(int8).blob)
      var options = Diff.Options()
      options.measuresTime = false
      options.localSampleCount = 32
      return try Diff(DiffModel(graph), DiffModel(loaded), data, options: options).run()
    }

    /// The options that a remedy names, applied exactly; `alternative` takes what stands behind
    /// "or".
    mutating func apply(_ remedy: String, alternative: Bool = false) throws {
      let named = try #require(remedy.firstMatch(of: /octet quantize (--[a-z0-9-]+) ([^ ,);]+)/))
      var value = String(named.2)
      if alternative {
        value = String(try #require(remedy.firstMatch(of: /--[a-z-]+ [a-z-]+ or ([a-z-]+)/)).1)
      }
      // Lists have commas.
      if let list = remedy.firstMatch(of: /--int16 ([^ );]+)/) { value = String(list.1) }
      switch named.1 {
      case "--calibrator": options.calibrator = try #require(Calibrator(rawValue: value))
      case "--equalize": options.equalization = try #require(Equalization(rawValue: value))
      case "--rounding": options.rounding = try #require(Rounding(rawValue: value))
      case "--int16":
        options.int16 = .layers(value.split(separator: ",").map { String($0) })
      default: Issue.record("no option \(named.1)")
      }
    }
  }

  /// The finding of a cause at a layer, the option that it names, and what is left of it.
  private func expectCured(
    _ broken: Case, at layer: String, by cause: DiffReport.Cause, option: String,
    alternative: Bool = false
  ) throws {
    let report = try broken.report()
    let spoilt = try #require(report.layers.first { $0.name == layer })
    let finding = try #require(
      spoilt.findings.first { $0.cause == cause }, "\(layer): \(spoilt.findings)")
    #expect(finding.remedy.contains("octet quantize \(option)"), "\(finding.remedy)")
    var mended = broken
    try mended.apply(finding.remedy, alternative: alternative)
    let after = try mended.report()
    let cured = try #require(after.layers.first { $0.name.hasPrefix(layer) })
    #expect(!cured.findings.contains { $0.cause == cause }, "\(cured.findings)")
    #expect(after.verdict.layer == nil, "\(after.verdict.action)")
    let (was, now) = (report.outputs[0].sqnrDecibels, after.outputs[0].sqnrDecibels)
    #expect(now > was + 1, "\(was) dB became \(now) dB")
  }

  private var plain: Quantizer.Options { DiffCorpus.plain }

  /// One channel × 500 leaves the others no codes.
  @Test func outlierChannel() throws {
    var graph = try DiffCorpus.lenet()
    try DiffDamage.unbalance(1, of: "conv1", by: 500, in: &graph)
    let samples = try CalibrationSamples(
      DiffCorpus.calibration, count: 12, seed: 1, graph: graph, normalization: nil)
    try expectCured(
      Case(graph: graph, samples: samples, options: plain, data: DiffData(DiffCorpus.test)),
      at: "conv1", by: .outlierChannel, option: "--equalize cross-layer")
  }

  /// 1,024 signs that one sample of the calibration has in common with a channel's weights: that
  /// channel is 32 there, and never beyond 5 elsewhere.
  @Test(arguments: [false, true])
  func rangeTooWide(takesAlternative: Bool) throws {
    var random = TestRandom(seed: 5)
    let size = 32 * 32
    let signs = (0..<size).map { _ in random.int(0...1) == 0 ? Float(-1) : 1 }
    var builder = NetworkBuilder(seed: 5, height: 32, width: 32, channelCount: 1)
    try builder.fullyConnected("hidden", outputCount: 64)
    try builder.fullyConnected("scores", outputCount: 6)
    var graph = builder.finished()
    let weights = try graph.node("hidden").inputs[1]
    graph.tensors[weights].constant = .float(
      (0..<64 * size).map {
        $0 < size ? signs[$0] / 32 : (random.int(0...1) == 0 ? -1 : 1) / Float(32)
      })
    let samples = Self.samples(500, size, random: 17) { $0 == 250 ? signs : nil }
    var options = plain
    options.calibrator = .minMax
    try expectCured(
      Case(
        graph: graph, samples: samples, options: options,
        data: DiffData(try Self.tensors(64, size, random: 23))),
      at: "hidden", by: .rangeTooWide, option: "--calibrator percentile",
      alternative: takesAlternative)
  }

  /// Few samples are fifty times as large as the others, and entropy leaves them out.
  @Test func rangeTooNarrow() throws {
    let amplitude = { @Sendable (index: Int) -> Float in index % 50 == 0 ? 1 : 0.02 }
    var builder = NetworkBuilder(seed: 6, height: 16, width: 16, channelCount: 1)
    try builder.fullyConnected("hidden", outputCount: 64)
    try builder.fullyConnected("scores", outputCount: 6)
    let samples = Self.samples(200, 256, random: 17) { index in
      Self.signs(256, seed: index).map { $0 * amplitude(index) }
    }
    var options = plain
    options.calibrator = .divergence
    let data = TensorSamples(count: 100, elementCounts: [256], checksum: "") { index, _, target in
      for (position, sign) in Self.signs(256, seed: 9_000 + index).enumerated() {
        target[position] = sign * amplitude(index)
      }
    }
    try expectCured(
      Case(graph: builder.finished(), samples: samples, options: options, data: DiffData(data)),
      at: "hidden", by: .rangeTooNarrow, option: "--calibrator min-max")
  }

  /// What is left of two branches that are nearly the same is their rounding.
  @Test func eightBits() throws {
    var builder = NetworkBuilder(seed: 7, height: 8, width: 8, channelCount: 4)
    let image = builder.last
    try builder.convolution("a", outputCount: 8, kernel: Extent(3))
    let first = builder.last
    builder.select(image)
    try builder.convolution("b", outputCount: 8, kernel: Extent(3))
    let second = builder.last
    builder.select(first)
    try builder.append("difference", .subtract(.none), [second])
    try builder.fullyConnected("scores", outputCount: 6)
    var graph = builder.finished()
    var random = TestRandom(seed: 8)
    for input in 1...2 {
      guard case .float(let values) = graph.tensors[try graph.node("a").inputs[input]].constant
      else { continue }
      graph.tensors[try graph.node("b").inputs[input]].constant = .float(
        values.map { $0 * (1 + Float(random.int(-100...100)) / 4000) })
    }
    try expectCured(
      Case(
        graph: graph, samples: Self.samples(60, 256, random: 17) { Self.signs(256, seed: $0) },
        options: plain, data: DiffData(try Self.tensors(64, 256, random: 23))),
      at: "difference", by: .eightBits, option: "--int16 a,b")
  }

  private static func signs(_ count: Int, seed: Int) -> [Float] {
    var random = TestRandom(seed: seed)
    return (0..<count).map { _ in random.int(0...1) == 0 ? -1 : 1 }
  }

  private static func samples(
    _ count: Int, _ size: Int, random seed: Int, special: @escaping @Sendable (Int) -> [Float]?
  ) -> CalibrationSamples {
    CalibrationSamples(count: count) { index, _, target in
      var random = TestRandom(seed: seed &+ index)
      let own = special(index)
      for position in target.indices {
        target[position] = own?[position] ?? (random.int(0...1) == 0 ? -1 : 1)
      }
    }
  }

  private static func tensors(_ count: Int, _ size: Int, random seed: Int) throws -> TensorSamples {
    TensorSamples(count: count, elementCounts: [size], checksum: "") { index, _, target in
      var random = TestRandom(seed: seed &+ 100_000 &+ index)
      for position in target.indices {
        target[position] = random.int(0...1) == 0 ? -1 : 1
      }
    }
  }
}
