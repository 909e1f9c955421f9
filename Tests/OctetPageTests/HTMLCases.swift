import Foundation
import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetPage
import OctetReport
import TestComparisons
import Testing

/// Reports that a page must cope with.
enum HTMLCase: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case healthy, damaged, hostile, notFinite, many, empty

  var testDescription: String { rawValue }

  func report() throws -> DiffReport {
    var report = try Self.healthyReport.get()
    switch self {
    case .healthy: break
    case .damaged: report = try Self.damagedReport.get()
    case .hostile: Self.makeHostile(&report)
    case .notFinite: Self.makeNotFinite(&report)
    case .many: try Self.makeMany(&report)
    case .empty:
      report.layers = []
      report.flips = []
      report.cost.layers = []
      report.cost.arena = []
      report.classNames = []
      report.floatConfusion = []
      report.int8Confusion = []
      report.confusionDifference = []
      report.sampleCount = 0
    }
    return report
  }

  func html() throws -> String {
    let gates =
      self == .empty
      ? []
      : [
        HTMLReport.Gate(
          condition: "--max-drop " + Self.evil, outcome: Self.evil, isMet: false)
      ]
    return HTMLReport(try report(), gates: gates).text()
  }

  /// What a model may call its layers.
  static let evil =
    "</title></style></svg><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>\u{0}\u{1b}"
    + "\u{202e}\u{ffff}]]>"

  // MARK: Made once

  private static let healthyReport = Result { try compare(damages: false) }
  private static let damagedReport = Result { try compare(damages: true) }

  private static func compare(damages: Bool) throws -> DiffReport {
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.quantized(float)
    if damages { try DiffDamage.scaleChannel(3, of: "conv2", by: 100, in: &int8) }
    var options = Diff.Options()
    options.localSampleCount = 16
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    let diff = try Diff(float, loaded, DiffCorpus.test, options: options)
    var report = try diff.run()
    if damages { report.sensitivity = try diff.sensitivity { _, _ in } }
    return report
  }

  private static func makeHostile(_ report: inout DiffReport) {
    report.verdict.summary = evil
    report.verdict.action = evil
    report.verdict.layer = evil
    report.comparison.reference.file = evil
    report.comparison.candidate.arithmetic = evil
    report.classNames = report.classNames.map { _ in evil }
    for index in report.layers.indices {
      report.layers[index].name = evil
      report.layers[index].operator = evil
      report.layers[index].tensor = evil
      report.layers[index].floatTensor = evil
      report.layers[index].finding = evil
    }
    for index in report.cost.layers.indices { report.cost.layers[index].name = evil }
    for index in (report.network?.nodes ?? []).indices {
      report.network?.nodes[index].name = evil
      report.network?.nodes[index].operator = evil
      report.network?.nodes[index].contains = [evil]
    }
    for index in report.cost.arena.indices { report.cost.arena[index].name = evil }
    report.reproduce.command = evil
    report.reproduce.checksums = [evil: evil]
    report.reproduce.versions = ["octet": evil]
    report.board = .init(
      board: evil, sampleCount: 1, outputsMatchHost: false, selfTestPassed: false,
      differingSampleIndex: 0, differingLayer: evil, detail: evil)
  }

  private static func makeNotFinite(_ report: inout DiffReport) {
    let odd: [Double] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e300]
    for index in report.layers.indices {
      let value = odd[index % odd.count]
      report.layers[index].sqnrDecibels = value
      report.layers[index].visibleSqnrDecibels = nil
      report.layers[index].maxAbsError = value
      report.layers[index].cosine = value
      report.layers[index].rmseOverScale = value
      report.layers[index].saturatedShare = value
      report.layers[index].split?.clipping = value
      report.layers[index].split?.weightRounding = -value
      report.layers[index].local?.sqnrDecibels = value
      report.layers[index].range.floatLower = value
      report.layers[index].range.gridUpper = value
      for channel in report.layers[index].channels.indices {
        report.layers[index].channels[channel].floatUpper = value
      }
    }
    for index in report.cost.layers.indices {
      report.cost.layers[index].int8Nanoseconds = odd[index % odd.count]
      report.cost.layers[index].macCount = .max
    }
    for index in report.cost.arena.indices {
      report.cost.arena[index].offset = .max
      report.cost.arena[index].byteCount = .max
      report.cost.arena[index].firstUse = -5
      report.cost.arena[index].lastUse = index == 0 ? .max : 3
    }
    report.flips = flips(count: 3, side: 4, classCount: 10, score: .nan)
  }

  /// Thousands of flips with large pictures, hundreds of classes and layers, long names.
  private static func makeMany(_ report: inout DiffReport) throws {
    let classCount = 300
    report.classNames = (0..<classCount).map { "\($0) " + String(repeating: "&", count: 5000) }
    report.floatConfusion = (0..<classCount * classCount).map { $0 % 7 }
    report.int8Confusion = (0..<classCount * classCount).map { $0 % 5 }
    report.confusionDifference = zip(report.int8Confusion, report.floatConfusion).map { $0 - $1 }
    report.flips = flips(count: 4000, side: 224, classCount: classCount, score: 0.5)
    let layers = report.layers
    let channel = try #require(layers.last?.channels.first)
    report.layers = (0..<400).map { index in
      var layer = layers[index % layers.count]
      layer.name = "\(index)" + String(repeating: "<e\u{301}\u{301}>", count: 5000)
      layer.channels = [DiffReport.Channel](repeating: channel, count: 1024)
      return layer
    }
    report.reproduce.command = String(repeating: "x&", count: 100_000)
    report.verdict.action = String(repeating: "<", count: 100_000)
  }

  private static func flips(
    count: Int, side: Int, classCount: Int, score: Float
  ) -> [DiffReport.Flip] {
    var noise = SystemRandomNumberGenerator()
    let pixels = Data((0..<side * side * 3).map { _ in UInt8.random(in: 0...255, using: &noise) })
    let picture = DiffReport.Picture(height: side, width: side, channelCount: 3, pixels: pixels)
    let flip = DiffReport.Flip(
      index: 0, label: 1, floatPrediction: 1, int8Prediction: 2, floatMargin: 0.5,
      int8Margin: 0.25, floatScores: [Float](repeating: 0.5, count: classCount),
      int8Scores: [Float](repeating: 0.25, count: classCount))
    return (0..<count).map { index in
      var flip = flip
      flip.index = index
      flip.floatScores[0] = score
      flip.picture = index < DiffReport.Flip.pictureLimit ? picture : nil
      return flip
    }
  }
}
