/// The sums of a comparison; merging is exact in any order.
package struct DiffState: Codable, Sendable {
  package var classes: PairedClassification
  package var layers: [LayerSums]
  package var flips: [DiffReport.Flip] = []
  package var margins: DiffReport.Margins
  package var localSampleCount = 0
  package var seconds = 0.0

  /// - Parameters:
  ///   - layers: without any samples.
  ///   - margin: the largest that the histograms of margins hold apart.
  package init(classCount: Int, layers: [LayerSums], margin: Double) {
    classes = PairedClassification(classCount: classCount)
    self.layers = layers
    margins = .init(Histogram(0...margin, binCount: 40))
  }

  package mutating func merge(_ other: DiffState) throws(ReportError) {
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
  package mutating func sortFlips() {
    flips.sort { a, b in
      let (x, y) = (
        a.floatMargin.isNaN ? 0 : a.floatMargin, b.floatMargin.isNaN ? 0 : b.floatMargin
      )
      return x == y ? a.index < b.index : x > y
    }
    for index in flips.indices.dropFirst(DiffReport.Flip.pictureLimit) {
      flips[index].picture = nil
    }
    for index in flips.indices.dropFirst(DiffReport.Flip.activationLimit) {
      flips[index].activations = nil
    }
  }
}
