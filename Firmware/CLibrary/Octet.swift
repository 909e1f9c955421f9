// octet.h in Swift. `@implementation` lets the compiler check each function against the header
// (SE-0495).

import COctet
import OctetRuntime

@c @implementation
public func octet_arena_byte_count(_ blob: UnsafeRawPointer?, _ byteCount: Int) -> Int {
  let bytes = unsafe UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : byteCount)
  guard let model = try? unsafe Model(validating: bytes) else { return 0 }
  return model.arenaByteCount
}

@c @implementation
public func octet_workspace_byte_count(_ blob: UnsafeRawPointer?, _ byteCount: Int) -> Int {
  let bytes = unsafe UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : byteCount)
  guard let model = try? unsafe Model(validating: bytes) else { return 0 }
  return model.workspaceByteCount(for: .best)
}

@c @implementation
public func octet_open(
  _ session: UnsafeMutablePointer<octet_session>?, _ blob: UnsafeRawPointer?, _ blobByteCount: Int,
  _ arena: UnsafeMutableRawPointer?, _ arenaByteCount: Int
) -> CInt {
  unsafe open(
    session, blob, blobByteCount, arena, arenaByteCount, backend: nil, workspace: nil)
}

@c @implementation
public func octet_open_with_workspace(
  _ session: UnsafeMutablePointer<octet_session>?, _ blob: UnsafeRawPointer?, _ blobByteCount: Int,
  _ arena: UnsafeMutableRawPointer?, _ arenaByteCount: Int,
  _ workspace: UnsafeMutableRawPointer?, _ workspaceByteCount: Int
) -> CInt {
  let region = unsafe UnsafeMutableRawBufferPointer(
    start: workspace, count: workspace == nil ? 0 : workspaceByteCount)
  return unsafe open(
    session, blob, blobByteCount, arena, arenaByteCount, backend: .best, workspace: region)
}

/// - Parameter backend: nil for the fastest that needs no more memory.
private func open(
  _ session: UnsafeMutablePointer<octet_session>?, _ blob: UnsafeRawPointer?, _ blobByteCount: Int,
  _ arena: UnsafeMutableRawPointer?, _ arenaByteCount: Int, backend: Backend?,
  workspace: UnsafeMutableRawBufferPointer?
) -> CInt {
  guard let session = unsafe session else { return CInt(OCTET_ERROR_NOT_OPEN) }
  unsafe session.pointee = octet_session()
  do throws(ModelError) {
    let view = try unsafe BlobView(
      validating: UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : blobByteCount))
    let region = unsafe UnsafeMutableRawBufferPointer(
      start: arena, count: arena == nil ? 0 : arenaByteCount)
    do throws(SessionError) {
      let state = try unsafe SessionState(
        view, arena: region, backend: backend, workspace: workspace)
      unsafe session.pointee = octet_session(
        blob: blob, blob_byte_count: blobByteCount, arena: arena,
        arena_byte_count: arenaByteCount, error_detail: 0, workspace: state.preparedWorkspace,
        backend: CInt(state.backend.rawValue))
      return CInt(OCTET_OK)
    } catch {
      unsafe session.pointee.error_detail = error.detail
      return CInt(error.errorCode.rawValue)
    }
  } catch {
    unsafe session.pointee.error_detail = error.offset
    return CInt(error.cause.rawValue)
  }
}

