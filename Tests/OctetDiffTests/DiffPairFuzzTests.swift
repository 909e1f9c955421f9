import Foundation
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetPage
import OctetReport
import Testing

/// Pairs of models with something odd about them: each is compared with every option, or refused
/// with a sentence.
///
/// `OCTET_FUZZ_SECONDS` says for how long, `OCTET_FUZZ_SEED` from which pair on; the number of each
/// pair is then written before it is compared, so that a fault can be repeated.
@Suite struct DiffPairFuzzTests {
  @Test func everyPairIsComparedOrRefused() throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["OCTET_FUZZ_SECONDS"].flatMap { Double($0) }
    var seed = environment["OCTET_FUZZ_SEED"].flatMap { Int($0) } ?? 1
    let end = ContinuousClock.now + .seconds(seconds ?? 0)
    let count = seconds == nil ? 24 : Int.max
    var tally = (compared: 0, refused: 0, unmade: 0)
    var remaining = count
    while remaining > 0, seconds == nil || ContinuousClock.now < end {
      if seconds != nil { FileHandle.standardError.write(Data("\rpair \(seed)".utf8)) }
      switch try compare(seed: seed) {
      case .compared: tally.compared += 1
      case .refused: tally.refused += 1
      case .unmade: tally.unmade += 1
      }
      seed += 1
      remaining -= 1
    }
    let total = tally.compared + tally.refused + tally.unmade
    if seconds != nil {
      print(
        "\n\(total) pairs: \(tally.compared) compared, \(tally.refused) refused, \(tally.unmade) "
          + "could not be made")
    }
    #expect(Double(tally.compared) > 0.4 * Double(total))
  }

  private enum Ending { case compared, refused, unmade }

  private func compare(seed: Int) throws -> Ending {
    var pairs = DiffPairs(seed: seed)
    guard let pair = try pairs.next() else { return .unmade }
    let options = pairs.options()
    let diff: Diff
    do {
      diff = try Diff(pair.reference, pair.candidate, pair.data, options: options)
    } catch {
      #expect(error is EvaluationError || error is GraphError, "pair \(seed): \(error)")
      return .refused
    }
    var report = try diff.run()
    let names = report.layers.map(\.name)
    #expect(Set(names).count == names.count, "pair \(seed): layers that share a name")
    if pair.isSame { checkSame(report, seed) }
    do {
      report.sensitivity = try diff.sensitivity { _, _ in }
    } catch let error as EvaluationError {
      #expect(!diff.isClassifier, "pair \(seed): \(error)")
    }
    let old = try JSONDecoder().decode(DiffBaseline.self, from: try json(report))
    report.compare(with: old, file: "old.json")
    #expect(report.baseline?.worse == [], "pair \(seed)")
    let files = try diff.reproduction(of: report)
    if pair.candidate.isFloat == false, report.worstLayer?.operator != "input" {
      #expect(files["int8.oct"] != nil, "pair \(seed): no blob to reproduce")
    }
    #expect(try diff.dump()["index.json"] != nil)
    #expect(HTMLReport(report, gates: []).text().contains("</html>"))
    try checkShards(pair, options, report, seed)
    return .compared
  }

  /// One model is as good as itself in every figure.
  private func checkSame(_ report: DiffReport, _ seed: Int) {
    #expect(report.agreement == 1, "pair \(seed)")
    for layer in report.layers {
      let found = layer.findings.map(\.detail)
      let isFinite = layer.maxAbsError.isFinite
      guard isFinite else { continue }
      #expect(layer.maxAbsError == 0 && found == [], "pair \(seed), \(layer.name): \(found)")
      if let split = layer.split {
        let parts = [
          split.weightRounding, split.activationRounding, split.clipping, split.requantization,
        ]
        #expect(parts.allSatisfy { $0 == .infinity }, "pair \(seed), \(layer.name): \(parts)")
      }
    }
  }

  private func checkShards(
    _ pair: DiffPairs.Pair, _ options: Diff.Options, _ whole: DiffReport, _ seed: Int
  ) throws {
    guard pair.data.count >= 2 else { return }
    struct File: Decodable { var shard: DiffShard? }
    let shards = try (1...2).map { index in
      var options = options
      options.shard = DiffShard.Part(index: index, count: 2)
      options.measuresTime = false
      let report = try Diff(pair.reference, pair.candidate, pair.data, options: options).run()
      let file = try JSONDecoder().decode(File.self, from: try json(report))
      return try #require(file.shard)
    }
    let merged = try DiffShard.merge(shards)
    #expect(merged.verdict == whole.verdict, "pair \(seed)")
  }

  /// As the tool writes it: `null` for what JSON cannot say.
  private func json(_ report: DiffReport) throws -> Data {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "?", negativeInfinity: "?", nan: "?")
    let text = String(decoding: try encoder.encode(report), as: UTF8.self)
    return Data(text.replacing("\"?\"", with: "null").utf8)
  }
}
