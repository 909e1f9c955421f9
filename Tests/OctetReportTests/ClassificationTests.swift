import Foundation
import OctetReport
import Testing

@Suite struct ClassificationTests {
  /// Eight samples of three classes, counted by hand:
  ///
  ///     label      0 0 0 1 1 2 2 2
  ///     reference  0 0 1 1 2 2 2 0    right: 0 1 3 5 6
  ///     candidate  0 1 0 1 2 2 1 1    right: 0 2 3 5
  static let labels = [0, 0, 0, 1, 1, 2, 2, 2]
  static let references = [0, 0, 1, 1, 2, 2, 2, 0]
  static let candidates = [0, 1, 0, 1, 2, 2, 1, 1]

  @Test func workedByHand() throws {
    let pair = try PairedClassification(
      labels: Self.labels, references: Self.references, candidates: Self.candidates,
      classCount: 3)
    #expect(pair.sampleCount == 8)
    #expect(pair.reference.accuracy == 5.0 / 8)
    #expect(pair.candidate.accuracy == 4.0 / 8)
    #expect(pair.accuracyDrop == 1.0 / 8)
    #expect(pair.agreement == 4.0 / 8)
    #expect(pair.rightToWrong == 2)
    #expect(pair.wrongToRight == 1)
    #expect(pair.reference.counts == [2, 1, 0, 0, 1, 1, 1, 0, 2])
    #expect(pair.candidate.counts == [2, 1, 0, 0, 1, 1, 0, 2, 1])
    #expect(pair.significance.pValue == 1)
  }

  @Test func shardsMergeExactly() throws {
    let whole = try PairedClassification(
      labels: Self.labels, references: Self.references, candidates: Self.candidates,
      classCount: 3)
    var merged = PairedClassification(classCount: 3)
    for part in [4..<8, 0..<1, 1..<4] {
      let shard = try PairedClassification(
        labels: Array(Self.labels[part]), references: Array(Self.references[part]),
        candidates: Array(Self.candidates[part]), classCount: 3)
      let saved = try JSONEncoder().encode(shard)
      try merged.merge(try JSONDecoder().decode(PairedClassification.self, from: saved))
    }
    #expect(merged == whole)
  }

  @Test func refusals() throws {
    #expect(throws: ReportError.classOutOfRange(index: 3, classCount: 3)) {
      try PairedClassification(labels: [0], references: [0], candidates: [3], classCount: 3)
    }
    #expect(throws: ReportError.classOutOfRange(index: -1, classCount: 3)) {
      try PairedClassification(labels: [-1], references: [0], candidates: [0], classCount: 3)
    }
    var three = PairedClassification(classCount: 3)
    #expect(throws: ReportError.shardMismatch(what: "the number of classes")) {
      try three.merge(PairedClassification(classCount: 4))
    }
  }

  @Test func emptyRun() {
    let pair = PairedClassification(classCount: 2)
    #expect(pair.agreement == 1 && pair.reference.accuracy == 0)
  }

  @Test(arguments: [
    #"{"classCount":0,"counts":[]}"#, #"{"classCount":2,"counts":[1,2,3]}"#,
    #"{"classCount":1,"counts":[-1]}"#, #"{"classCount":1,"counts":[9223372036854775807]}"#,
    #"{"classCount":9223372036854775807,"counts":[1]}"#,
  ])
  func damagedSaves(json: String) {
    #expect(throws: ReportError.invalidSaved(what: "confusion matrix")) {
      try JSONDecoder().decode(ConfusionMatrix.self, from: Data(json.utf8))
    }
  }
}

extension PairedClassification {
  /// One class a sample, in the same order.
  fileprivate init(
    labels: [Int], references: [Int], candidates: [Int], classCount: Int
  ) throws(ReportError) {
    self.init(classCount: classCount)
    for (label, classes) in zip(labels, zip(references, candidates)) {
      try add(label: label, reference: classes.0, candidate: classes.1)
    }
  }
}

@Suite struct ScoresTests {
  @Test func topIsTheFirstOfEquals() {
    #expect(Scores.top([1, 3, 3, 2]) == 1)
    #expect(Scores.top([Int8](repeating: -128, count: 4)) == 0)
    #expect(Scores.top([Float.nan, -1, .nan, -2]) == 1)
    #expect(Scores.top([Float]()) == nil)
  }

  @Test func margins() {
    #expect(Scores.margin([0.5, 2, 1.25]) == 0.75)
    #expect(Scores.margin([2, 2, 1]) == 0)
    #expect(Scores.margin([-.infinity, -.infinity]) == 0)
    #expect(Scores.margin([1]) == nil)
    #expect(Scores.margin([1, .nan])?.isNaN == true)
  }
}
