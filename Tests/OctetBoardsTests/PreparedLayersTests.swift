import Foundation
import OctetBoards
import OctetCompiler
import Testing

@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct PreparedLayersTests {
  /// 3 × 3 on odd and narrow maps, without padding, with the usual one and with more; channels that
  /// are no four and no eight; 1 × 1; 5 × 5; fully connected with rows and columns that are left.
  ///
  /// - Parameters:
  ///   - depth: channels of the last convolution.
  ///   - outputs: of the fully connected layers.
  private static func layers(
    height: Int, width: Int, depth: Int = 6, outputs: [Int] = [23, 5]
  ) throws -> Blob {
    var layers = GraphOfLayers(height: height, width: width, channels: 3)
    layers.convolution(kernel: 3, padding: 1, outputs: 8, poolOf: 1)
    layers.convolution(kernel: 3, padding: 2, outputs: 16, poolOf: 1)
    layers.convolution(kernel: 3, padding: 1, outputs: 10, poolOf: 1)
    layers.convolution(kernel: 1, padding: 0, outputs: 8, poolOf: 1)
    layers.convolution(kernel: 3, padding: 0, outputs: 9, poolOf: 1)
    layers.convolution(kernel: 5, padding: 2, outputs: depth, poolOf: 1)
    for count in outputs { layers.fullyConnected(outputs: count) }
    return try Compiler.compile(layers.finished()).blob
  }

  private static func run(
    _ blob: Blob, atMost limit: Int? = nil, flash: Int? = nil, all: Bool = true
  ) throws -> BoardResult {
    var builder = try BoardBuilder(try Board.named("cortex-m4"))
    builder.preparesAll = all
    builder.textByteLimit = limit
    builder.flashByteCount = flash
    let inputs = LeNet.samples(3, byteCount: try blob.model().input(0).byteCount, seed: 3)
    return try withTemporaryFolder { folder in
      try BoardRunner(try builder.build(blob, into: folder)).run(blob, inputs: inputs)
    }
  }

  @Test(
    "Prepared weights give the host's bytes, in fewer cycles",
    arguments: [(7, 5), (4, 9), (1, 1)])
  func matchesHost(height: Int, width: Int) throws {
    // Long rows, as short ones are not prepared.
    let blob = try Self.layers(height: height, width: width, depth: 79, outputs: [78, 23])
    let prepared = try Self.run(blob)
    let text = prepared.firmware.codeByteCount
    // A budget one byte below takes a layer away.
    let partly = try Self.run(blob, atMost: text - 1)
    for result in [prepared, partly] {
      #expect(result.outputsMatchHost, "\(result.failure)")
      #expect(result.selfTestPassed)
      #expect(result.firmware.arenaByteCount == (try blob.model().arenaByteCount))
      #expect(result.stackByteCount <= (try #require(result.firmware.stackBoundByteCount)))
    }
    #expect(partly.firmware.codeByteCount < text)
    let cycles = try [prepared, partly].map { try #require($0.cyclesPerInference) }
    #expect(cycles[0] < cycles[1], "\(cycles)")
  }

  @Test("Where flash is short, as much is prepared as fits")
  func shrinksToFlash() throws {
    let blob = try Self.layers(height: 7, width: 5)
    let whole = try Self.run(blob)
    let flash = whole.firmware.codeByteCount + whole.firmware.modelByteCount
    let tight = try [1, 6000].map { try Self.run(blob, flash: flash - $0) }
    for (result, less) in zip(tight, [1, 6000]) {
      #expect(result.outputsMatchHost, "\(result.failure)")
      let used = result.firmware.codeByteCount + result.firmware.modelByteCount
      #expect(used <= flash - less)
      // Of what there was, no more is left free than the code and one layer take.
      #expect(used > flash - less - 8000, "\(used) of \(flash - less)")
    }
    let cycles = try ([whole] + tight).map { try #require($0.cyclesPerInference) }
    #expect(cycles[0] < cycles[1] && cycles[1] <= cycles[2], "\(cycles)")
  }

  /// Runs with none to three values left of their fours, and outputs that are no multiple of four,
  /// or of two; small patches and large ones with a pool, windows that reach beyond the input.
  @Test("Runs of every length", arguments: [1, 2, 3, 5])
  func runs(channels: Int) throws {
    var layers = GraphOfLayers(height: 36, width: 32, channels: channels)
    layers.convolution(kernel: 5, padding: 2, outputs: 5, poolOf: 2)
    layers.convolution(kernel: 3, padding: 1, outputs: channels, poolOf: 2)
    layers.convolution(kernel: 3, padding: 1, outputs: 7, poolOf: 1)
    layers.convolution(kernel: 5, padding: 2, outputs: 5, poolOf: 1)
    layers.convolution(kernel: 2, padding: 0, outputs: 4, poolOf: 1)
    layers.convolution(kernel: 1, padding: 0, outputs: 3, poolOf: 1)
    layers.convolution(kernel: 3, padding: 1, outputs: 6, poolOf: 1)
    let result = try Self.run(try Compiler.compile(layers.finished()).blob)
    #expect(result.outputsMatchHost, "\(result.failure)")
  }

  @Test("Random layers, every form", arguments: [2, 3])
  func random(seed: UInt64) throws {
    let result = try Self.run(try RandomLayers.blob(seed: seed, count: 24))
    #expect(result.outputsMatchHost, "\(result.failure)")
  }

  @Test("What prepared weights cannot help has none, and no code for them")
  func smallGain() throws {
    let firmware = try [true, false].map { try Self.run(try LeNet.blob(), all: $0).firmware }
    #expect(firmware[0].preparedByteCount > 10 * firmware[1].preparedByteCount)
    #expect(
      firmware[1].textByteCount <= 12288 && firmware[1].textByteCount < firmware[0].textByteCount)
  }

  @Test("A budget below the code alone is refused")
  func refusesBudget() throws {
    let blob = try LeNet.perceptron()
    let error = #expect(throws: BoardError.self) { try Self.run(blob, atMost: 1000) }
    guard case .doesNotFit = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(try #require(error))".contains("and 1000 are allowed"))
  }
}

extension Firmware {
  /// What `--text-budget` bounds.
  fileprivate var codeByteCount: Int { textByteCount + preparedByteCount }
}
