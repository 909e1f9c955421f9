import Foundation

/// The sums of one output; merging is exact in any order.
///
/// Memory does not grow with the samples: see `KeptScores` and `KeptVectors`.
package struct OutputSums: Codable, Sendable {
  package private(set) var sampleCount = 0
  private(set) var agreementCount = 0
  private(set) var error = SignalError()
  private(set) var range = Bounds()
  private(set) var difference = ErrorSums()
  /// Against the targets, or of a reconstruction against the input.
  private(set) var referenceErrors: ErrorSums?
  private(set) var candidateErrors: ErrorSums?
  /// The candidate's figure less the reference's: of |error|, of a reconstruction of error².
  private(set) var paired = Moments()
  private(set) var classes = ClassCounts()
  private(set) var cells = CellCounts()
  private(set) var cosines = Moments()
  private(set) var cosineRange = Bounds()
  private(set) var scores = KeptScores()
  private(set) var vectors = KeptVectors()
  private(set) var worst = WorstSamples()

  package init() {}

  /// Right and equal answers.
  struct ClassCounts: Codable, Sendable, Equatable {
    var labelledCount = 0
    var referenceRight = 0
    var candidateRight = 0
    var bothRight = 0
    var changedCount = 0
    var changed: [DiffReport.Output.Classification.Change] = []

    static let changedLimit = 64

    mutating func merge(_ other: ClassCounts) {
      labelledCount += other.labelledCount
      referenceRight += other.referenceRight
      candidateRight += other.candidateRight
      bothRight += other.bothRight
      changedCount += other.changedCount
      changed += other.changed
      trim()
    }

    /// Keeps the most surprising, of equals the first.
    mutating func trim() {
      guard changed.count > Self.changedLimit else { return }
      sort()
      changed.removeLast(changed.count - Self.changedLimit)
    }

    mutating func sort() {
      changed.sort {
        $0.floatMargin == $1.floatMargin
          ? $0.index < $1.index : $0.floatMargin > $1.floatMargin
      }
    }
  }

  /// Decisions at many places.
  struct CellCounts: Codable, Sendable, Equatable {
    var sameChannelCount = 0
    var total = 0
    var referenceCount = 0
    var candidateCount = 0
    var bothCount = 0

    mutating func merge(_ other: CellCounts) {
      sameChannelCount += other.sameChannelCount
      total += other.total
      referenceCount += other.referenceCount
      candidateCount += other.candidateCount
      bothCount += other.bothCount
    }
  }

  package mutating func merge(_ other: OutputSums) {
    sampleCount += other.sampleCount
    agreementCount += other.agreementCount
    error.merge(other.error)
    range.merge(other.range)
    difference.merge(other.difference)
    if let more = other.referenceErrors {
      referenceErrors = referenceErrors ?? ErrorSums()
      referenceErrors?.merge(more)
    }
    if let more = other.candidateErrors {
      candidateErrors = candidateErrors ?? ErrorSums()
      candidateErrors?.merge(more)
    }
    paired.merge(other.paired)
    classes.merge(other.classes)
    cells.merge(other.cells)
    cosines.merge(other.cosines)
    cosineRange.merge(other.cosineRange)
    scores.merge(other.scores)
    vectors.merge(other.vectors)
    worst.merge(other.worst)
  }

  // MARK: One sample

  package mutating func add(_ sample: OutputSample, _ facts: OutputFacts) {
    let (reference, candidate) = (sample.reference, sample.candidate)
    guard reference.count == candidate.count, !reference.isEmpty else { return }
    sampleCount += 1
    error.add(reference: reference.span, other: candidate.span)
    for value in reference { range.add(value) }
    let errors = SampleErrors(candidate.span, against: reference.span)
    difference.add(errors)
    worst.add(sample, errors, keepsAll: facts.isPicture)
    let isKept = sample.index % facts.keptStride == 0
    var agrees = errors.squared.squareRoot() <= OutputFacts.likeShare * facts.range
    switch facts.metric {
    case .classification: agrees = addClasses(sample)
    case .picture: addTargets(sample)
    case .regression:
      let found = addTargets(sample)
      if isKept {
        scores.add(
          sample.index, isPositive: nil, reference: found?.reference.bias ?? 0,
          candidate: found?.candidate.bias ?? errors.bias)
      }
    case .scores:
      agrees =
        (Double(reference[0]) > facts.threshold) == (Double(candidate[0]) > facts.threshold)
      if isKept {
        scores.add(
          sample.index, isPositive: sample.label.map { $0 != 0 }, reference: Double(reference[0]),
          candidate: Double(candidate[0]))
      }
    case .embedding:
      addCosine(reference, candidate)
      if isKept {
        vectors.add(
          sample.index, label: sample.label, reference: reference, candidate: candidate)
      }
    case .detection: agrees = addCells(sample, facts)
    case .reconstruction: addReconstruction(sample, isKept: isKept)
    case .signal: break
    }
    agreementCount += agrees ? 1 : 0
  }

  private mutating func addClasses(_ sample: OutputSample) -> Bool {
    let (a, b) = (Scores.top(sample.reference) ?? 0, Scores.top(sample.candidate) ?? 0)
    if let label = sample.label {
      classes.labelledCount += 1
      classes.referenceRight += a == label ? 1 : 0
      classes.candidateRight += b == label ? 1 : 0
      classes.bothRight += a == label && b == label ? 1 : 0
    }
    if a == b { return true }
    classes.changedCount += 1
    let margin = Double(Scores.margin(sample.reference) ?? 0)
    classes.changed.append(
      .init(
        index: sample.index, floatPrediction: a, int8Prediction: b,
        floatMargin: margin.isFinite ? margin : 0))
    if classes.changed.count > 2 * ClassCounts.changedLimit { classes.trim() }
    return false
  }

  @discardableResult
  private mutating func addTargets(
    _ sample: OutputSample
  ) -> (reference: SampleErrors, candidate: SampleErrors)? {
    guard let targets = sample.targets, targets.count == sample.reference.count else { return nil }
    return addErrors(sample, against: targets) { $1.absolute - $0.absolute }
  }

  private mutating func addReconstruction(_ sample: OutputSample, isKept: Bool) {
    guard let input = sample.input, input.count == sample.reference.count else { return }
    let (a, b) = addErrors(sample, against: input) { $1.squared - $0.squared }
    guard isKept else { return }
    scores.add(
      sample.index, isPositive: sample.label.map { $0 != 0 }, reference: a.squared,
      candidate: b.squared)
  }

  private mutating func addErrors(
    _ sample: OutputSample, against truth: [Float],
    difference: (_ reference: SampleErrors, _ candidate: SampleErrors) -> Double
  ) -> (reference: SampleErrors, candidate: SampleErrors) {
    let a = SampleErrors(sample.reference.span, against: truth.span)
    let b = SampleErrors(sample.candidate.span, against: truth.span)
    referenceErrors = referenceErrors ?? ErrorSums()
    candidateErrors = candidateErrors ?? ErrorSums()
    referenceErrors?.add(a)
    candidateErrors?.add(b)
    paired.add(difference(a, b))
    return (a, b)
  }

  private mutating func addCosine(_ a: [Float], _ b: [Float]) {
    var (aa, bb, ab) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      aa += Double(x) * Double(x)
      bb += Double(y) * Double(y)
      ab += Double(x) * Double(y)
    }
    let cosine = aa == 0 || bb == 0 ? (aa == bb ? 1 : 0) : ab / (aa * bb).squareRoot()
    cosines.add(cosine)
    cosineRange.add(Float(cosine))
  }

  private mutating func addCells(_ sample: OutputSample, _ facts: OutputFacts) -> Bool {
    let channels = facts.channelCount
    let threshold = Float(facts.threshold)
    for (a, b) in zip(sample.reference, sample.candidate) {
      cells.referenceCount += a > threshold ? 1 : 0
      cells.candidateCount += b > threshold ? 1 : 0
      cells.bothCount += a > threshold && b > threshold ? 1 : 0
    }
    for start in stride(from: 0, to: sample.reference.count, by: channels) {
      let end = min(start + channels, sample.reference.count)
      cells.total += 1
      cells.sameChannelCount +=
        Scores.top(sample.reference[start..<end]) == Scores.top(sample.candidate[start..<end])
        ? 1 : 0
    }
    func best(_ values: [Float]) -> Int { (Scores.top(values) ?? 0) / channels }
    return best(sample.reference) == best(sample.candidate)
  }
}

