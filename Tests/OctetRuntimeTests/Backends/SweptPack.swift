import Foundation
import OctetBoards
import OctetCompiler
import OctetRuntime
import Synchronization
import Testing

/// A board in emulation, whose kernels are swept.
struct SweptBoard: Sendable, CustomTestStringConvertible {
  var board: Board
  /// By QEMU's names; nil is the board's own.
  var processors: [String?] = [nil]
  /// Blobs of swept operators that it runs.
  var packCount: Int

  var testDescription: String { board.name }

  /// Where a program takes the blobs as files; with `OCTET_SWEEP=all` those too that hold each
  /// blob in flash. Packs are strewn over all sweeps, so any of them meets every kernel.
  static let all: [SweptBoard] = {
    let files = Sweep.visitsAll ? 400 : 8
    return Board.all.compactMap { board in
      guard board.family == .linux else {
        return Sweep.visitsAll ? SweptBoard(board: board, packCount: 12) : nil
      }
      switch board.name {
      // The kernels of linux-armv7.
      case "linux-armhf": return nil
      case "linux-riscv64": return Sweep.visitsAll ? Self(board: board, packCount: files) : nil
      case "linux-aarch64":
        // Without the dot product, with it, and with matrix products.
        return Self(
          board: board, processors: ["cortex-a53", "cortex-a76", "max"], packCount: files)
      default: return Self(board: board, packCount: files)
      }
    }
  }()
}

/// Swept operators in one blob, with what goes in and what must come out.
struct SweptPack {
  private(set) var bytes: [UInt8] = []
  private(set) var arenaByteCount = 0
  private(set) var inputs: [UInt8] = []
  private(set) var expected: [UInt8] = []
  private var cases: [WideCase] = []

  /// Operators of a pack: the validator compares all tensors with each other.
  private static let size = 200

  private static let cache = Mutex<[Int: [SweptPack]]>([:])

  /// As many packs of cases from evenly all over the sweeps; the cores share them.
  static func packs(count: Int) throws -> [SweptPack] {
    try cache.withLock { cache in
      if let packs = cache[count] { return packs }
      let packs = try makePacks(count: count)
      cache[count] = packs
      return packs
    }
  }

  private static func makePacks(count: Int) throws -> [SweptPack] {
    let total = Sweep.all.map(\.count).reduce(0, +)
    let wanted = min(count * size, total)
    // A step that is no factor of the axes' lengths, so that no axis stands still.
    var step = max(total / wanted, 1) | 1
    while [3, 5, 7, 11].contains(where: { step % $0 == 0 }) { step += 2 }
    var cases = (0..<wanted).compactMap { number in
      var index = number * step % total
      for sweep in Sweep.all {
        if index < sweep.count { return sweep.at(index) }
        index -= sweep.count
      }
      return nil
    }
    var random = RandomSource(seed: 1)
    cases.shuffle(using: &random)
    return try stride(from: 0, to: cases.count, by: size).map { start in
      try SweptPack(Array(cases[start..<min(start + size, cases.count)]))
    }
  }

  private init(_ cases: [WideCase]) throws {
    self.cases = cases
    var parts: [OperatorBlob.Part] = []
    var end = 0
    for (index, wide) in cases.enumerated() {
      // With much scratch memory and little, and writing over the input, from its channels on or
      // not, or beside it.
      let slack = index % 3 == 1 ? 0 : index % 5
      var plan = try wide.operation.plan(
        index % 3 == 0 ? .apart : .overlapping,
        slack: wide.operation.outputs[0].isInt16 ? slack & ~1 : slack,
        takesMostScratch: index % 4 != 0)
      let start = end
      plan.move(by: start)
      parts.append((wide.operation, plan))
      end = (start + plan.arenaByteCount + 15) & ~15
      inputs += wide.inputs.flatMap { $0.map { UInt8(bitPattern: $0) } }
      expected += wide.expected.map { UInt8(bitPattern: $0) }
    }
    arenaByteCount = end
    bytes = OperatorBlob(parts, arenaByteCount: end).bytes
  }

  /// The case to which the first wrong output belongs.
  func firstDifference(_ outputs: [UInt8]) -> String? {
    guard let index = zip(outputs, expected).enumerated().first(where: { $1.0 != $1.1 })?.offset
    else { return nil }
    var end = 0
    for wide in cases {
      let start = end
      end += wide.expected.count
      if index < end {
        let got = outputs[start..<min(end, outputs.count)].map { Int8(bitPattern: $0) }
        return "\(wide): \(got), not \(wide.expected)"
      }
    }
    return nil
  }
}

extension TestOperator.Plan {
  fileprivate mutating func move(by distance: Int) {
    for index in inputs.indices { inputs[index] += distance }
    for index in outputs.indices { outputs[index] += distance }
    scratch += distance
  }
}

/// A folder that is removed after `body`.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
