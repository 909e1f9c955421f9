import Foundation
import OctetRuntime
import Testing

/// A space of operators: all choices of a value on each axis, numbered. So corners are met because
/// they are listed, not because a seed happens to draw them.
struct Sweep: Sendable, CustomTestStringConvertible {
  struct Axis: Sendable {
    var name: String
    /// The values that every run of the tests combines.
    var few: [Int]
    /// Those of a run with `OCTET_SWEEP=all`.
    var all: [Int]

    init(_ name: String, few: [Int], all: ClosedRange<Int>) {
      self.init(name, few: few, all: Array(all))
    }

    init(_ name: String, few: [Int], all: [Int]? = nil) {
      self.name = name
      self.few = few
      self.all = all ?? few
    }
  }

  var name: String
  var axes: [Axis]
  /// Nil when the values do not fit together.
  var make: @Sendable ([Int], inout RandomSource) -> WideCase?

  var testDescription: String { name }

  /// `OCTET_SWEEP=all swift test -c release --filter SweepTests` visits everything.
  static let visitsAll = ProcessInfo.processInfo.environment["OCTET_SWEEP"] == "all"

  private var values: [[Int]] { axes.map { Self.visitsAll ? $0.all : $0.few } }

  var count: Int { values.map(\.count).reduce(1, *) }

  /// The case with this number, in 0 ..< `count`.
  func at(_ index: Int) -> WideCase? {
    var rest = index
    let chosen = values.map { values in
      defer { rest /= values.count }
      return values[rest % values.count]
    }
    var random = RandomSource(seed: index)
    guard var wide = make(chosen, &random) else { return nil }
    let point = zip(axes, chosen).map { "\($0.name) \($1)" }.joined(separator: ", ")
    wide.description = "\(name), \(point): \(wide.description)"
    return wide
  }

  /// Calls `body` with every case, in several threads.
  func forEach(_ body: @escaping @Sendable (WideCase) throws -> Void) async throws {
    let chunk = 64
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, start) in stride(from: 0, to: count, by: chunk).enumerated() {
        // No more at once than machines have cores.
        if index >= 16 { try await group.next() }
        group.addTask { [self] in
          for index in start..<min(start + chunk, count) {
            if let wide = at(index) { try body(wide) }
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

/// How the weights and values of a case are drawn.
enum SweptValues: Int {
  case random
  /// All weights −128, all values −128.
  case lowest
  /// −128 or 127, zero points too.
  case extreme

  static let axis = Sweep.Axis("values", few: [0, 1], all: [0, 1, 2])

  func bytes(_ count: Int, _ random: inout RandomSource) -> [Int8] {
    switch self {
    case .random: random.bytes(count)
    case .lowest: [Int8](repeating: -128, count: count)
    case .extreme: (0..<count).map { _ in random.int(0...1) == 0 ? -128 : 127 }
    }
  }

  func zeroPoint(_ random: inout RandomSource) -> Int {
    switch self {
    case .random, .lowest: random.int(-128...127)
    case .extreme: random.int(0...1) == 0 ? -128 : 127
    }
  }

  /// A multiplier that brings sums of `depth` products into the range of the results.
  func multiplier(_ depth: Int, _ random: inout RandomSource) -> FixedPointMultiplier {
    switch self {
    case .random: random.multiplier(near: 60 / (73.0 * 73 * Double(depth).squareRoot()))
    case .lowest, .extreme: random.multiplier(near: 60 / (128.0 * 128 * Double(depth)))
    }
  }
}
