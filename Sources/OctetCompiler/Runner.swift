import OctetRuntime

extension LoadedModel {
  /// A session in memory of its own.
  ///
  /// - Throws: that this machine lacks the backend.
  public func makeRunner(backend: Backend = .best) throws(SessionError) -> Runner {
    try Runner(self, backend: backend, memory: 0)
  }

  /// The same, with the arena and the workspace filled with `memory`.
  package func makeRunner(backend: Backend, memory: UInt8) throws(SessionError) -> Runner {
    try Runner(self, backend: backend, memory: memory)
  }

  /// A session with its model and memory; one for each thread.
  public final class Runner {
    /// The model.
    public let loaded: LoadedModel
    private let arena: Memory
    private let workspace: Memory
    private let state: SessionState

    init(_ loaded: LoadedModel, backend: Backend, memory: UInt8) throws(SessionError) {
      self.loaded = loaded
      arena = Memory(byteCount: loaded.arenaByteCount, repeating: memory)
      workspace = Memory(
        byteCount: loaded.workspaceByteCount(for: backend), repeating: memory)
      state = try unsafe SessionState(
        loaded.view, arena: arena.region, backend: backend, workspace: workspace.region)
    }

    /// The session, which keeps the runner alive.
    package var session: Session {
      @_lifetime(borrow self)
      get { Session(state, heldBy: self) }
    }

    /// The instructions that kernels use.
    public var backend: Backend { state.backend }

    /// Runs every operator. All inputs must have been written since the last run.
    public func run() {
      var session = session
      session.run()
    }

    /// Runs operator `index` alone; in order, from 0.
    public func runOperator(_ index: Int) {
      var session = session
      session.runOperator(index)
    }

    /// The index of the first operator that differs in the self-test; nil when none does.
    public func selfTest() -> Int? {
      var session = session
      return session.selfTest()
    }

    /// Writes the inputs that the self-test runs on.
    public func fillInputsForSelfTest() {
      var session = session
      session.fillInputsForSelfTest()
    }

    /// CRC-32 of the outputs of operator `index`, right after it ran.
    package func outputChecksum(of index: Int) -> UInt32 { session.outputChecksum(of: index) }

    /// Copies `values` into input `index`.
    ///
    /// - Throws: that the model has no such input, or takes another number of values.
    public func setInput(_ index: Int, _ values: Span<Int8>) throws(SessionError) {
      var session = session
      try session.setInput(index, values)
    }

    /// Lets `body` write input `index` in place.
    public func withInput(_ index: Int, _ body: (UnsafeMutableBufferPointer<Int8>) -> Void) {
      var session = session
      var input = session.input(index)
      unsafe input.withUnsafeMutableBufferPointer { unsafe body($0) }
    }

    /// Lets `body` read output `index` of the last run.
    public func withOutput<Result>(
      _ index: Int, _ body: (UnsafeBufferPointer<Int8>) -> Result
    ) -> Result {
      let session = session
      let output = session.output(index)
      return unsafe output.withUnsafeBufferPointer { unsafe body($0) }
    }

    /// Output `index` of the last run.
    public func output(_ index: Int) -> [Int8] { unsafe withOutput(index) { unsafe Array($0) } }

    /// Lets `body` read any tensor that is live after the operator that ran last.
    public func withElements<Result>(
      of tensor: TensorView, _ body: (UnsafeBufferPointer<Int8>) -> Result
    ) -> Result {
      let session = session
      let elements = session.elements(of: tensor.record)
      return unsafe elements.withUnsafeBufferPointer { unsafe body($0) }
    }

    /// The values of any tensor that is live after the operator that ran last.
    public func elements(of tensor: TensorView) -> [Int8] {
      unsafe withElements(of: tensor) { unsafe Array($0) }
    }

    /// Lets `body` write any activation before the operator that reads it runs.
    public func withMutableElements<Result>(
      of tensor: TensorView, _ body: (UnsafeMutableBufferPointer<Int8>) -> Result
    ) -> Result {
      precondition(!tensor.isConstant, "a constant cannot be written")
      return unsafe withElements(of: tensor) { codes in
        // An activation stands in the arena, which this runner owns.
        unsafe body(UnsafeMutableBufferPointer(mutating: codes))
      }
    }

    /// The real values of output `index` of the last run.
    public func realOutput(_ index: Int) -> [Float] {
      let tensor = loaded.output(index)
      return tensor.reals(output(index))
    }
  }

  /// Bytes at a fixed address, a multiple of 64.
  @safe private final class Memory {
    // Safety: freed with the object, which the runner holds.
    let region: UnsafeMutableRawBufferPointer

    init(byteCount: Int, repeating value: UInt8) {
      unsafe region = .allocate(byteCount: max(byteCount, 64), alignment: 64)
      _ = unsafe region.initializeMemory(as: UInt8.self, repeating: value)
    }

    deinit { unsafe region.deallocate() }
  }
}
