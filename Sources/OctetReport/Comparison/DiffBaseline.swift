import Foundation

/// What is read from an earlier report; keys that an older Octet did not write are nil.
public struct DiffBaseline: Decodable, Sendable {
  var floatTop1: Double?
  var int8Top1: Double?
  var agreement: Double?
  var layers: [Layer]

  struct Layer: Decodable, Sendable {
    var name: String
    var sqnrDecibels: Double?
    var visibleSqnrDecibels: Double?
    var condition: DiffReport.Condition?

    var judgedDecibels: Double? { visibleSqnrDecibels ?? sqnrDecibels }
  }
}

extension DiffReport {
  /// The changes since an earlier run.
  public struct BaselineComparison: Codable, Sendable, Equatable {
    /// The earlier run's JSON file.
    public var file: String
    /// The float accuracy now less then; nil when the file has none.
    public var floatTop1Change: Double?
    /// The int8 accuracy now less then.
    public var int8Top1Change: Double?
    /// The agreement now less then.
    public var agreementChange: Double?
    /// The layers that both runs have.
    public var layers: [Layer]
    /// What got worse: sentences, the worst first.
    public var worse: [String]

    /// One layer then and now.
    public struct Layer: Codable, Sendable, Equatable {
      /// The layer's name.
      public var name: String
      /// The judged signal-to-noise ratio then, in dB; nil when it was infinite or unknown.
      public var sqnrDecibelsThen: Double?
      /// The judged signal-to-noise ratio now.
      public var sqnrDecibelsNow: Double?
      /// The condition then; nil when the file has none.
      public var conditionThen: Condition?
      /// The condition now.
      public var conditionNow: Condition
    }
  }

  /// A layer that has lost less is not worth a sentence.
  private static let noticeableDecibels = 1.0

  /// Fills in `baseline`: what got worse since an earlier run.
  public mutating func compare(with old: DiffBaseline, file: String) {
    var worse: [(weight: Double, sentence: String)] = []
    func note(_ name: String, _ then: Double?, _ now: Double) {
      guard let then, now < then else { return }
      let points = 100 * (then - now)
      worse.append(
        (
          1000 + points,
          "\(name) fell by \(points.short) points, from \((100 * then).short) % to "
            + "\((100 * now).short) %"
        ))
    }
    note("int8 accuracy", old.int8Top1, int8Top1)
    note("float accuracy", old.floatTop1, floatTop1)
    note("agreement", old.agreement, agreement)
    var rows: [BaselineComparison.Layer] = []
    for layer in layers {
      guard let before = old.layers.first(where: { $0.name == layer.name }) else { continue }
      let (then, now) = (before.judgedDecibels, layer.judgedDecibels)
      rows.append(
        .init(
          name: layer.name, sqnrDecibelsThen: then, sqnrDecibelsNow: now.isFinite ? now : nil,
          conditionThen: before.condition, conditionNow: layer.condition))
      if let condition = before.condition, condition != layer.condition,
        layer.condition != .healthy
      {
        worse.append(
          (500, "layer '\(layer.name)' was \(condition.title) and is now \(layer.condition.title)"))
      }
      if let then, then - now > Self.noticeableDecibels {
        worse.append(
          (
            then - now,
            "layer '\(layer.name)' lost \((then - now).short) dB, from \(then.short) to "
              + now.short
          ))
      }
    }
    let gone = old.layers.map(\.name).filter { name in !layers.contains { $0.name == name } }
    if !gone.isEmpty {
      let names = gone.prefix(8).joined(separator: ", ") + (gone.count > 8 ? " …" : "")
      worse.append((0, "\(gone.count) layers are gone: \(names)"))
    }
    func change(_ now: Double, _ then: Double?) -> Double? { then.map { now - $0 } }
    baseline = BaselineComparison(
      file: file, floatTop1Change: change(floatTop1, old.floatTop1),
      int8Top1Change: change(int8Top1, old.int8Top1),
      agreementChange: change(agreement, old.agreement), layers: rows,
      worse: worse.sorted { $0.weight > $1.weight }.map(\.sentence))
  }
}
