/// How often each class was taken for each other.
package struct ConfusionMatrix: Sendable, Equatable, Codable {
  package let classCount: Int
  /// `counts[label · classCount + prediction]`.
  package private(set) var counts: [Int]

  package init(classCount: Int) {
    precondition(classCount > 0, "a classifier has classes")
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// - Throws: `classOutOfRange`.
  package mutating func add(label: Int, prediction: Int) throws(ReportError) {
    for index in [label, prediction] where !(0..<classCount).contains(index) {
      throw .classOutOfRange(index: index, classCount: classCount)
    }
    counts[label * classCount + prediction] += 1
  }

  /// - Throws: `shardMismatch`.
  package mutating func merge(_ other: ConfusionMatrix) throws(ReportError) {
    guard other.classCount == classCount else {
      throw .shardMismatch(what: "the number of classes")
    }
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  package func count(label: Int, prediction: Int) -> Int {
    counts[label * classCount + prediction]
  }

  package var sampleCount: Int { counts.reduce(0, +) }

  /// Samples on the diagonal.
  package var correctCount: Int {
    (0..<classCount).reduce(0) { $0 + count(label: $1, prediction: $1) }
  }

  /// Top-1 accuracy: the share of samples whose highest score is at their label; 0 for none.
  package var accuracy: Double {
    sampleCount == 0 ? 0 : Double(correctCount) / Double(sampleCount)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    classCount = try container.decode(Int.self, forKey: .classCount)
    counts = try container.decode([Int].self, forKey: .counts)
    let (square, overflow) = classCount.multipliedReportingOverflow(by: classCount)
    guard classCount > 0, !overflow, counts.count == square,
      counts.allSatisfy({ (0...SavedCount.max / square).contains($0) })
    else { throw ReportError.invalidSaved(what: "confusion matrix") }
  }
}
