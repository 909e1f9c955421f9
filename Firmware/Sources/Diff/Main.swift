// The firmware that `octet diff --board` runs: requests come in where inputs do, answers go out
// where outputs do. The model, the kernels and the memory are those of `Firmware/Main.swift`.

import Board
import OctetRuntime

@main struct Firmware {
  static func main() {
    board_stack_paint()
    var report = board_report()
    let (blob, arena) = unsafe (board_load_model(), board_take_arena())
    unsafe report.arena_byte_count = UInt32(truncatingIfNeeded: arena.byte_count)
    report.self_test = UInt32(BOARD_SELF_TEST_SKIPPED)
    var server = unsafe DiffServer(
      blob: UnsafeRawBufferPointer(start: blob.bytes, count: blob.byte_count),
      arena: UnsafeMutableRawBufferPointer(start: arena.bytes, count: arena.byte_count))
    var byte: UInt8 = 0
    while unsafe board_read_input(&byte, 1) == 1 {
      server.receive(byte) { bytes in
        unsafe bytes.withUnsafeBytes { unsafe board_write_output($0.baseAddress, $0.count) }
      }
    }
    report.magic = UInt32(BOARD_REPORT_MAGIC)
    report.stack_byte_count = board_stack_byte_count()
    if board_stack_is_exhausted() {
      report.error_code = UInt32(ErrorCode.stack.rawValue)
      report.error_detail = report.stack_byte_count
    }
    unsafe board_finish(&report)
  }
}
