// The firmware of every board: validate the blob, then one inference for each input.
//
// What differs between boards is behind the functions of board.h. The arena is a static array of
// compile-time size; the model stays where it is, in flash or in a mapped file.

import Board
import OctetRuntime

@main struct Firmware {
  static func main() {
    board_stack_paint()
    var report = board_report()
    unsafe report.serve(board_load_model(), board_take_arena())
    report.magic = UInt32(BOARD_REPORT_MAGIC)
    report.stack_byte_count = board_stack_byte_count()
    // Whatever else went wrong came of it.
    if board_stack_is_exhausted() {
      report.fail(ErrorCode.stack, detail: Int(report.stack_byte_count))
    }
    report.nanoseconds = board_nanoseconds()
    unsafe board_finish(&report)
  }
}

extension board_report {
  mutating func serve(_ blob: board_model, _ arena: board_arena) {
    unsafe arena_byte_count = UInt32(truncatingIfNeeded: arena.byte_count)
    self_test = UInt32(BOARD_SELF_TEST_SKIPPED)
    do throws(ModelError) {
      let model = try unsafe Model(
        validating: UnsafeRawBufferPointer(start: blob.bytes, count: blob.byte_count))
      let arena = unsafe UnsafeMutableRawBufferPointer(start: arena.bytes, count: arena.byte_count)
      do throws(SessionError) {
        var session = try unsafe Session(model: model, arena: arena)
        try run(model, &session)
      } catch {
        fail(error.errorCode, detail: error.detail)
      }
    } catch {
      fail(error.cause.rawValue, detail: error.offset, error.cause.text)
    }
  }

  /// One inference for each input that the board reads; without any, the self-test.
  mutating func run(_ model: Model, _ session: inout Session) throws(SessionError) {
    while try session.readInputs(model) {
      // The marks are around the inference, or when tracing around each operator.
      let isTracing = board_is_tracing()
      board_inference_begin()
      for index in 0..<model.operatorCount {
        session.runOperator(index)
        if isTracing {
          board_inference_end()
          session.traceOperator(index)
          #if BOARD_CLOCK
            board_write_time()
          #endif
          board_inference_begin()
        }
      }
      if !isTracing { board_inference_end() }
      for index in 0..<model.outputCount {
        unsafe session.output(index).withUnsafeBufferPointer { output in
          unsafe board_write_output(output.baseAddress, output.count)
        }
      }
      sample_count &+= 1
    }
    if sample_count == 0 {
      let failed = session.selfTest()
      self_test = failed.map { UInt32(truncatingIfNeeded: $0) } ?? UInt32(BOARD_SELF_TEST_PASSED)
    }
  }

  mutating func fail(_ code: ErrorCode, detail: Int) {
    fail(code.rawValue, detail: detail, code.text)
  }

  mutating func fail(_ code: UInt8, detail: Int, _ text: @autoclosure () -> StaticString) {
    error_code = UInt32(code)
    error_detail = UInt32(truncatingIfNeeded: detail)
    // Without them a small board saves 2 KiB: the host, or octet_error_text, knows them by code.
    #if !OCTET_SMALL
      let text = text()
      unsafe board_write_error(text.utf8Start, text.utf8CodeUnitCount)
    #endif
  }
}

extension Session {
  /// False at the end of the inputs.
  mutating func readInputs(_ model: Model) throws(SessionError) -> Bool {
    for index in 0..<model.inputCount {
      var input = input(index)
      let byteCount = unsafe input.withUnsafeMutableBufferPointer { input in
        unsafe board_read_input(input.baseAddress, input.count)
      }
      if byteCount == 0, index == 0 { return false }
      if byteCount != input.count { throw .inputByteCount(byteCount, needed: input.count) }
    }
    return true
  }

  func traceOperator(_ index: Int) {
    let view = state.blob.operator(index)
    for output in 0..<view.outputCount {
      unsafe elements(of: view.output(output)).withUnsafeBufferPointer { values in
        unsafe board_write_trace(values.baseAddress, values.count)
      }
    }
  }
}
