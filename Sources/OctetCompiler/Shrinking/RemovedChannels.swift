import OctetRuntime

/// The channels that a tensor had before its model was shrunk.
///
/// A shrunk blob holds them behind its data, a line of text for each tensor that lost some: its
/// index, how many channels it had, and runs of those that are gone, with the code that they always
/// had (`channels 7 64 0-4:-128 9:3 12:?`). No reader but `Blob/withAllChannels()` looks there.
struct RemovedChannels: Sendable, Equatable {
  struct Run: Sendable, Equatable {
    var channels: ClosedRange<Int>
    /// Nil where it varied, and nothing read it.
    var code: Int8?
  }

  var originalCount: Int
  /// Runs in order, apart from one another.
  private(set) var runs: [Run] = []

  /// - Parameter codes: the channels that are gone, in order, each with its only code.
  init(originalCount: Int, codes: [(channel: Int, code: Int8?)]) {
    self.originalCount = originalCount
    for (channel, code) in codes {
      if let last = runs.last, last.channels.upperBound + 1 == channel, last.code == code {
        runs[runs.count - 1].channels = last.channels.lowerBound...channel
      } else {
        runs.append(Run(channels: channel...channel, code: code))
      }
    }
  }

  /// How many are gone.
  var count: Int { runs.reduce(0) { $0 + $1.channels.count } }

  /// The channels that are left, in order.
  var kept: [Int] {
    let removed = Set(runs.flatMap(\.channels))
    return (0..<originalCount).filter { !removed.contains($0) }
  }

  /// The code of each channel that is gone, nil where it varied.
  var codes: [Int: Int8?] {
    Dictionary(
      runs.flatMap { run in run.channels.map { ($0, run.code) } },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: As text

  /// What lines begin with: no index of an operator, so that readers that do not know them pass
  /// over them.
  private static let name = "channels"

  /// The line of a tensor.
  func text(tensor: Int) -> String {
    let words = runs.map { run in
      let (first, last) = (run.channels.lowerBound, run.channels.upperBound)
      return (first == last ? "\(first)" : "\(first)-\(last)") + ":"
        + (run.code.map { "\($0)" } ?? "?")
    }
    return ([Self.name, "\(tensor)", "\(originalCount)"] + words).joined(separator: " ")
  }

  /// More channels than any model has; a line that says more is none.
  private static let countLimit = 1 << 16

  /// The tensor that a line is about and what it lost; nil for text that is no such line.
  static func read(_ line: Substring) -> (tensor: Int, removed: RemovedChannels)? {
    let words = line.split(separator: " ")
    guard words.count > 3, words[0] == Self.name, let tensor = Int(words[1]), tensor >= 0,
      let count = Int(words[2]), (2...countLimit).contains(count)
    else { return nil }
    var removed = RemovedChannels(originalCount: count, codes: [])
    var next = 0
    for word in words[3...] {
      let halves = word.split(separator: ":", omittingEmptySubsequences: false)
      let ends = (halves.first ?? "").split(separator: "-").map { Int($0) }
      guard halves.count == 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
        ends.count <= 2, first >= next, last >= first, last < count
      else { return nil }
      let code = Int8(halves[1])
      guard code != nil || halves[1] == "?" else { return nil }
      removed.runs.append(Run(channels: first...last, code: code))
      next = last + 1
    }
    return removed.count < count ? (tensor, removed) : nil
  }
}
