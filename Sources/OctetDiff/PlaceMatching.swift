import OctetEvaluation
import OctetModel
import OctetReport

/// Finds for each place of the candidate the place of the reference that holds the same values.
///
/// Names come first: what Octet quantized keeps them. Models that took different ways (an ONNX
/// reference, a TFLite candidate) are aligned in execution order by kind and shape, as texts are
/// when they are compared.
struct PlaceMatching {
  let reference: [DiffModel.Place]
  let candidate: [DiffModel.Place]

  /// The reference's place for each place of the candidate; nil where there is none.
  func matches() -> [Int?] {
    var result = [Int?](repeating: nil, count: candidate.count)
    guard !reference.isEmpty, !candidate.isEmpty else { return result }
    if reference[0].elementCount == candidate[0].elementCount { result[0] = 0 }
    let named = Dictionary(
      grouping: reference.indices.dropFirst(), by: { reference[$0].tensorName.blobName })
    for index in candidate.indices.dropFirst() {
      guard let found = named[candidate[index].tensorName.blobName], found.count == 1,
        reference[found[0]].elementCount == candidate[index].elementCount
      else { continue }
      result[index] = found[0]
    }
    let matched = result.compactMap { $0 }
    let isInOrder = zip(matched, matched.dropFirst()).allSatisfy { $0 < $1 }
    if !isInOrder { return result }
    // Between two pairs that are sure, the rest is aligned.
    var previous = (reference: 0, candidate: 0)
    for index in Array(candidate.indices.dropFirst()) + [candidate.count] {
      let next = index == candidate.count ? reference.count : result[index]
      guard let next else { continue }
      if index > previous.candidate + 1 {
        align(
          (previous.reference + 1)..<max(next, previous.reference + 1),
          (previous.candidate + 1)..<index, &result)
      }
      previous = (next, index)
    }
    return result
  }

  /// Needleman and Wunsch's alignment without a price for gaps.
  private func align(
    _ references: Range<Int>, _ candidates: Range<Int>, _ result: inout [Int?]
  ) {
    guard !references.isEmpty, references.count * candidates.count <= 1 << 24 else { return }
    let width = candidates.count + 1
    var best = [Double](repeating: 0, count: (references.count + 1) * width)
    for (row, r) in references.enumerated() {
      for (column, c) in candidates.enumerated() {
        let skip = max(best[row * width + column + 1], best[(row + 1) * width + column])
        let pair = best[row * width + column] + likeness(reference[r], candidate[c])
        best[(row + 1) * width + column + 1] = max(skip, pair)
      }
    }
    var (row, column) = (references.count, candidates.count)
    while row > 0, column > 0 {
      let value = best[row * width + column]
      if value == best[row * width + column - 1] {
        column -= 1
      } else if value == best[(row - 1) * width + column] {
        row -= 1
      } else {
        result[candidates.lowerBound + column - 1] = references.lowerBound + row - 1
        row -= 1
        column -= 1
      }
    }
  }

  /// 0 when the two cannot be twins.
  private func likeness(_ a: DiffModel.Place, _ b: DiffModel.Place) -> Double {
    guard a.elementCount == b.elementCount, a.maker.canBeTwin(of: b.maker)
    else { return 0 }
    return a.shape == b.shape ? 2 : 1
  }
}
