/// How often each of the 256 int8 codes occurs in a tensor; of int16 as many equal parts of the
/// codes, but for the two at the ends, which count the first and the last code alone.
package struct CodeUsage: Sendable, Equatable, Codable {
  /// The ends of the range at which a code may mean "clipped".
  package struct Ends: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// −128. Not an error after a fused ReLU with zero point −128, where it means 0.
    package static let low = Ends(rawValue: 1)
    /// 127. Not an error after a fused ReLU6 that ends there.
    package static let high = Ends(rawValue: 2)
  }

  /// Entry `code + 128`, or `part + 128`.
  package private(set) var counts = [Int](repeating: 0, count: 256)

  package init() {}

  package mutating func add(_ codes: Span<Int8>) {
    for index in 0..<codes.count { counts[Int(codes[index]) + 128] += 1 }
  }

  package mutating func add(_ codes: Span<Int16>) {
    for index in 0..<codes.count {
      let code = Int(codes[index])
      let isEnd = code == -32_768 || code == 32_767
      counts[(isEnd ? code >> 8 : max(-127, min(126, code >> 8))) + 128] += 1
    }
  }

  package mutating func merge(_ other: CodeUsage) {
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  package var totalCount: Int { counts.reduce(0, +) }

  package func count(of code: Int8) -> Int { counts[Int(code) + 128] }

  /// The share of elements whose code is at one of the ends; 0 for no elements.
  package func saturatedShare(at ends: Ends) -> Double {
    let low = ends.contains(.low) ? count(of: -128) : 0
    let high = ends.contains(.high) ? count(of: 127) : 0
    return totalCount == 0 ? 0 : Double(low + high) / Double(totalCount)
  }

  /// The share of codes in `range` that never occur: what a smaller scale could use.
  package func neverUsedShare(in range: ClosedRange<Int8> = -128...127) -> Double {
    let used = counts[(Int(range.lowerBound) + 128)...(Int(range.upperBound) + 128)]
    return Double(used.count { $0 == 0 }) / Double(used.count)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    counts = try container.decode([Int].self, forKey: .counts)
    guard counts.count == 256, counts.allSatisfy({ (0...SavedCount.max).contains($0) }) else {
      throw ReportError.invalidSaved(what: "code usage")
    }
  }
}
