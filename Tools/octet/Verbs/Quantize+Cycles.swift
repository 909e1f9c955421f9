import OctetBoards
import OctetCommand
import OctetCompiler

/// What candidates take on a board, in its emulator.
struct CycleCounter {
  /// No option of `quantize` gives compilers more, and what was climbed so far would be lost.
  private static let secondsLimit = 3600

  private let builder: BoardBuilder

  /// - Throws: what is missing before the first candidate is made.
  init(_ name: String) throws {
    let board = try Board.named(name)
    guard board.isModelled else {
      let names = Board.all.filter(\.isModelled).map(\.name).joined(separator: ", ")
      throw CommandError(
        .usage,
        "--max-cycles: no cycles are modelled of \(board.name.shown); take --board \(names)")
    }
    try board.requireEmulator()
    builder = try BoardBuilder(board)
  }

  /// The cycles of one inference on the self-test's input; nil where the model does not fit.
  func cycles(of blob: Blob) throws -> Int? {
    do {
      let result = try TimeLimit.$seconds.withValue(Self.secondsLimit) {
        try BoardRunner.buildAndRun(blob, with: builder, inputs: nil)
      }
      if let failure = result.countFailure { throw CommandError(.inputOutput, failure) }
      guard result.isGood else { throw CommandError(.inputOutput, result.failure) }
      return result.cyclesPerInference
    } catch BoardError.doesNotFit, BoardError.stackExhausted {
      return nil
    }
  }
}
