import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// What the stack needs is known when firmware is linked, and suffices.
@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct StackTests {
  @Test("RAM for exactly what the stack can need is enough, a word less is refused")
  func boundsStack() throws {
    let (blob, roomy) = try Built.perceptron(try Board.named("cortex-m3"))
    let bound = try #require(roomy.stackBoundByteCount)
    let variables = roomy.arenaByteCount + roomy.dataByteCount + roomy.bssByteCount
    try withTemporaryFolder { folder in
      // The arena starts and ends at an aligned address.
      let ram = (variables + 32) & ~15 + bound
      let tight = try Self.build(blob, ramByteCount: ram, in: folder, on: "cortex-m3")
      #expect(tight.stackBoundByteCount == bound)
      let result = try BoardRunner(tight).run(blob, inputs: LeNet.samples(3, byteCount: 16))
      #expect(result.outputsMatchHost)
      #expect(result.selfTestPassed)
      #expect(result.stackByteCount <= bound)
      let error = #expect(throws: BoardError.self) {
        try Self.build(blob, ramByteCount: ram - 32, in: folder, on: "cortex-m3")
      }
      let needed = ram - 32 + (try Self.missing(error))
      #expect(needed <= ram)
      #expect(
        error?.description.hasPrefix(
          "the model does not fit cortex-m3: \(needed) bytes of RAM are needed (arena "
            + "\(roomy.arenaByteCount), stack up to \(bound), ") == true)
      // Exactly what it says is enough.
      #expect(
        try Self.build(blob, ramByteCount: needed, in: folder, on: "cortex-m3").stackBoundByteCount
          == bound)
    }
  }

  @Test("A stack that runs into the arena is named, whatever the outputs are")
  func namesOverflow() throws {
    let (blob, roomy) = try Built.perceptron(try Board.named("cortex-m4"))
    let variables = roomy.arenaByteCount + roomy.dataByteCount + roomy.bssByteCount
    let samples = LeNet.samples(3, byteCount: 16)
    let used = try BoardRunner(roomy).run(blob, inputs: samples).stackByteCount
    try withTemporaryFolder { folder in
      let ram = variables + used - 64
      let tight = try Self.build(blob, ramByteCount: ram, in: folder, checksStack: false)
      let error = #expect(throws: BoardError.self) {
        try BoardRunner(tight).run(blob, inputs: samples)
      }
      guard case .stackExhausted(let byteCount) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(byteCount < (try #require(roomy.stackBoundByteCount)))
      #expect(
        error?.description.hasPrefix("the stack needed more than \(byteCount) bytes: ") == true)
    }
  }

  /// One core when quick; all with OCTET_ALL_BOARDS.
  private static let cores =
    ProcessInfo.processInfo.environment["OCTET_ALL_BOARDS"] != nil
    ? Board.all.filter { $0.family == .bareMetal }.map(\.name) : ["cortex-m0"]

  @Test("The bound is known with every operator", arguments: cores)
  func knowsAllOperators(name: String) throws {
    var builder = try BoardBuilder(try Board.named(name))
    builder.selectsOperators = false
    try withTemporaryFolder { folder in
      let firmware = try builder.build(try LeNet.perceptron(), into: folder)
      let bound = try #require(firmware.stackBoundByteCount)
      #expect((1024...4096).contains(bound), "\(bound)")
    }
  }

  /// The bytes that the message says are missing.
  private static func missing(_ error: BoardError?) throws -> Int {
    let match = try #require(error?.description.firstMatch(of: /, (\d+) more than its/))
    return try #require(Int(match.output.1))
  }

  private static func build(
    _ blob: Blob, ramByteCount: Int, in folder: URL, on board: String = "cortex-m4",
    checksStack: Bool = true
  ) throws -> Firmware {
    var builder = try BoardBuilder(try Board.named(board))
    builder.ramByteCount = ramByteCount
    builder.checksStack = checksStack
    return try builder.build(blob, into: folder)
  }
}
