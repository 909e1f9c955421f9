/// One sample's scores, one a class.
package enum Scores {
  /// The index of the highest score; the first of equals. NaN is below everything.
  ///
  /// - Returns: nil without scores.
  @inlinable package static func top<Score: Comparable>(_ scores: some Sequence<Score>) -> Int? {
    var best: (index: Int, score: Score)?
    for (index, score) in scores.enumerated() {
      guard let current = best else {
        best = (index, score)
        continue
      }
      let isCurrentNaN = current.score != current.score
      if score > current.score || (isCurrentNaN && score == score) { best = (index, score) }
    }
    return best?.index
  }

  /// How clear the decision is: the highest score minus the second highest, 0 for a tie.
  ///
  /// - Returns: nil for fewer than two scores; NaN when a score is.
  @inlinable package static func margin(_ scores: some Sequence<Float>) -> Float? {
    var (first, second) = (-Float.infinity, -Float.infinity)
    var count = 0
    for score in scores {
      if score.isNaN { return .nan }
      count += 1
      if score > first {
        (first, second) = (score, first)
      } else if score > second {
        second = score
      }
    }
    return count < 2 ? nil : first == second ? 0 : first - second
  }
}
