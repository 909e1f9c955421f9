import OctetReport

/// What a model must keep to become a file: limits that the user sets, each by itself.
public struct Contract: Sendable, Equatable {
  /// The accuracy that may be lost at most, or, without labels, the share of samples that may be
  /// decided otherwise; −1…1.
  public var maxDrop: Double?
  /// The signal over the error, in decibels, that every output must keep at least.
  public var minSQNR: Double?
  /// The blob's bytes at most.
  public var maxFlash: Int?
  /// The arena's bytes at most.
  public var maxArena: Int?

  /// The cycles of one inference at most, modelled, on `boardName`.
  public var maxCycles: Int?
  /// The board whose cycles are counted.
  public var boardName = ""

  /// Nothing is asked for.
  public init() {}

  /// Whether bytes or cycles are limited.
  var limitsCosts: Bool { maxFlash != nil || maxArena != nil || maxCycles != nil }

  /// Whether outputs have to be judged on samples held back.
  package var judgesOutputs: Bool { maxDrop != nil || minSQNR != nil }

  /// The share of contracts that hold though the truth would break them, at most, however many
  /// rungs were tried.
  public static let risk = 0.05

  /// One limit, and what was measured.
  public struct Clause: Sendable, Equatable, Encodable {
    /// Which limit; the raw value is the option's name without dashes.
    public enum Kind: String, Sendable, Encodable {
      case maxDrop = "max-drop"
      case minSQNR = "min-sqnr"
      case maxFlash = "max-flash"
      case maxArena = "max-arena"
      case maxCycles = "max-cycles"

      /// Whether it limits what a model costs, not what it loses.
      package var isCost: Bool { self != .maxDrop && self != .minSQNR }
    }

    /// Which limit it is.
    public var kind: Kind
    /// What the user asked for.
    public var limit: Double
    /// What was found, or the end of its confidence interval where it was judged on samples.
    public var value: Double
    /// The amount by which the value is on the wrong side; 0 where the clause holds.
    public var missedBy: Double
    /// One sentence about it.
    public var text: String
    public var holds: Bool { missedBy == 0 }

    private enum CodingKeys: CodingKey { case kind, limit, value, missedBy, text }
  }
}

extension Contract {
  /// What a candidate was found to cost.
  struct Measure: Sendable {
    var fileByteCount: Int
    /// The least that was found where the arena's limit cannot be met.
    var arenaByteCount: Int
    /// Cycles of one inference; nil where nobody asks, or the model does not fit the board.
    var cycleCount: Int?
  }

  /// The clauses about what a model costs, in one order.
  func costClauses(_ measure: Measure) -> [Clause] {
    var clauses: [Clause] = []
    if let limit = maxFlash { clauses.append(.bytes(.maxFlash, limit, measure.fileByteCount)) }
    if let limit = maxArena { clauses.append(.bytes(.maxArena, limit, measure.arenaByteCount)) }
    if let limit = maxCycles { clauses.append(cycles(limit, measure.cycleCount)) }
    return clauses
  }

  /// Those about what it loses.
  ///
  /// - Parameter confidence: of the intervals.
  func outputClauses(_ judgement: Judgement, confidence: Double) -> [Clause] {
    var clauses: [Clause] = []
    if let limit = maxDrop { clauses.append(drop(limit, judgement, confidence)) }
    if let limit = minSQNR {
      let bound = judgement.sqnrLowerBound(confidence: confidence)
      clauses.append(
        Clause(
          kind: .minSQNR, limit: limit, value: bound, missedBy: max(0, limit - bound),
          text: "the outputs have \(judgement.sqnrDecibels.short) dB of signal to error on "
            + "\(judgement.sampleCount) samples held back, at least \(bound.short) with "
            + "\(confidence.short) confidence"))
    }
    return clauses
  }

  private func cycles(_ limit: Int, _ count: Int?) -> Clause {
    let value = count.map { Double($0) } ?? .infinity
    return Clause(
      kind: .maxCycles, limit: Double(limit), value: value,
      missedBy: max(0, value - Double(limit)),
      text: count.map { "an inference takes \($0) modelled cycles on \(boardName)" }
        ?? "the model does not fit \(boardName)")
  }

  private func drop(_ limit: Double, _ judgement: Judgement, _ confidence: Double) -> Clause {
    let bound = judgement.dropUpperBound(confidence: confidence)
    let (lost, gained) = (judgement.lostCount, judgement.gainedCount)
    var text =
      judgement.hasLabels
      ? "of \(judgement.sampleCount) images held back, \(lost) are lost and \(gained) gained"
      : "of \(judgement.sampleCount) samples held back, \(lost) are decided otherwise"
    text += ": \(judgement.drop.short), at most \(bound.short) with \(confidence.short) confidence"
    let least = DropBound.leastSampleCount(for: limit, confidence: confidence)
    if judgement.sampleCount < least, bound > limit {
      text +=
        least == .max
        ? "; no number of samples shows a drop of \(limit.short) or less"
        : "; to show \(limit.short) takes \(least) samples or more"
    }
    return Clause(
      kind: .maxDrop, limit: limit, value: bound, missedBy: max(0, bound - limit), text: text)
  }
}

extension Contract.Clause {
  fileprivate static func bytes(_ kind: Kind, _ limit: Int, _ value: Int) -> Contract.Clause {
    let what = kind == .maxFlash ? "the blob has" : "the arena needs"
    return Contract.Clause(
      kind: kind, limit: Double(limit), value: Double(value),
      missedBy: Double(max(0, value - limit)), text: "\(what) \(value) bytes")
  }

  /// What is missed and by how much: `--max-flash 20480: the blob has 61234 bytes, 40754 too many`.
  public var missedText: String {
    let number = { (value: Double) in
      value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : value.short
    }
    let by =
      switch kind {
      case .maxDrop: ", \(missedBy.short) too much"
      case .minSQNR: ", \(missedBy.short) dB too few"
      case .maxFlash, .maxArena, .maxCycles:
        missedBy.isFinite ? ", \(number(missedBy)) too many" : ""
      }
    return "--\(kind.rawValue) \(number(limit)): \(text)\(by)"
  }
}
