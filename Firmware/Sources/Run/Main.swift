// octet-run: a model on a Linux board, without anything installed there. Pictures, raw frames or a
// camera's go in, a class and its time come out, a line for each.

import OctetRuntime
import Run

@main struct OctetRun {
  static func main() {
    do throws(Failure) {
      let arguments = (1..<max(run_argument_count(), 1)).map { index in
        unsafe String(cString: run_argument(index))
      }
      if arguments.contains(where: { $0.bytes == "--help".bytes || $0.bytes == "-h".bytes }) {
        var line = Line()
        line.add(Options.usage.string)
        try line.write(to: RUN_STANDARD_OUTPUT)
        run_exit(0)
      }
      run_exit(try run(try Options(arguments))?.rawValue ?? 0)
    } catch {
      report(error)
      run_exit(error.status.rawValue)
    }
  }

  static func report(_ failure: Failure) {
    var line = Line()
    line.add("octet-run: ")
    line.add(visible: failure.text.bytes)
    try? line.write(to: RUN_STANDARD_ERROR)
  }

  /// Why a picture was left out, if one was.
  private static func run(_ options: Options) throws(Failure) -> Failure.Status? {
    let descriptor = unsafe run_open(options.model)
    guard descriptor >= 0 else {
      throw Failure(.noInput, "cannot open", options.model, descriptor)
    }
    var start: UnsafeRawPointer?
    var byteCount = 0
    let error = unsafe run_map(descriptor, &start, &byteCount)
    guard error >= 0 else { throw Failure(.noInput, "cannot map", options.model, error) }
    let blob = unsafe UnsafeRawBufferPointer(start: start, count: byteCount)
    let model = try unsafe makeModel(blob, options)
    // 64 bytes more, so that the arena can begin at a multiple of that.
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.arenaByteCount + 64, alignment: 16)
    let skipped = (64 - Int(bitPattern: memory.baseAddress) & 63) & 63
    let arena = unsafe UnsafeMutableRawBufferPointer(
      rebasing: memory[skipped..<skipped + model.arenaByteCount])
    var session = try unsafe makeSession(model, arena, options)
    var runner = try Runner(model, options)
    try runner.run(&session, model)
    return runner.missed
  }

  @_lifetime(immortal)
  private static func makeModel(
    _ bytes: UnsafeRawBufferPointer, _ options: Options
  ) throws(Failure) -> Model {
    do throws(ModelError) {
      return try unsafe Model(validating: bytes)
    } catch {
      throw Failure(
        .badData,
        "'" + options.model + "' is no model that can be run: byte " + String(error.offset) + ": "
          + error.cause.text.string)
    }
  }

  @_lifetime(copy model)
  private static func makeSession(
    _ model: Model, _ arena: UnsafeMutableRawBufferPointer, _ options: Options
  ) throws(Failure) -> Session {
    do throws(SessionError) {
      return try unsafe Session(model: model, arena: arena)
    } catch {
      throw Failure(
        .badData, "'" + options.model + "': " + error.errorCode.text.string)
    }
  }
}