@c @implementation
public func octet_run(
  _ session: UnsafeMutablePointer<octet_session>?, _ input: UnsafePointer<Int8>?,
  _ inputByteCount: Int, _ output: UnsafeMutablePointer<Int8>?, _ outputByteCount: Int
) -> CInt {
  guard let handle = unsafe session, let opened = unsafe SessionState(handle.pointee) else {
    return CInt(OCTET_ERROR_NOT_OPEN)
  }
  let inputNeeded = unsafe octet_input_byte_count(handle)
  guard let input = unsafe input, inputByteCount == inputNeeded else {
    unsafe handle.pointee.error_detail = inputNeeded
    return CInt(OCTET_ERROR_INPUT_BYTE_COUNT)
  }
  let outputNeeded = unsafe octet_output_byte_count(handle)
  guard let output = unsafe output, outputByteCount == outputNeeded else {
    unsafe handle.pointee.error_detail = outputNeeded
    return CInt(OCTET_ERROR_OUTPUT_BYTE_COUNT)
  }
  var next = 0
  for index in 0..<opened.blob.inputCount {
    let count = opened.blob.input(index).byteCount
    unsafe opened.input(index).baseAddress?.update(from: input + next, count: count)
    next &+= count
  }
  opened.run()
  next = 0
  for index in 0..<opened.blob.outputCount {
    let values = unsafe opened.elements(of: opened.blob.output(index))
    for position in 0..<values.count { unsafe output[next &+ position] = values[position] }
    next &+= values.count
  }
  return CInt(OCTET_OK)
}

// MARK: In place, and operator by operator

@c @implementation
public func octet_input_values(
  _ session: UnsafePointer<octet_session>?, _ index: Int
) -> UnsafeMutablePointer<Int8>? {
  guard let opened = unsafe open(session), index >= 0, index < opened.blob.inputCount else {
    return nil
  }
  return unsafe opened.input(index).baseAddress
}

