import OctetModel
import OctetReport

/// Which inputs, or outputs, of two models are the same: those of one name, then those of one shape
/// that no other has, then the rest in order.
enum PortMatching {
  /// For each port of `reference` that of `candidate`; nil where there is none with as many
  /// elements.
  static func matches(_ reference: [DiffModel.Port], _ candidate: [DiffModel.Port]) -> [Int?] {
    var result = [Int?](repeating: nil, count: reference.count)
    var free = Set(candidate.indices)
    func pair(_ index: Int, _ other: Int) {
      result[index] = other
      free.remove(other)
    }
    func match(_ isSame: (DiffModel.Port, DiffModel.Port) -> Bool, isUnique: Bool) {
      for index in reference.indices where result[index] == nil {
        let others = free.sorted().filter {
          candidate[$0].elementCount == reference[index].elementCount
            && isSame(reference[index], candidate[$0])
        }
        let rivals = reference.indices.count {
          result[$0] == nil && isSame(reference[$0], reference[index])
        }
        guard let first = others.first, !isUnique || others.count == 1 && rivals == 1 else {
          continue
        }
        pair(index, first)
      }
    }
    match({ $0.plainName.blobName == $1.plainName.blobName }, isUnique: true)
    match({ $0.shape == $1.shape }, isUnique: true)
    match({ $0.elementCount == $1.elementCount }, isUnique: false)
    return result
  }
}

/// An output that both models have, by its places.
struct OutputPair {
  var reference: Int
  var candidate: Int
  var metric: DiffReport.Metric
  /// Why that metric: a clause.
  var reason: String
  /// Whether its values are probabilities, of which one half is the middle.
  var isProbability: Bool
}
