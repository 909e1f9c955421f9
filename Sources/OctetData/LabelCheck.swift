/// What is done about labels of an IDX set that look damaged.
public enum LabelPolicy: Sendable {
  /// They are refused: see `LabelCheck`.
  case checked
  /// Labels are taken as they are: there are as many classes as the highest one asks for.
  case asTheyAre
}

/// Labels of an IDX set against each other: one damaged byte must not make two hundred classes.
///
/// Refused are, in training labels above the ten that every IDX set has,
///
/// - a class without an image below the highest label, but for 0 (EMNIST's letters count from 1),
///   since one wrong byte leaves a gap;
/// - a highest label on less than a twentieth of the images that the median class has, since one
///   wrong byte next to the others leaves no gap;
///
/// and test labels that no training image has.
struct LabelCheck {
  /// Labels with the file they came from.
  struct File {
    var path: String
    var labels: [UInt8]
    var isPacked: Bool

    /// Labels follow a header of 8 bytes.
    func error(at index: Int, _ reason: String) -> DataError {
      .malformed(
        path: path, byteOffset: 8 + index,
        reason: "image \(index) has the label \(labels[index]), \(reason); is the byte damaged? "
          + "Mend the file, or take the labels as they are with --any-labels"
          + (isPacked ? " (bytes counted after unpacking)" : ""))
    }
  }

  private static let commonClassCount = 10
  private static let leastShare = 20

  static func check(train: File, test: File) throws(DataError) {
    var counts = [Int](repeating: 0, count: 256)
    for label in train.labels { counts[Int(label)] += 1 }
    let highest = counts.lastIndex { $0 > 0 } ?? 0
    if highest >= commonClassCount {
      if let gap = (1..<highest).first(where: { counts[$0] == 0 }) {
        let end = (gap..<highest).first { counts[$0] > 0 } ?? highest
        let after = max(end, commonClassCount)
        if let index = train.labels.firstIndex(where: { $0 >= after }) {
          let last = min(end, Int(train.labels[index])) - 1
          let missing = gap == last ? "\(gap)" : "\(gap) … \(last)"
          throw train.error(at: index, "but no training image has \(missing)")
        }
      }
      let sorted = counts.filter { $0 > 0 }.sorted()
      let median = sorted[sorted.count / 2]
      if counts[highest] * leastShare <= median,
        let index = train.labels.firstIndex(of: UInt8(highest))
      {
        throw train.error(
          at: index,
          "which \(counts[highest] == 1 ? "no other" : "only \(counts[highest])") of "
            + "\(train.labels.count) training images \(counts[highest] == 1 ? "has" : "have")")
      }
    }
    if let index = test.labels.firstIndex(where: { counts[Int($0)] == 0 }) {
      throw test.error(at: index, "which no training image has")
    }
  }
}
