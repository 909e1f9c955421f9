/// A model and the memory it runs in.
///
/// ```swift
/// let model = try Model(validating: bytes)
/// var session = try Session(model: model, arena: arena)
/// try session.setInput(0, image)
/// session.run()
/// let scores = session.output(0)
/// ```
@safe public struct Session {
  // Safety: `init` checked that the arena holds what the model needs; the caller keeps it alive
  // and to itself while the session is used.
  public let model: Model
  let arena: UnsafeMutableRawPointer
  /// Nil for a backend that needs none.
  private let workspace: UnsafeMutableRawPointer?
  public let backend: Backend
  private let addsPairs: Bool

  /// - Parameters:
  ///   - arena: at least `model.arenaByteCount` bytes, 4-aligned; its contents need no preparation.
  ///   - backend: nil for the fastest that this machine has and `workspace` suffices for.
  ///   - workspace: at least `model.workspaceByteCount(for: backend)` bytes, 64-aligned, kept alive
  ///     with the session. Only it and the arena are written.
  public init(
    model: Model, arena: UnsafeMutableRawBufferPointer, backend: Backend? = nil,
    workspace: UnsafeMutableRawBufferPointer? = nil
  ) throws(SessionError) {
    let needed = model.arenaByteCount
    guard arena.count >= needed, let base = arena.baseAddress else {
      throw .arenaTooSmall(byteCount: arena.count, needed: needed)
    }
    guard UInt(bitPattern: base) & UInt(BlobLimits.alignment - 1) == 0 else {
      throw .arenaMisaligned
    }
    self.model = model
    unsafe self.arena = base
    let best = Backend.best
    let workspaceCount = unsafe workspace?.count ?? 0
    let workspaceByteCount = model.workspaceByteCount(for: backend ?? best)
    if let backend {
      guard backend.isAvailable else { throw .backendUnavailable }
      self.backend = backend
      guard workspaceCount >= workspaceByteCount else {
        throw .workspaceTooSmall(byteCount: workspaceCount, needed: workspaceByteCount)
      }
    } else {
      self.backend = workspaceCount >= workspaceByteCount ? best : .portable
    }
    addsPairs = model.addsPairs(on: self.backend)
    let start = unsafe workspace?.baseAddress
    guard UInt(bitPattern: start) & 63 == 0 else { throw .workspaceMisaligned }
    let needsWorkspace = workspaceByteCount > 0 && self.backend != .portable
    unsafe self.workspace = needsWorkspace ? start : nil
    #if arch(x86_64) && !hasFeature(Embedded)
      if let workspace = unsafe self.workspace {
        unsafe X86Workspace.prepare(model, self.backend, in: workspace)
      }
    #endif
  }

  /// Copies `values` into input `index`. Inputs share memory with later results, so each run needs
  /// all of them set anew.
  public func setInput(_ index: Int, _ values: Span<Int8>) throws(SessionError) {
    guard index >= 0, index < model.inputCount else { throw .inputIndex(index) }
    let tensor = model.input(index)
    guard values.count == tensor.byteCount else {
      throw .inputByteCount(values.count, needed: tensor.byteCount)
    }
    let target = unsafe inputElements(index)
    for position in 0..<values.count { unsafe target[position] = values[position] }
  }

  /// The first element of input `index`, in 0 ..< `model.inputCount`, to fill in place:
  /// `model.input(index).elementCount` values.
  @unsafe public func inputElements(_ index: Int) -> UnsafeMutablePointer<Int8> {
    unsafe (arena + model.input(index).dataOffset).assumingMemoryBound(to: Int8.self)
  }

  /// Runs every operator. It cannot fail.
  public func run() {
    for index in 0..<model.operatorCount { runUnchecked(index) }
  }

  /// Runs operator `index`, in 0 ..< `model.operatorCount`, alone, for taps after each one; in
  /// order, from 0.
  public func runOperator(_ index: Int) {
    precondition(index >= 0 && index < model.operatorCount, "the model has no such operator")
    runUnchecked(index)
  }

  private func runUnchecked(_ index: Int) {
    #if arch(x86_64) && !hasFeature(Embedded)
      if let workspace = unsafe workspace,
        unsafe X86Workspace.run(index, in: workspace, arena: arena)
      {
        return
      }
    #endif
    let context = unsafe OperatorContext(
      view: model.uncheckedOperator(index), arena: arena, backend: backend, addsPairs: addsPairs)
    context.run()
  }

  /// The values of output `index`, in 0 ..< `model.outputCount`, valid until the session runs again
  /// or an input is set.
  public func output(_ index: Int) -> UnsafeBufferPointer<Int8> {
    unsafe uncheckedElements(of: model.output(index))
  }

  /// The values of any tensor of the session's model while it lives: after the operator that writes
  /// it and before its memory is used again.
  public func elements(of tensor: TensorView) -> UnsafeBufferPointer<Int8> {
    precondition(unsafe tensor.model.base == model.base, "the tensor is another model's")
    return unsafe uncheckedElements(of: tensor)
  }

  private func uncheckedElements(of tensor: TensorView) -> UnsafeBufferPointer<Int8> {
    let start =
      tensor.isConstant
      ? unsafe model.pointer(tensor.dataOffset)
      : unsafe UnsafeRawPointer(arena + tensor.dataOffset)
    return unsafe UnsafeBufferPointer(
      start: start.assumingMemoryBound(to: Int8.self), count: tensor.byteCount)
  }

  /// The self-test: fills the inputs from the blob's seed, runs, and compares each operator's
  /// checksum. Nil when all match, otherwise the index of the first operator that differs.
  public func selfTest() -> Int? {
    fillInputsForSelfTest()
    for index in 0..<model.operatorCount {
      runUnchecked(index)
      if outputChecksum(of: index) != model.uncheckedOperator(index).outputChecksum { return index }
    }
    return nil
  }

  /// The self-test's input: pseudo-random bytes from the blob's seed (xorshift32).
  package func fillInputsForSelfTest() {
    var state = UInt32(truncatingIfNeeded: model.word(BlobHeader.selfTestSeed)) | 1
    for index in 0..<model.inputCount {
      let target = unsafe inputElements(index)
      for position in 0..<model.input(index).elementCount {
        state ^= state &<< 13
        state ^= state &>> 17
        state ^= state &<< 5
        unsafe target[position] = Int8(truncatingIfNeeded: state &>> 24)
      }
    }
  }

  /// CRC-32 of the outputs of operator `index`, right after it ran.
  package func outputChecksum(of index: Int) -> UInt32 {
    let view = model.operator(index)
    var checksum = Checksum()
    for output in 0..<view.outputCount {
      let tensor = view.result(output)
      unsafe checksum.update(arena + tensor.dataOffset, count: tensor.byteCount)
    }
    return checksum.value
  }
}
