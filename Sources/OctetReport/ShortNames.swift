/// Names that fit a width and still differ.
package enum ShortNames {
  /// Each name in at most `width` characters, in the same order.
  ///
  /// Of paths the repetitions go first (`/conv/conv.0/conv.0.0/Conv` becomes `conv.0.0/Conv`), then
  /// what all long names begin with, up to a separator; then the middle goes, because names of
  /// layers differ at their ends. Different names stay different wherever the width has room for a
  /// number.
  ///
  /// - Parameter width: 4 at least.
  package static func fit(_ names: [String], width: Int) -> [String] {
    let width = max(width, 4)
    let long = Set(names.filter { $0.count > width })
    guard !long.isEmpty else { return names }
    let tidied = Dictionary(uniqueKeysWithValues: long.map { ($0, withoutRepetition($0)) })
    let prefix = commonPrefix(Array(Set(tidied.values)))
    var taken = Set(names).subtracting(long)
    var short: [String: String] = [:]
    for name in names where long.contains(name) && short[name] == nil {
      let whole = tidied[name] ?? name
      let fits = whole.count <= width || prefix.isEmpty
      let end = fits ? whole : "…" + whole.dropFirst(prefix.count)
      let rest = end.count <= width ? end : withoutOperation(end)
      var candidate = cut(rest, to: width)
      var number = 1
      while taken.contains(candidate), number < 100_000 {
        number += 1
        candidate = cut(rest, to: max(width - "~\(number)".count, 1)) + "~\(number)"
      }
      taken.insert(candidate)
      short[name] = candidate
    }
    return names.map { short[$0] ?? $0 }
  }

  private static let separators: Set<Character> = ["/", ".", ":", ";"]

  /// A path without the parts that the next part begins with: exporters of modules write both.
  private static func withoutRepetition(_ name: String) -> String {
    let parts = name.split(separator: "/")
    guard parts.count > 1 else { return name }
    let kept = parts.indices.filter { index in
      index + 1 == parts.count || !parts[index + 1].hasPrefix(parts[index] + ".")
    }
    return kept.map { parts[$0] }.joined(separator: "/")
  }

  /// A path without the operation at its end, such as `/Conv`.
  private static func withoutOperation(_ name: String) -> String {
    guard let end = name.lastIndex(of: "/"), end > name.startIndex else { return name }
    let last = name[name.index(after: end)...]
    let isOperation = last.first?.isUppercase == true && last.allSatisfy(\.isLetter)
    return isOperation ? String(name[..<end]) : name
  }

  /// What several names begin with, as far as their last common separator.
  private static func commonPrefix(_ names: [String]) -> String {
    guard names.count > 1, var prefix = names.first.map({ Substring($0) }) else { return "" }
    for name in names.dropFirst() {
      let shared = zip(prefix, name).prefix { $0 == $1 }.count
      prefix = prefix.prefix(shared)
    }
    guard let end = prefix.lastIndex(where: { separators.contains($0) }) else { return "" }
    return String(prefix[...end])
  }

  /// The beginning and the end, the end longer.
  private static func cut(_ name: String, to width: Int) -> String {
    guard name.count > width else { return name }
    // One mark is enough.
    if name.hasPrefix("…") { return "…" + name.suffix(max(0, width - 1)) }
    let tail = max(0, (width - 1) * 2 / 3)
    return name.prefix(max(0, width - 1 - tail)) + "…" + name.suffix(tail)
  }
}
