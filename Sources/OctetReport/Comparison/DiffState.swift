/// The sums of a comparison; merging is exact in any order.
package struct DiffState: Codable, Sendable {
  package var sampleCount = 0
  /// The first output's, where that is of a classifier and the samples are labelled.
  package var classes: PairedClassification?
  package var outputs: [OutputSums]
  package var layers: [LayerSums]
  package var flips: [DiffReport.Flip] = []
  /// Of the worst samples.
  package var insides: [DiffReport.Inside] = []
  package var margins: DiffReport.Margins
  package var localSampleCount = 0
  package var seconds = 0.0

  /// - Parameters:
  ///   - classCount: nil where the first output has no classes that are labelled.
  ///   - layers: without any samples.
  ///   - margin: the largest that the histograms of margins hold apart.
  package init(classCount: Int?, outputCount: Int, layers: [LayerSums], margin: Double) {
    classes = classCount.map { PairedClassification(classCount: $0) }
    outputs = [OutputSums](repeating: OutputSums(), count: outputCount)
    self.layers = layers
    margins = .init(Histogram(0...margin, binCount: 40))
  }

  package mutating func merge(_ other: DiffState) throws(ReportError) {
    guard layers.count == other.layers.count, outputs.count == other.outputs.count else {
      throw .shardMismatch(what: "the number of layers or outputs")
    }
    sampleCount += other.sampleCount
    if let more = other.classes { try classes?.merge(more) }
    for index in outputs.indices { outputs[index].merge(other.outputs[index]) }
    for index in layers.indices { try layers[index].merge(other.layers[index]) }
    flips += other.flips
    insides += other.insides
    try margins.flips.merge(other.margins.flips)
    try margins.others.merge(other.margins.others)
    localSampleCount += other.localSampleCount
    seconds += other.seconds
  }

  /// The samples that one looks at first: the most surprising flips, or those with the largest
  /// errors of the first output. What is among them in the whole is so in its shard.
  package var worstSamples: [Int] {
    let flipped = flips.map(\.index)
    let worst = outputs.first?.worst.entries.filter { $0.squared > 0 }.map(\.index) ?? []
    return Array((flipped.isEmpty ? worst : flipped).prefix(DiffReport.Inside.countLimit))
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
    let shown = worstSamples
    insides = shown.compactMap { index in insides.first { $0.index == index } }
  }
}
