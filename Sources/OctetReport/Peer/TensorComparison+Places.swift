extension TensorComparison {
  /// The values of the other tensor in other places.
  func permutation(_ different: [Int]) -> (TensorDifference.Pattern, String)? {
    guard different.count >= 2, Set(expected.prefix(1 << 16)).count >= 3 else { return nil }
    if let displaced = displacement(different[0]) { return (.permutation, displaced) }
    let slack = max(tolerance, codes.map { $0.scale * 0.01 } ?? tolerance * 2)
    let (a, b) = (expected.sorted(), actual.sorted())
    let isSame = zip(a, b).allSatisfy { abs($0 - $1) <= slack }
    guard isSame else { return nil }
    return (.permutation, order(slack) ?? "the same values in another order")
  }

  /// Bytes that were lost or came twice: the rest stands a few elements off.
  private func displacement(_ first: Int) -> String? {
    let rest = expected.count - first
    guard rest >= 16 else { return nil }
    for count in [1, 2, 3, 4, 8, 16, 32, 64] where count <= rest / 4 {
      let isLost = (first..<expected.count - count).allSatisfy { holds($0, from: $0 + count) }
      if isLost { return "\(count) elements are lost at element \(first)" }
      let isDoubled = (first + count..<expected.count).allSatisfy { holds($0, from: $0 - count) }
      if isDoubled { return "\(count) elements too many at element \(first)" }
    }
    return nil
  }

  private func holds(_ place: Int, from source: Int) -> Bool {
    abs(actual[place] - expected[source]) <= tolerance
  }

  /// The name of the order that the other's values have; nil for none of the usual ones.
  private func order(_ slack: Float) -> String? {
    let count = max(shape.reduce(1, *), 1)
    guard expected.count % count == 0 else { return nil }
    func matches(_ place: (Int) -> Int) -> Bool {
      expected.indices.allSatisfy { index in
        let source = index / count * count + place(index % count)
        return source < expected.count && abs(actual[index] - expected[source]) <= slack
      }
    }
    if shape.count >= 3 {
      let (height, width, channels) = (
        shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1]
      )
      let line = width * channels
      if matches({ $0 % (height * width) * channels + $0 / (height * width) }) {
        return "channels first"
      }
      if matches({ $0 - $0 % channels + channels - 1 - $0 % channels }) {
        return "channels reversed"
      }
      if height == width,
        matches({ $0 % line / channels * line + $0 / line * channels + $0 % channels })
      {
        return "rows and columns exchanged"
      }
      if matches({ $0 - $0 % line + (width - 1 - $0 % line / channels) * channels + $0 % channels })
      {
        return "mirrored left to right"
      }
      if matches({ (height - 1 - $0 / line) * line + $0 % line }) { return "upside down" }
    }
    for word in [2, 4, 8] where count % word == 0 {
      if matches({ $0 - $0 % word + word - 1 - $0 % word }) {
        return "the \(word) bytes of each word reversed"
      }
    }
    if matches({ count - 1 - $0 }) { return "reversed" }
    return nil
  }
}
