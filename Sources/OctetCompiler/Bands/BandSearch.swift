import OctetRuntime

/// Which regions to compute in bands: the cheapest that keep every operator within a number of
/// bytes, or those that need the fewest.
///
/// A plan cuts the operators, which stand in a row, into single ones and regions; how much memory
/// each takes does not depend on the others, so the cheapest plan is the shortest path from the
/// first operator to behind the last, over the cuts that fit.
struct BandSearch {
  /// A region and what it takes, near enough to choose by.
  struct Candidate {
    var region: BandedRegion
    var byteCount: Int
    /// What handling more operators and copying rows costs, in multiply-adds.
    var price: Int
  }

  /// Operators of a region at most, and of what a region becomes.
  static let regionLimit = 40
  static let bandedOperatorLimit = 1000
  /// A concatenation joins the bands.
  static let bandLimit = 255
  /// What an operator costs beside its multiply-adds, and a byte that is copied, in multiply-adds.
  static let operatorPrice = 1000
  static let bytePrice = 2

  let model: LoweredModel
  let windows: [Int: RowWindow]
  /// Bytes that are live at each operator.
  private let peaks: [Int]
  private let scratchByteCounts: [Int: Int]
  private let lifetimes: [(first: Int, last: Int)]
  /// Paths by the operator after the region's last.
  private var candidates: [[Candidate]]

  init(_ model: LoweredModel, _ layout: ArenaLayout) {
    self.model = model
    var windows: [Int: RowWindow] = [:]
    for (index, lowered) in model.operators.enumerated() {
      windows[index] = RowWindow(lowered, of: model)
    }
    self.windows = windows
    peaks = ArenaClustering(layout.problem, [])?.peaks ?? []
    scratchByteCounts = layout.scratchByteCounts
    lifetimes = model.lifetimes
    candidates = Array(repeating: [], count: model.operators.count + 1)
    for first in model.operators.indices { addRegions(from: first) }
  }

  // MARK: The cheapest, and the least

  /// The regions of the cheapest plan within `byteCount`; nil when there is none.
  func cheapest(within byteCount: Int) -> [BandedRegion]? {
    let count = model.operators.count
    var prices = [Int](repeating: .max, count: count + 1)
    var steps = [Candidate?](repeating: nil, count: count + 1)
    prices[0] = 0
    for end in 1...max(count, 1) where count > 0 {
      if peaks[end - 1] <= byteCount { prices[end] = prices[end - 1] }
      for candidate in candidates[end] where candidate.byteCount <= byteCount {
        let before = prices[candidate.region.operators.lowerBound]
        guard before < .max, before + candidate.price < prices[end] else { continue }
        prices[end] = before + candidate.price
        steps[end] = candidate
      }
    }
    guard prices[count] < .max else { return nil }
    var regions: [BandedRegion] = []
    var end = count
    while end > 0 {
      guard let step = steps[end] else {
        end -= 1
        continue
      }
      regions.append(step.region)
      end = step.region.operators.lowerBound
    }
    return regions.reversed()
  }

  /// The fewest bytes for which there is a plan.
  var leastByteCount: Int {
    let all = Set(peaks + candidates.joined().map(\.byteCount)).sorted()
    var (low, high) = (0, all.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cheapest(within: all[middle]) == nil { low = middle + 1 } else { high = middle }
    }
    return all.isEmpty ? 0 : all[low]
  }

  // MARK: Candidates

  private mutating func addRegions(from first: Int) {
    var made: Set<Int> = []
    var starts: Set<Int> = []
    for index in first..<min(model.operators.count, first + Self.regionLimit) {
      guard windows[index] != nil else { return }
      let lowered = model.operators[index]
      for input in lowered.inputs where !model.isConstant(input) && !made.contains(input) {
        starts.insert(input)
      }
      made.formUnion(lowered.outputs)
      guard starts.count == 1, let start = starts.first else { return }
      let end = lowered.outputs[0]
      let leaves = made.filter {
        lifetimes[$0].last > index || lifetimes[$0].last <= lifetimes[$0].first
      }
      guard index > first, leaves == [end] else { continue }
      addBands(first..<index + 1, start: start, end: end)
    }
  }

  private mutating func addBands(_ operators: Range<Int>, start: Int, end: Int) {
    let height = model.tensors[end].shape[1]
    let most = peaks[operators].max() ?? 0
    for rowCount in [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64] where rowCount < height {
      let region = BandedRegion(operators: operators, start: start, end: end, rowCount: rowCount)
      let bands = BandRows(region, model, windows)
      guard bands.bandCount <= Self.bandLimit,
        bands.bandCount * operators.count * 3 <= Self.bandedOperatorLimit
      else { continue }
      let candidate = estimate(region, bands)
      if candidate.byteCount < most { candidates[operators.upperBound].append(candidate) }
    }
  }

  /// What the region takes, reckoned from its first, last and some other bands.
  private func estimate(_ region: BandedRegion, _ bands: BandRows) -> Candidate {
    var around = 0
    for (tensor, lifetime) in lifetimes.enumerated()
    where !model.isConstant(tensor) && tensor != region.start && tensor != region.end
      && lifetime.first < region.operators.lowerBound
      && lifetime.last >= region.operators.lowerBound
    {
      around += byteCount(tensor)
    }
    let readers = model.readers(in: region.operators)
    var peak = 0
    var price = 0
    for band in bands.typicalBands {
      var walk = BandWalk(bands, band)
      let least = walk.run(
        readers, scratchByteCounts,
        keepsStart: lifetimes[region.start].last >= region.operators.upperBound)
      peak = max(peak, around + least)
      if band == bands.bandCount / 2 {
        price =
          bands.bandCount
          * (walk.operatorCount * Self.operatorPrice + walk.movedByteCount * Self.bytePrice)
      }
    }
    return Candidate(region: region, byteCount: peak, price: price)
  }

  private func byteCount(_ tensor: Int) -> Int { model.tensors[tensor].shape.elementCount }
}
