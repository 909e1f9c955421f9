/// "Did you mean": the nearest of some names by edit distance.
package enum Suggestion {
  /// The nearest name, if it is near enough to be meant: at most a third of the letters differ
  /// (at least one may). Ties go to the earlier name.
  package static func nearest(to text: String, among names: [String]) -> String? {
    let limit = max(1, text.count / 3)
    var best: (name: String, distance: Int)?
    for name in names {
      var distance = editDistance(Array(text.lowercased()), Array(name.lowercased()))
      // What has only been begun, `quant` for `quantize`, is near at any distance.
      if text.count >= 3, name.hasPrefix(text) { distance = min(distance, limit) }
      if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
  }

  /// `; did you mean 'train'?`, or nothing.
  package static func sentence(for text: String, among names: [String]) -> String {
    nearest(to: text, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// The number of insertions, deletions, substitutions and swaps of neighbours that turn one
  /// text into the other (optimal string alignment; Damerau, CACM 7(3), 1964).
  package static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in b.indices {
        let substitution = last[j] + (a[i] == b[j] ? 0 : 1)
        var cost = min(substitution, last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          cost = min(cost, beforeLast[j - 1] + 1)
        }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
