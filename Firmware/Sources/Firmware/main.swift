// The firmware of every board: validate the blob, then one inference a sample.
//
// What differs between boards is behind the functions of board.h. The arena is a static array of
// compile-time size; the model stays where it is, in flash or in a mapped file.

import Board
import OctetRuntime

board_stack_paint()
var report = board_report()
report.magic = BOARD_REPORT_MAGIC
report.arena_byte_count = UInt32(board_arena_byte_count)
do throws(ModelError) {
  let blob = board_load_model()
  let model = try Model(
    validating: UnsafeRawBufferPointer(start: blob.bytes, count: blob.byte_count))
  do throws(SessionError) {
    let arena = UnsafeMutableRawBufferPointer(
      start: board_arena_start(), count: board_arena_byte_count)
    inferences(try Session(model: model, arena: arena))
  } catch {
    report.error_code = error.code
    report.error_detail = UInt32(model.arenaByteCount)
  }
} catch {
  report.error_code = UInt32(error.cause.rawValue)
  report.error_detail = UInt32(error.offset)
}
report.stack_byte_count = board_stack_byte_count()
report.nanoseconds = board_nanoseconds()
board_finish(&report)

/// Runs sample after sample; the self-test when the board has no input.
func inferences(_ session: borrowing Session) {
  while readInputs(session) {
    run(session)
    for index in 0..<session.model.outputCount {
      let output = session.output(index)
      board_write_output(output.baseAddress, output.count)
    }
    report.sample_count += 1
  }
}
