import Foundation
import OctetRuntime

/// What a run on a board showed.
public struct BoardResult: Sendable {
  /// What ran.
  public var firmware: Firmware
  /// Inferences, one for each sample; 0 when only the self-test ran.
  public var sampleCount: Int
  /// One after the other, in the order of the samples.
  public var outputs: [UInt8]
  /// Whether every byte of every output is the host's.
  public var outputsMatchHost: Bool
  /// Whether the blob's self-test passed on the board, by every operator's checksum.
  public var selfTestPassed: Bool
  /// Where the outputs part from the host's, and the sample in which they first do.
  public var difference: OperatorDifference?
  /// The first sample with another output than the host's; nil when there is none.
  public var differingSampleIndex: Int?
  /// Executed by the core for one inference, the mean of a few; nil on hardware.
  public var instructionsPerInference: Int?
  /// Modelled, for the same inferences, on Cortex-M; nil elsewhere.
  public var cyclesPerInference: Int?
  /// Why the emulator counted nothing; nil when it did, and on hardware.
  public var countFailure: String?
  /// The same by operator, of the first sample; or what each takes by the board's own clock.
  public var operators: [OperatorInstructions] = []
  /// Time of the last inference, on hardware; nil in emulation.
  public var nanosecondsPerInference: Int?
  /// Measured by painting, from the first instruction on.
  public var stackByteCount: Int

  /// All that is written: arena, stack, variables. None of it belongs to the model's weights.
  public var ramByteCount: Int {
    firmware.arenaByteCount + stackByteCount + firmware.dataByteCount + firmware.bssByteCount
  }
}

/// What one operator costs.
public struct OperatorInstructions: Encodable, Sendable {
  /// The operator's name in the blob.
  public var name: String
  /// What it does.
  public var `operator`: String
  /// Multiply-adds.
  public var macCount: Int
  /// Instructions that the core executed for it; nil where nothing counts them.
  public var instructionCount: Int?
  /// Modelled, on Cortex-M; nil elsewhere.
  public var cycleCount: Int?
  /// Cycles by the core's own counter, on bare-metal hardware, the median of a few samples; nil
  /// elsewhere and where the counter is too short.
  public var measuredCycleCount: Int?
  /// Time by the board's clock, the median of a few samples; nil in emulation and on bare metal.
  public var nanoseconds: Int?
}

/// The `board_report` of board.h.
package struct FirmwareReport {
  static let byteCount = 32
  private static let magic: UInt32 = 0x5254_4F42
  private static let selfTestPassed: UInt32 = 0xFFFF_FFFF

  package var errorCode: Int
  package var errorDetail: Int
  package var sampleCount: Int
  package var selfTest: UInt32
  package var stackByteCount: Int
  package var nanoseconds: Int

  var passedSelfTest: Bool { selfTest == Self.selfTestPassed }

  /// Nil when the bytes are not a whole report.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    let words = (0..<8).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
    }
    guard words[0] == Self.magic else { return nil }
    errorCode = Int(words[1])
    errorDetail = Int(words[2])
    sampleCount = Int(words[3])
    selfTest = words[4]
    stackByteCount = Int(words[6])
    nanoseconds = Int(words[7])
  }

  /// That the stack took all its room; nil where it did not.
  var stackError: BoardError? {
    errorCode == ErrorCode.stack.rawValue ? .stackExhausted(byteCount: errorDetail) : nil
  }

  /// Requires that there are results, void or not: see `stackError`.
  ///
  /// - Parameter text: what the firmware printed, if it prints.
  func requireSuccess(_ text: String) throws(BoardError) {
    guard errorCode != 0, stackError == nil else { return }
    let printed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    throw .refused(
      code: errorCode, detail: errorDetail,
      text: ErrorCode.text(of: errorCode).map { "\($0)" } ?? printed)
  }
}
