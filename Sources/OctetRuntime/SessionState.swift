/// What a session is to the machine: addresses, which it trusts. ``Session`` is its safe face.
@safe package struct SessionState {
  // Safety: `init` checked that the arena holds what the model needs; the holder keeps it alive and
  // to itself: the compiler for a `Session`, a reference for whoever stores this.
  package let blob: BlobView
  let arena: UnsafeMutableRawPointer
  /// Nil for a backend that needs none.
  let workspace: UnsafeMutableRawPointer?
  package let backend: Backend
  let addsPairs: Bool

  init(
    blob: BlobView, arena: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer?,
    backend: Backend, addsPairs: Bool
  ) {
    self.blob = blob
    unsafe self.arena = arena
    unsafe self.workspace = workspace
    self.backend = backend
    self.addsPairs = addsPairs
  }

  /// See `Session.init`; the memory must outlive the state.
  package init(
    _ blob: BlobView, arena: UnsafeMutableRawBufferPointer, backend: Backend? = nil,
    workspace: UnsafeMutableRawBufferPointer? = nil
  ) throws(SessionError) {
    let needed = blob.arenaByteCount
    guard arena.count >= needed, let base = arena.baseAddress else {
      throw .arenaTooSmall(byteCount: arena.count, needed: needed)
    }
    guard UInt(bitPattern: base) & UInt(BlobLimits.alignment - 1) == 0 else {
      throw .arenaMisaligned
    }
    self.blob = blob
    unsafe self.arena = base
    let best = Backend.best
    let workspaceCount = unsafe workspace?.count ?? 0
    let workspaceByteCount = blob.workspaceByteCount(for: backend ?? best)
    if let backend {
      guard backend.isAvailable else { throw .backendUnavailable }
      self.backend = backend
      guard workspaceCount >= workspaceByteCount else {
        throw .workspaceTooSmall(byteCount: workspaceCount, needed: workspaceByteCount)
      }
    } else {
      self.backend = workspaceCount >= workspaceByteCount ? best : .portable
    }
    addsPairs = blob.addsPairs(on: self.backend)
    let start = unsafe workspace?.baseAddress
    guard UInt(bitPattern: start) & 63 == 0 else { throw .workspaceMisaligned }
    let needsWorkspace = workspaceByteCount > 0 && self.backend != .portable
    unsafe self.workspace = needsWorkspace ? start : nil
    #if arch(x86_64)
      if let workspace = unsafe self.workspace {
        unsafe X86Workspace.prepare(blob, self.backend, in: workspace)
      }
    #endif
  }

  /// A session again, from what `init` took and found: nothing is checked and nothing prepared.
  ///
  /// - Parameter workspace: `preparedWorkspace` of the session that `init` made.
  package init(
    unchecked blob: BlobView, arena: UnsafeMutableRawPointer, backend: Backend,
    workspace: UnsafeMutableRawPointer?
  ) {
    self.blob = blob
    unsafe self.arena = arena
    self.backend = backend
    unsafe self.workspace = workspace
    addsPairs = blob.addsPairs(on: backend)
  }

  /// The workspace, prepared; nil when the backend needs none.
  package var preparedWorkspace: UnsafeMutableRawPointer? { unsafe workspace }

  /// Input `index`, in 0 ..< `blob.inputCount`, to fill.
  package func input(_ index: Int) -> UnsafeMutableBufferPointer<Int8> {
    let tensor = blob.input(index)
    return unsafe UnsafeMutableBufferPointer(
      start: (arena + tensor.dataOffset).assumingMemoryBound(to: Int8.self),
      count: tensor.byteCount)
  }

  /// Runs every operator. It cannot fail.
  package func run() {
    for index in 0..<blob.operatorCount { runUnchecked(index) }
  }

  /// Runs operator `index`, in 0 ..< `blob.operatorCount`, alone; in order, from 0.
  package func runOperator(_ index: Int) {
    precondition(index >= 0 && index < blob.operatorCount, "the model has no such operator")
    runUnchecked(index)
  }

  private func runUnchecked(_ index: Int) {
    if !runPrepared(index) { context(index).run() }
  }

  /// Runs operator `index` if it was prepared for wide vectors.
  @inline(__always)
  func runPrepared(_ index: Int) -> Bool {
    #if arch(x86_64)
      if let workspace = unsafe workspace {
        return unsafe X86Workspace.run(index, in: workspace, arena: arena)
      }
    #endif
    return false
  }

  /// What the kernel of operator `index`, in 0 ..< `blob.operatorCount`, sees.
  @inline(__always)
  func context(_ index: Int) -> OperatorContext {
    unsafe OperatorContext(
      view: blob.uncheckedOperator(index), arena: arena, backend: backend, addsPairs: addsPairs)
  }

  /// The values of any tensor of the session's model while it lives: after the operator that writes
  /// it and before its memory is used again.
  package func elements(of tensor: TensorRecord) -> UnsafeBufferPointer<Int8> {
    precondition(unsafe tensor.blob.base == blob.base, "the tensor is another model's")
    return unsafe uncheckedElements(of: tensor)
  }

  private func uncheckedElements(of tensor: TensorRecord) -> UnsafeBufferPointer<Int8> {
    let start =
      tensor.isConstant
      ? unsafe blob.pointer(tensor.dataOffset)
      : unsafe UnsafeRawPointer(arena + tensor.dataOffset)
    return unsafe UnsafeBufferPointer(
      start: start.assumingMemoryBound(to: Int8.self), count: tensor.byteCount)
  }

  /// The self-test: fills the inputs from the blob's seed, runs, and compares each operator's
  /// checksum. Nil when all match, otherwise the index of the first operator that differs.
  package func selfTest() -> Int? {
    fillInputsForSelfTest()
    for index in 0..<blob.operatorCount {
      runUnchecked(index)
      if outputChecksum(of: index) != blob.uncheckedOperator(index).outputChecksum { return index }
    }
    return nil
  }

  /// The self-test's input: pseudo-random bytes from the blob's seed (xorshift32).
  package func fillInputsForSelfTest() {
    var state = UInt32(truncatingIfNeeded: blob[BlobHeader.selfTestSeed]) | 1
    for index in 0..<blob.inputCount {
      let target = unsafe input(index)
      for position in 0..<blob.input(index).byteCount {
        state ^= state &<< 13
        state ^= state &>> 17
        state ^= state &<< 5
        unsafe target[position] = Int8(truncatingIfNeeded: state &>> 24)
      }
    }
  }

  /// CRC-32 of the outputs of operator `index`, right after it ran.
  package func outputChecksum(of index: Int) -> UInt32 {
    let view = blob.operator(index)
    var checksum = Checksum()
    for output in 0..<view.outputCount {
      let tensor = view.result(output)
      unsafe checksum.update(arena + tensor.dataOffset, count: tensor.byteCount)
    }
    return checksum.value
  }
}
