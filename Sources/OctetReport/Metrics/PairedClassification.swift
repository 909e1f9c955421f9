/// Two classifiers on the same labelled samples: a reference (float) and a candidate (int8).
///
/// Whole counts only, so shards merge exactly.
package struct PairedClassification: Sendable, Equatable, Codable {
  package private(set) var reference: ConfusionMatrix
  package private(set) var candidate: ConfusionMatrix
  /// Samples that both put in the same class, right or wrong.
  package private(set) var agreementCount = 0
  /// Samples that both put in the right class.
  package private(set) var bothRightCount = 0

  package init(classCount: Int) {
    reference = ConfusionMatrix(classCount: classCount)
    candidate = ConfusionMatrix(classCount: classCount)
  }

  /// - Throws: `classOutOfRange`; then nothing is added.
  package mutating func add(
    label: Int, reference: Int, candidate: Int
  ) throws(ReportError) {
    // Into copies would be simpler, but this runs once a sample.
    guard (0..<self.reference.classCount).contains(candidate) else {
      throw .classOutOfRange(index: candidate, classCount: self.reference.classCount)
    }
    try self.reference.add(label: label, prediction: reference)
    try self.candidate.add(label: label, prediction: candidate)
    agreementCount += reference == candidate ? 1 : 0
    bothRightCount += reference == label && candidate == label ? 1 : 0
  }

  /// - Throws: `shardMismatch`.
  package mutating func merge(_ other: PairedClassification) throws(ReportError) {
    try reference.merge(other.reference)
    try candidate.merge(other.candidate)
    agreementCount += other.agreementCount
    bothRightCount += other.bothRightCount
  }

  package var sampleCount: Int { reference.sampleCount }

  /// The share of samples that both put in the same class; 1 for none.
  package var agreement: Double {
    sampleCount == 0 ? 1 : Double(agreementCount) / Double(sampleCount)
  }

  /// The reference was right, the candidate is wrong.
  package var rightToWrong: Int { reference.correctCount - bothRightCount }

  /// The reference was wrong, the candidate is right.
  package var wrongToRight: Int { candidate.correctCount - bothRightCount }

  /// Accuracy lost: above 0 when the candidate is worse.
  package var accuracyDrop: Double { reference.accuracy - candidate.accuracy }

  /// Is the difference in accuracy real or noise?
  package var significance: McNemarTest {
    McNemarTest(rightToWrong: rightToWrong, wrongToRight: wrongToRight)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    reference = try container.decode(ConfusionMatrix.self, forKey: .reference)
    candidate = try container.decode(ConfusionMatrix.self, forKey: .candidate)
    agreementCount = try container.decode(Int.self, forKey: .agreementCount)
    bothRightCount = try container.decode(Int.self, forKey: .bothRightCount)
    let rightCount = min(reference.correctCount, candidate.correctCount)
    guard reference.classCount == candidate.classCount,
      reference.sampleCount == candidate.sampleCount,
      (0...rightCount).contains(bothRightCount),
      (bothRightCount...reference.sampleCount).contains(agreementCount)
    else { throw ReportError.invalidSaved(what: "comparison") }
  }
}
