/// A model and the memory it runs in.
///
/// ```swift
/// let model = try Model(validating: bytes)
/// var session = try Session(model: model, arena: arena)
/// try session.setInput(0, image)
/// session.run()
/// let scores = session.output(0)
/// ```
///
/// The compiler checks that the blob and the memory live as long as the session, that nothing else
/// touches the memory meanwhile, and that outputs are read before the next run. An index out of
/// range stops the program, as an array's does. Nothing is allocated.
public struct Session: ~Copyable, ~Escapable {
  package let state: SessionState

  /// - Parameters:
  ///   - arena: at least `model.arenaByteCount` bytes at an address that is a multiple of 4; its
  ///     contents need no preparation.
  ///   - backend: nil for the fastest that this machine has and `workspace` suffices for.
  ///   - workspace: at least `model.workspaceByteCount(for: backend)` bytes at an address that is a
  ///     multiple of 64.
  /// - Throws: which memory is too small or misaligned, or that the machine lacks the backend.
  @_lifetime(copy model, copy arena, copy workspace)
  public init(
    model: Model, arena: consuming MutableRawSpan, backend: Backend? = nil,
    workspace: consuming MutableRawSpan? = nil
  ) throws(SessionError) {
    // Safety: the session's lifetime is that of the model and of both spans, which it takes.
    let arena = unsafe arena.withUnsafeMutableBytes { unsafe $0 }
    var region: UnsafeMutableRawBufferPointer?
    if var span = workspace { unsafe region = span.withUnsafeMutableBytes { unsafe $0 } }
    state = try unsafe SessionState(model.blob, arena: arena, backend: backend, workspace: region)
  }

  /// The same in memory from C, of the linker or of `mmap`, whose lifetime nobody can check: it
  /// must outlive the session and belong to it alone.
  @_lifetime(copy model)
  public init(
    model: Model, arena: UnsafeMutableRawBufferPointer, backend: Backend? = nil,
    workspace: UnsafeMutableRawBufferPointer? = nil
  ) throws(SessionError) {
    state = try unsafe SessionState(
      model.blob, arena: arena, backend: backend, workspace: workspace)
  }

  /// - Parameter owner: keeps the blob and the memory alive, and from others.
  @_lifetime(borrow owner)
  package init<Owner: AnyObject>(_ state: SessionState, heldBy owner: borrowing Owner) {
    self.state = state
  }

  /// The instructions that kernels use.
  public var backend: Backend { state.backend }

  /// Copies `values` into input `index`. Inputs share memory with later results, so each run needs
  /// all of them set anew.
  ///
  /// - Throws: that the model has no such input, or takes another number of values.
  public mutating func setInput(_ index: Int, _ values: Span<Int8>) throws(SessionError) {
    guard index >= 0, index < state.blob.inputCount else { throw .inputIndex(index) }
    var target = input(index)
    guard values.count == target.count else {
      throw .inputByteCount(values.count, needed: target.count)
    }
    // Safety: both have as many.
    for position in values.indices {
      unsafe target[unchecked: position] = values[unchecked: position]
    }
  }

  /// Input `index`, in 0 ..< `model.inputCount`, to fill in place: as many values as
  /// `model.input(index).elementCount`, or twice as many bytes of int16.
  @_lifetime(&self)
  public mutating func input(_ index: Int) -> MutableSpan<Int8> {
    // Safety: the input lies in the arena, of which nothing else can be had meanwhile.
    unsafe _overrideLifetime(
      MutableSpan(_unsafeElements: state.input(index)), mutating: &self)
  }

  /// Runs every operator. It cannot fail.
  public mutating func run() { state.run() }

  /// Runs operator `index`, in 0 ..< `model.operatorCount`, alone; in order, from 0. Between two of
  /// them a clock can be read.
  public mutating func runOperator(_ index: Int) { state.runOperator(index) }

  /// The values of output `index`, in 0 ..< `model.outputCount`, until the session runs again or an
  /// input is set.
  @_lifetime(borrow self)
  public func output(_ index: Int) -> Span<Int8> {
    elements(of: state.blob.output(index))
  }

  /// The values of any tensor of the session's model while it lives: after the operator that writes
  /// it and before its memory is used again.
  @_lifetime(borrow self)
  package func elements(of tensor: TensorRecord) -> Span<Int8> {
    // Safety: the tensor lies in the arena or in the blob, and nothing is written meanwhile.
    unsafe _overrideLifetime(Span(_unsafeElements: state.elements(of: tensor)), borrowing: self)
  }

  /// Fills the inputs with bytes made from the blob's seed, runs, and compares each operator's
  /// result with the checksum that the host recorded. Nil when all match, otherwise the index of
  /// the first operator that differs.
  public mutating func selfTest() -> Int? { state.selfTest() }

  /// Writes the inputs that the self-test runs on.
  package mutating func fillInputsForSelfTest() { state.fillInputsForSelfTest() }

  /// CRC-32 of the outputs of operator `index`, right after it ran.
  package func outputChecksum(of index: Int) -> UInt32 { state.outputChecksum(of: index) }
}