/// The samples with the largest errors.
package struct WorstSamples: Codable, Sendable {
  static let limit = 8
  static let valueLimit = 64

  struct Entry: Codable, Sendable {
    var index: Int
    /// The bits of the mean squared error and of the signal's.
    var squaredBits: UInt64
    var signalBits: UInt64
    /// float32 end to end.
    var reference: Data
    var candidate: Data

    var squared: Double { Double(bitPattern: squaredBits) }
  }

  private(set) var entries: [Entry] = []

  mutating func add(_ sample: OutputSample, _ errors: SampleErrors, keepsAll: Bool) {
    let squared = errors.squared.isNaN ? .infinity : errors.squared
    if entries.count == Self.limit, let last = entries.last, squared <= last.squared,
      squared < last.squared || sample.index > last.index
    {
      return
    }
    let count = keepsAll ? sample.reference.count : min(Self.valueLimit, sample.reference.count)
    func bytes(_ values: [Float]) -> Data {
      Data(
        values.prefix(count).flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        })
    }
    let signal = sample.reference.reduce(0.0) { $0 + Double($1) * Double($1) }
    let mean = signal / Double(max(sample.reference.count, 1))
    insert(
      Entry(
        index: sample.index, squaredBits: squared.bitPattern, signalBits: mean.bitPattern,
        reference: bytes(sample.reference), candidate: bytes(sample.candidate)))
  }

  mutating func merge(_ other: WorstSamples) { for entry in other.entries { insert(entry) } }

  private mutating func insert(_ entry: Entry) {
    let place =
      entries.firstIndex {
        $0.squared < entry.squared || $0.squared == entry.squared && $0.index > entry.index
      } ?? entries.count
    entries.insert(entry, at: place)
    if entries.count > Self.limit { entries.removeLast() }
  }
}

extension Data {
  /// The float32 numbers that the bytes are.
  var floats: [Float] {
    stride(from: 0, to: count / 4 * 4, by: 4).map { start in
      var bits: UInt32 = 0
      for byte in (0..<4).reversed() { bits = bits << 8 | UInt32(self[startIndex + start + byte]) }
      return Float(bitPattern: bits)
    }
  }
}
