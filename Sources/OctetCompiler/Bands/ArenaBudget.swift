import OctetModel
import OctetPasses
import OctetRuntime

/// How a model was brought within a number of bytes of arena.
public struct ArenaBudget: Sendable, Equatable {
  /// Layers that are computed together, band by band.
  public struct Region: Sendable, Equatable {
    /// The first one's name.
    public var first: String
    /// The last one's name.
    public var last: String
    /// How many layers there are.
    public var layerCount: Int
    /// The number of bands.
    public var bandCount: Int
    /// Rows of the last layer's output in a band; the last band may have fewer.
    public var rowCount: Int
  }

  /// The bytes that were asked for.
  public var limitByteCount: Int
  /// Bytes of the arena without bands.
  public var arenaByteCountBefore: Int
  /// Bytes of the arena with them.
  public var arenaByteCount: Int
  /// Regions in the order of execution; none where the model fits as it is.
  public var regions: [Region]
  /// Operators that there are more than without bands.
  public var addedOperatorCount: Int
  /// Bytes that these copy in an inference.
  public var movedByteCount: Int
  /// Bytes that the blob grows by.
  public var addedByteCount: Int
  /// Multiply-adds that are done again: none, as bands keep the rows that the next one needs.
  public var recomputedMacCount = 0
}

extension Compiler {
  /// The model within an arena of `limit` bytes: as it is if that suffices, otherwise with the
  /// cheapest regions of it in bands. The outputs' bytes are the same.
  ///
  /// - Throws: `CompilerError.arenaTooSmall` with the least arena that was found.
  static func banded(_ whole: Output, within limit: Int) throws(CompilerError) -> Output {
    let model = whole.model
    if whole.plan.byteCount <= limit {
      let byteCount = whole.plan.byteCount
      var output = whole
      output.budget = ArenaBudget(
        limitByteCount: limit, arenaByteCountBefore: byteCount, arenaByteCount: byteCount,
        regions: [], addedOperatorCount: 0, movedByteCount: 0, addedByteCount: 0)
      return output
    }
    if model.hasInt16 {
      throw .arenaTooSmall(limit: limit, least: whole.plan.byteCount, price: nil)
    }
    var trials = BandTrials(model, try BlobWriter.write(model))
    let banded = trials.find(within: limit)
    let least = trials.least
    guard let banded else {
      let isBanded = least.map { $0.plan.byteCount < whole.plan.byteCount } ?? false
      throw .arenaTooSmall(
        limit: limit, least: isBanded ? least?.plan.byteCount ?? 0 : whole.plan.byteCount,
        price: isBanded ? least?.price : nil)
    }
    var output = try assemble(banded.model)
    try requireSameOutputs(output.blob, whole.blob)
    output.budget = ArenaBudget(
      limitByteCount: limit, arenaByteCountBefore: whole.plan.byteCount,
      arenaByteCount: output.plan.byteCount, regions: trials.described(banded.regions),
      addedOperatorCount: banded.model.operators.count - model.operators.count,
      movedByteCount: banded.movedByteCount, addedByteCount: output.blob.count - whole.blob.count)
    return output
  }

  /// Throws unless both give the same outputs for the self-test's input.
  private static func requireSameOutputs(_ a: Blob, _ b: Blob) throws(CompilerError) {
    func outputs(_ blob: Blob) throws(CompilerError) -> [[Int8]] {
      let model = try validated(blob.bytes)
      let runner = try runner(model, .portable)
      runner.fillInputsForSelfTest()
      for index in 0..<model.operatorCount { runner.runOperator(index) }
      return (0..<model.outputCount).map { runner.output($0) }
    }
    guard try outputs(a) == outputs(b) else {
      throw .invalid(
        node: "bands", reason: "they compute other bytes than the whole layers; please report this")
    }
  }
}

/// Plans that were tried, with their real arenas.
private struct BandTrials {
  struct Trial {
    var regions: [BandedRegion]
    var model: LoweredModel
    var movedByteCount: Int
    var plan: ArenaPlan
    /// What the bands cost, for a message.
    var price: String
  }

  private let model: LoweredModel
  private let search: BandSearch
  /// The one with the smallest arena.
  private(set) var least: Trial?

  /// Rounds in which the search's reckoning is held against the real arena.
  private static let roundLimit = 12

  init(_ model: LoweredModel, _ bytes: [UInt8]) {
    self.model = model
    search = BandSearch(model, ArenaLayout(model, bytes))
  }

  /// The cheapest that was found within `limit` bytes.
  mutating func find(within limit: Int) -> Trial? {
    // What is reckoned is often a little more than what the planner reaches, and sometimes less.
    var target = limit + limit / 8
    var last: [BandedRegion] = []
    let floor = search.leastByteCount
    for _ in 0..<Self.roundLimit {
      let regions = search.cheapest(within: max(target, floor)) ?? []
      if regions == last || regions.isEmpty {
        if target <= floor { break }
      } else {
        last = regions
        // Too many operators for a blob are one plan less.
        if let trial = try? trial(regions) {
          if trial.plan.byteCount < least?.plan.byteCount ?? .max { least = trial }
          if trial.plan.byteCount <= limit { return trial }
        }
      }
      if target <= floor { break }
      target = max(floor, target - max(1, limit / 32))
    }
    return nil
  }

  private func trial(_ regions: [BandedRegion]) throws(CompilerError) -> Trial {
    let rewritten = BandRewriting.rewrite(model, regions, search.windows)
    let bytes = try BlobWriter.write(rewritten.model)
    let plan = ArenaPlanner.plan(ArenaLayout(rewritten.model, bytes).problem)
    let added = rewritten.model.operators.count - model.operators.count
    return Trial(
      regions: regions, model: rewritten.model, movedByteCount: rewritten.movedByteCount,
      plan: plan,
      price: "\(added) more operators and \(rewritten.movedByteCount) bytes copied an inference")
  }

  func described(_ regions: [BandedRegion]) -> [ArenaBudget.Region] {
    regions.map { region in
      ArenaBudget.Region(
        first: model.operators[region.operators.lowerBound].name,
        last: model.operators[region.operators.upperBound - 1].name,
        layerCount: region.operators.count,
        bandCount: BandRows(region, model, search.windows).bandCount, rowCount: region.rowCount)
    }
  }
}
