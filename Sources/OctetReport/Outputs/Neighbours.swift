/// Vectors of both models, of a number of samples that does not grow with the set: who is nearest
/// to whom can only be told with all of them at hand.
package struct KeptVectors: Codable, Sendable, Equatable {
  static let limit = 512

  struct Entry: Codable, Sendable, Equatable {
    var index: Int
    var label: Int?
    /// The bits, because JSON has no infinity.
    var reference: [UInt32]
    var candidate: [UInt32]
  }

  private(set) var entries: [Entry] = []

  package init() {}

  package mutating func add(_ index: Int, label: Int?, reference: [Float], candidate: [Float]) {
    entries.append(
      Entry(
        index: index, label: label, reference: reference.map(\.bitPattern),
        candidate: candidate.map(\.bitPattern)))
  }

  package mutating func merge(_ other: KeptVectors) { entries += other.entries }

  /// The samples nearest to each, the nearest first, at most `count`; of equals the first.
  private static func nearest(_ vectors: [[Float]], count: Int) -> [[Int]] {
    let lengths = vectors.map { vector in
      vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    return vectors.indices.map { one in
      var near: [(index: Int, likeness: Double)] = []
      for other in vectors.indices where other != one {
        let product = unsafe dot(vectors[one], vectors[other])
        let scale = lengths[one] * lengths[other]
        let likeness = scale > 0 ? product / scale : 0
        guard near.count < count || likeness > near[near.count - 1].likeness else { continue }
        let place = near.firstIndex { $0.likeness < likeness } ?? near.count
        near.insert((other, likeness), at: place)
        if near.count > count { near.removeLast() }
      }
      return near.map(\.index)
    }
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Double {
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        var sums = SIMD4<Double>()
        let whole = min(a.count, b.count) / 4 * 4
        for start in stride(from: 0, to: whole, by: 4) {
          var (x, y) = (SIMD4<Double>(), SIMD4<Double>())
          for lane in 0..<4 {
            x[lane] = unsafe Double(a[start + lane])
            y[lane] = unsafe Double(b[start + lane])
          }
          sums += x * y
        }
        var sum = sums.sum()
        for index in whole..<min(a.count, b.count) {
          sum += unsafe Double(a[index]) * Double(b[index])
        }
        return sum
      }
    }
  }

  /// What the two models' neighbourhoods have in common.
  struct Comparison {
    var sameCount = 0
    var overlap = 0.0
    var floatTop1: Double?
    var int8Top1: Double?
  }

  func compared() -> Comparison {
    let entries = entries.sorted { $0.index < $1.index }
    var result = Comparison()
    guard entries.count > 1 else { return result }
    let reference = Self.nearest(entries.map { $0.reference.map(Float.init(bitPattern:)) }, count: 5)
    let candidate = Self.nearest(entries.map { $0.candidate.map(Float.init(bitPattern:)) }, count: 5)
    for (a, b) in zip(reference, candidate) {
      result.sameCount += a[0] == b[0] ? 1 : 0
      result.overlap += Double(Set(a).intersection(b).count) / Double(a.count)
    }
    result.overlap /= Double(entries.count)
    let labels = entries.map(\.label)
    if !labels.contains(nil) {
      func share(_ near: [[Int]]) -> Double {
        Double(near.indices.count { labels[near[$0][0]] == labels[$0] }) / Double(entries.count)
      }
      (result.floatTop1, result.int8Top1) = (share(reference), share(candidate))
    }
    return result
  }
}