@c @implementation
public func octet_run_in_place(_ session: UnsafeMutablePointer<octet_session>?) -> CInt {
  guard let opened = unsafe open(session) else { return CInt(OCTET_ERROR_NOT_OPEN) }
  opened.run()
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_output_values(
  _ session: UnsafePointer<octet_session>?, _ index: Int
) -> UnsafePointer<Int8>? {
  guard let opened = unsafe open(session), index >= 0, index < opened.blob.outputCount else {
    return nil
  }
  return unsafe opened.elements(of: opened.blob.output(index)).baseAddress
}

@c @implementation
public func octet_operator_count(_ session: UnsafePointer<octet_session>?) -> Int {
  unsafe model(session)?.operatorCount ?? 0
}

@c @implementation
public func octet_run_operator(
  _ session: UnsafeMutablePointer<octet_session>?, _ index: Int
) -> CInt {
  guard let opened = unsafe open(session) else { return CInt(OCTET_ERROR_NOT_OPEN) }
  guard index >= 0, index < opened.blob.operatorCount else {
    return CInt(OCTET_ERROR_TENSOR_INDEX)
  }
  opened.runOperator(index)
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_run_timed(
  _ session: UnsafeMutablePointer<octet_session>?,
  _ clock: (@convention(c) (UnsafeMutableRawPointer?) -> UInt32)?,
  _ context: UnsafeMutableRawPointer?, _ ticks: UnsafeMutablePointer<UInt32>?, _ count: Int
) -> CInt {
  guard let opened = unsafe open(session), let clock = unsafe clock,
    let ticks = unsafe ticks
  else {
    return CInt(OCTET_ERROR_NOT_OPEN)
  }
  guard count == opened.blob.operatorCount else { return CInt(OCTET_ERROR_TENSOR_INDEX) }
  var last = unsafe clock(context)
  for index in 0..<count {
    opened.runOperator(index)
    let now = unsafe clock(context)
    unsafe ticks[index] = now &- last
    last = now
  }
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_operator_output_count(
  _ session: UnsafePointer<octet_session>?, _ index: Int
) -> Int {
  guard let model = unsafe model(session), index >= 0, index < model.operatorCount else { return 0 }
  return model.operator(index).outputCount
}

@c @implementation
public func octet_operator_output(
  _ session: UnsafePointer<octet_session>?, _ index: Int, _ output: Int,
  _ tensor: UnsafeMutablePointer<octet_tensor>?
) -> CInt {
  guard let model = unsafe model(session) else { return CInt(OCTET_ERROR_NOT_OPEN) }
  guard output >= 0, output < (unsafe octet_operator_output_count(session, index)) else {
    return CInt(OCTET_ERROR_TENSOR_INDEX)
  }
  unsafe tensor?.pointee = octet_tensor(model.operator(index).output(output))
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_operator_output_values(
  _ session: UnsafePointer<octet_session>?, _ index: Int, _ output: Int
) -> UnsafePointer<Int8>? {
  guard let opened = unsafe open(session), output >= 0,
    output < (unsafe octet_operator_output_count(session, index))
  else { return nil }
  return unsafe opened.elements(of: opened.blob.operator(index).output(output)).baseAddress
}

@c @implementation
public func octet_operator_name(
  _ session: UnsafePointer<octet_session>?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let model = unsafe model(session), index >= 0, index < model.operatorCount else {
    return nil
  }
  return unsafe model.operator(index).name.start.assumingMemoryBound(to: CChar.self)
}

// MARK: Looked at by a host

/// What an `octet_diff` holds.
private struct DiffEnd {
  var server: DiffServer
  let write: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Void
  let context: UnsafeMutableRawPointer?
}

@c @implementation
public func octet_diff_open(
  _ diff: UnsafeMutablePointer<octet_diff>?, _ blob: UnsafeRawPointer?, _ blobByteCount: Int,
  _ arena: UnsafeMutableRawPointer?, _ arenaByteCount: Int,
  _ write: (@convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Void)?,
  _ context: UnsafeMutableRawPointer?
) -> CInt {
  guard let diff = unsafe diff, let write = unsafe write else { return CInt(OCTET_ERROR_NOT_OPEN) }
  let server = unsafe DiffServer(
    blob: UnsafeRawBufferPointer(start: blob, count: blob == nil ? 0 : blobByteCount),
    arena: UnsafeMutableRawBufferPointer(start: arena, count: arena == nil ? 0 : arenaByteCount))
  precondition(MemoryLayout<DiffEnd>.size <= MemoryLayout<octet_diff>.size)
  unsafe UnsafeMutableRawPointer(diff).initializeMemory(
    as: DiffEnd.self, to: DiffEnd(server: server, write: write, context: context))
  return CInt(server.errorCode)
}

@c @implementation
public func octet_diff_receive(_ diff: UnsafeMutablePointer<octet_diff>?, _ byte: UInt8) {
  guard let diff = unsafe diff else { return }
  let end = unsafe UnsafeMutableRawPointer(diff).assumingMemoryBound(to: DiffEnd.self)
  let (write, context) = unsafe (end.pointee.write, end.pointee.context)
  unsafe end.pointee.server.receive(byte) { bytes in
    unsafe bytes.withUnsafeBytes { unsafe write(context, $0.baseAddress, $0.count) }
  }
}

// MARK: What the model is

@c @implementation
public func octet_read_header(
  _ bytes: UnsafeRawPointer?, _ byteCount: Int, _ header: UnsafeMutablePointer<octet_header>?
) -> CInt {
  guard let bytes = unsafe bytes, byteCount >= BlobHeader.byteCount else {
    return CInt(OCTET_ERROR_TRUNCATED)
  }
  guard UInt(bitPattern: bytes) & UInt(BlobLimits.alignment - 1) == 0 else {
    return CInt(OCTET_ERROR_MISALIGNED)
  }
  let blob = unsafe BlobView(
    unvalidated: UnsafeRawBufferPointer(start: bytes, count: byteCount))
  guard blob[BlobHeader.magic] == Int(truncatingIfNeeded: BlobHeader.magicValue) else {
    return CInt(OCTET_ERROR_MAGIC)
  }
  unsafe header?.pointee = octet_header(
    byte_count: blob[BlobHeader.blobByteCount], checksum: blob.checksum,
    format_version: UInt16(truncatingIfNeeded: blob[BlobHeader.version]),
    arena_byte_count: blob.arenaByteCount)
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_version() -> CInt { CInt(OCTET_VERSION) }

@c @implementation
public func octet_self_test(_ session: UnsafeMutablePointer<octet_session>?) -> CInt {
  guard let handle = unsafe session, let opened = unsafe SessionState(handle.pointee) else {
    return CInt(OCTET_ERROR_NOT_OPEN)
  }
  guard let failed = opened.selfTest() else { return CInt(OCTET_OK) }
  unsafe handle.pointee.error_detail = failed
  return CInt(OCTET_ERROR_SELF_TEST)
}

@c @implementation
public func octet_input_byte_count(_ session: UnsafePointer<octet_session>?) -> Int {
  guard let model = unsafe model(session) else { return 0 }
  var sum = 0
  for index in 0..<model.inputCount { sum &+= model.input(index).byteCount }
  return sum
}

@c @implementation
public func octet_output_byte_count(_ session: UnsafePointer<octet_session>?) -> Int {
  guard let model = unsafe model(session) else { return 0 }
  var sum = 0
  for index in 0..<model.outputCount { sum &+= model.output(index).byteCount }
  return sum
}

@c @implementation
public func octet_input(
  _ session: UnsafePointer<octet_session>?, _ index: Int,
  _ tensor: UnsafeMutablePointer<octet_tensor>?
) -> CInt {
  guard let model = unsafe model(session) else { return CInt(OCTET_ERROR_NOT_OPEN) }
  guard index >= 0, index < model.inputCount else { return CInt(OCTET_ERROR_TENSOR_INDEX) }
  unsafe tensor?.pointee = octet_tensor(model.input(index))
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_output(
  _ session: UnsafePointer<octet_session>?, _ index: Int,
  _ tensor: UnsafeMutablePointer<octet_tensor>?
) -> CInt {
  guard let model = unsafe model(session) else { return CInt(OCTET_ERROR_NOT_OPEN) }
  guard index >= 0, index < model.outputCount else { return CInt(OCTET_ERROR_TENSOR_INDEX) }
  unsafe tensor?.pointee = octet_tensor(model.output(index))
  return CInt(OCTET_OK)
}

@c @implementation
public func octet_label(
  _ session: UnsafePointer<octet_session>?, _ index: Int
) -> UnsafePointer<CChar>? {
  guard let model = unsafe model(session), index >= 0, index < model.labelCount else { return nil }
  return unsafe model.label(index).start.assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func octet_error_text(_ code: CInt) -> UnsafePointer<CChar>? {
  // Literals end with a zero byte.
  unsafe UnsafeRawPointer(text(of: code).utf8Start).assumingMemoryBound(to: CChar.self)
}

private func text(of code: CInt) -> StaticString {
  code == CInt(OCTET_OK) ? "no error" : ErrorCode.text(of: Int(code)) ?? "an unknown error code"
}

/// The model of an open session; nil otherwise.
private func model(_ session: UnsafePointer<octet_session>?) -> BlobView? {
  guard let session = unsafe session, let blob = unsafe session.pointee.blob else { return nil }
  return unsafe BlobView(
    unvalidated: UnsafeRawBufferPointer(start: blob, count: session.pointee.blob_byte_count))
}

private func open(_ session: UnsafePointer<octet_session>?) -> SessionState? {
  guard let session = unsafe session else { return nil }
  return unsafe SessionState(session.pointee)
}

extension SessionState {
  /// The session again; `octet_open` checked what it holds.
  fileprivate init?(_ handle: octet_session) {
    guard let bytes = unsafe handle.blob, let arena = unsafe handle.arena else { return nil }
    let blob = unsafe BlobView(
      unvalidated: UnsafeRawBufferPointer(start: bytes, count: handle.blob_byte_count))
    unsafe self.init(
      unchecked: blob, arena: arena,
      backend: Backend(rawValue: UInt8(truncatingIfNeeded: handle.backend)) ?? .portable,
      workspace: handle.workspace)
  }
}

extension octet_tensor {
  fileprivate init(_ tensor: TensorRecord) {
    self.init()
    byte_count = tensor.byteCount
    dimensions = (
      Int32(tensor.dimension(0)), Int32(tensor.dimension(1)), Int32(tensor.dimension(2)),
      Int32(tensor.dimension(3))
    )
    scale = tensor.scale
    zero_point = tensor.zeroPoint
    element_byte_count = Int32(tensor.elementByteCount)
  }
}
