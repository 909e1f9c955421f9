// What operators check of their records.

extension OperatorRecord {
  /// Throws `cause`, at this operator's record, unless `condition`.
  func require(
    _ condition: Bool, _ cause: ModelError.Cause = .operatorShape
  ) throws(ModelError) {
    if !condition { throw ModelError(cause, at: offset) }
  }

  /// Throws unless parameter `index` is within `range`.
  func require(parameter index: Int, in range: ClosedRange<Int32>) throws(ModelError) {
    if !range.contains(parameter(index)) {
      throw ModelError(.operatorParameters, at: parameterOffset(index))
    }
  }

  /// Parameter `index`, which must be the blob offset of `byteCount` bytes in the data, aligned.
  @discardableResult
  func requireData(
    parameter index: Int, byteCount: Int, alignment: Int = 1
  ) throws(ModelError) -> Int {
    let start = Int(parameter(index))
    let dataStart = blob[BlobHeader.dataOffset]
    let dataByteCount = blob[BlobHeader.dataByteCount]
    // Each term is at most 2³⁰, so no sum overflows 32 bits.
    guard start >= dataStart, byteCount >= 0, byteCount <= dataByteCount,
      start &- dataStart <= dataByteCount &- byteCount, start & (alignment &- 1) == 0
    else { throw ModelError(.sectionOutOfBounds, at: parameterOffset(index)) }
    return start
  }

  /// Throws unless the parameter is within `range`.
  @inline(__always)
  func require(
    parameter word: some ParameterWord, axis: Int = 0, in range: ClosedRange<Int32>
  ) throws(ModelError) {
    try require(parameter: word.rawValue &+ axis, in: range)
  }

  /// Throws unless each of the neighbouring parameters is within `range`.
  @inline(__always)
  func require<Word: ParameterWord>(
    parameters first: Word, through last: Word, in range: ClosedRange<Int32>
  ) throws(ModelError) {
    for index in first.rawValue...last.rawValue { try require(parameter: index, in: range) }
  }

  /// The parameter, which must be the blob offset of `byteCount` bytes in the data, aligned.
  @inline(__always)
  @discardableResult
  func requireData(
    parameter word: some ParameterWord, byteCount: Int, alignment: Int = 1
  ) throws(ModelError) -> Int {
    try requireData(parameter: word.rawValue, byteCount: byteCount, alignment: alignment)
  }

  /// Checks one multiplier and shift that are parameters themselves.
  @inline(__always)
  func requireMultiplier<Word: ParameterWord>(
    parameter word: Word, shift: Word, mostShift: Int32 = 30
  ) throws(ModelError) {
    try requireMultiplier(parameter: word.rawValue, shift: shift.rawValue, mostShift: mostShift)
  }

  private func requireMultiplier(
    parameter index: Int, shift: Int, mostShift: Int32
  ) throws(ModelError) {
    let multiplier = parameter(index)
    guard multiplier >= 0, (-31...mostShift).contains(parameter(shift)) else {
      throw ModelError(.operatorShift, at: parameterOffset(index))
    }
  }

  /// The multiplier and shift in two parameters.
  @inline(__always)
  func multiplier<Word: ParameterWord>(_ word: Word, shift: Word) -> FixedPointMultiplier {
    FixedPointMultiplier(multiplier: parameter(word), shift: parameter(shift))
  }

  /// The most that a code of the first result can be; the least is one more below 0.
  var mostCode: Int32 { result(0).isInt16 ? 32_767 : 127 }

  /// Throws unless the two parameters are an ordered pair within the codes of the first result.
  @inline(__always)
  func requireClamp<Word: ParameterWord>(lower: Word, upper: Word) throws(ModelError) {
    try requireClamp(lower: lower.rawValue, upper: upper.rawValue)
  }

  private func requireClamp(lower: Int, upper: Int) throws(ModelError) {
    let most = mostCode
    try require(parameter: lower, in: ~most...most)
    try require(parameter: upper, in: parameter(lower)...most)
  }
}

/// a · b when both are ≥ 0 and the product is at most `limit`; nil otherwise.
func product(_ a: Int, _ b: Int, limit: Int = BlobLimits.elementCount) -> Int? {
  guard a >= 0, b >= 0 else { return nil }
  let (value, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow || value > limit ? nil : value
}
