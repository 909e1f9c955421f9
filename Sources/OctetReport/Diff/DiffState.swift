/// The sums of a comparison; merging is exact in any order.
struct DiffState: Codable, Sendable {
  var classes: PairedClassification
  var layers: [LayerSums]
  var flips: [DiffReport.Flip] = []
  var margins: DiffReport.Margins
  var localSampleCount = 0
  var seconds = 0.0

  mutating func merge(_ other: DiffState) throws(ReportError) {
    try classes.merge(other.classes)
    guard layers.count == other.layers.count else {
      throw .shardMismatch(what: "the number of layers")
    }
    for index in layers.indices { try layers[index].merge(other.layers[index]) }
    flips += other.flips
    try margins.flips.merge(other.margins.flips)
    try margins.others.merge(other.margins.others)
    localSampleCount += other.localSampleCount
    seconds += other.seconds
  }

  /// Flips with the most surprising first, pictures on the first of them.
  mutating func sortFlips() {
    flips.sort { a, b in
      let (x, y) = (
        a.floatMargin.isNaN ? 0 : a.floatMargin, b.floatMargin.isNaN ? 0 : b.floatMargin
      )
      return x == y ? a.index < b.index : x > y
    }
    for index in flips.indices.dropFirst(DiffReport.Flip.pictureLimit) {
      flips[index].picture = nil
    }
  }
}

/// What a comparison knows before it runs: the same in all shards.
struct DiffContext: Codable, Sendable, Equatable {
  var comparison: DiffReport.Comparison
  var classNames: [String]
  /// Of the whole set, not of a shard.
  var sampleCount: Int
  var layers: [Layer]
  /// What the verdict must know before the figures.
  var premises: Premises
  /// Why pixels do not become the same values in both models.
  var normalizationNote: String?
  var cost: DiffReport.Cost
  var reproduce: DiffReport.Reproduce

  struct Layer: Codable, Sendable, Equatable {
    var name: String
    var kind: String
    var tensorName: String
    var floatTensorName: String
    var shape: [Int]
    var scale: Float
    var zeroPoint: Int
    var isScores: Bool
    /// Scale and zero point are prescribed by the operator, or handed on from its input.
    var hasGivenGrid: Bool
    var weights: DiffReport.Weights?
    /// The largest |code| of each channel's int8 weights.
    var weightCodes: [Int]
    /// Share of the weights at ±127.
    var saturatedWeightShare: Double
    /// How the layer differs from the reference's apart from its numbers.
    var structure: [String]
    /// Why its local error cannot be taken apart, where it is an operator of a blob.
    var splitNote: String?
    var isFloat: Bool { scale == 0 }

    /// The real values of codes −128 and 127.
    var grid: (lower: Double, upper: Double) {
      isFloat
        ? (-.infinity, .infinity)
        : (Double(scale) * Double(-128 - zeroPoint), Double(scale) * Double(127 - zeroPoint))
    }
  }

  /// The same comparison, whatever the machine took for it.
  func isSameComparison(as other: DiffContext) -> Bool {
    comparison == other.comparison && premises == other.premises && classNames == other.classNames
      && sampleCount == other.sampleCount && layers.description == other.layers.description
      && reproduce.checksums == other.reproduce.checksums
  }
}
