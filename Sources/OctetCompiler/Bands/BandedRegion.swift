/// Neighbouring operators that are computed together in bands of rows, so that of what lies between
/// them only the rows that are still needed are held.
///
/// No row is computed twice: rows that the next band needs again are kept.
package struct BandedRegion: Sendable, Equatable {
  /// The operators of the model as it was lowered.
  package var operators: Range<Int>
  /// The only activation that they read from before, and the only one that is read after them.
  package var start: Int
  package var end: Int
  /// Rows of `end` that a band has; the last one may have fewer.
  package var rowCount: Int
}

/// The rows of each tensor in a region that a band makes, needs and keeps.
struct BandRows {
  /// Rows [needed, end) are in reach of this band, of which those from `fresh` on are new. Where
  /// nothing is new, `fresh` is `end`.
  struct Rows: Equatable {
    var needed: Int
    var fresh: Int
    var end: Int

    var hasFresh: Bool { fresh < end }
    /// Rows that earlier bands made.
    var keptCount: Int { max(0, min(fresh, end) - needed) }
    var count: Int { end - needed }
  }

  let region: BandedRegion
  let model: LoweredModel
  /// One of each operator.
  let windows: [Int: RowWindow]
  let height: Int

  init(_ region: BandedRegion, _ model: LoweredModel, _ windows: [Int: RowWindow]) {
    self.region = region
    self.model = model
    self.windows = windows
    height = model.tensors[region.end].shape[1]
  }

  func window(_ index: Int) -> RowWindow { windows[index] ?? RowWindow() }

  var bandCount: Int { (height + region.rowCount - 1) / region.rowCount }

  /// Bands that are like all others, and those that are not: the first, some in the middle, the
  /// last two.
  var typicalBands: [Int] {
    Set([0, 1, bandCount / 2, bandCount - 2, bandCount - 1]).filter {
      (0..<bandCount).contains($0)
    }.sorted()
  }

  /// The row after the last of each tensor that bands up to `band` have made.
  private func ends(_ band: Int) -> [Int: Int] {
    if band < 0 { return [:] }
    var ends = [region.end: min(height, (band + 1) * region.rowCount)]
    for index in region.operators.reversed() {
      let lowered = model.operators[index]
      guard let end = ends[lowered.outputs[0]] else { continue }
      for input in lowered.inputs where !model.isConstant(input) {
        let rows = window(index).end(end, height: model.tensors[input].shape[1])
        ends[input] = max(ends[input] ?? 0, rows)
      }
    }
    return ends
  }

  /// The first row of the region's start that band `band` or a later one reads.
  func startRow(_ band: Int) -> Int {
    let rows = rows(band)
    let firsts = region.operators.compactMap { index -> Int? in
      let lowered = model.operators[index]
      guard lowered.inputs.contains(region.start), let made = rows[lowered.outputs[0]],
        made.hasFresh
      else { return nil }
      return window(index).start(made.fresh)
    }
    return firsts.min() ?? 0
  }

  /// What band `band` does with each tensor that the region makes.
  func rows(_ band: Int) -> [Int: Rows] {
    let (before, ends, last) = (ends(band - 1), ends(band), ends(bandCount - 1))
    var result: [Int: Rows] = [:]
    var needed = [region.end: band * region.rowCount]
    for index in region.operators.reversed() {
      let lowered = model.operators[index]
      let tensor = lowered.outputs[0]
      guard let end = ends[tensor], let final = last[tensor] else { continue }
      let first = min(needed[tensor] ?? final, end)
      let fresh = max(before[tensor] ?? 0, first)
      result[tensor] = Rows(needed: first, fresh: min(fresh, end), end: end)
      // What no band is left to make needs nothing.
      let next = max(before[tensor] ?? 0, needed[tensor] ?? final)
      guard next < final else { continue }
      for input in lowered.inputs where !model.isConstant(input) {
        let start = window(index).start(next)
        needed[input] = min(needed[input] ?? start, start)
      }
    }
    return result
  }
}
