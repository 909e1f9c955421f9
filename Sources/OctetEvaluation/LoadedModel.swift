import OctetCompiler
import OctetReport
import OctetRuntime

/// A validated blob with its bytes, on the host.
public final class LoadedModel: Sendable {
  /// The blob's bytes.
  public let blob: Blob
  /// The model in them.
  public let model: Model

  /// Validates `bytes`.
  public convenience init(_ bytes: some Collection<UInt8>) throws(ModelError) {
    try self.init(Blob(bytes))
  }

  /// Validates a blob.
  public init(_ blob: Blob) throws(ModelError) {
    self.blob = blob
    model = try blob.model()
  }

  /// The names of the classes; empty when the blob has none.
  public var labels: [String] { model.labels }
  /// The operators' names in execution order.
  public var operatorNames: [String] {
    (0..<model.operatorCount).map { String(model.operator($0).name) }
  }

  /// A session with an arena of its own.
  public func makeRunner(backend: Backend = .best) throws(SessionError) -> Runner {
    try Runner(self, backend: backend)
  }

  /// A session, the blob and the arena, kept alive together; one for each thread.
  public final class Runner {
    /// The model that runs.
    public let loaded: LoadedModel
    private let session: Session
    private let arena: Arena
    private let workspace: Arena

    init(_ loaded: LoadedModel, backend: Backend) throws(SessionError) {
      self.loaded = loaded
      arena = Arena(byteCount: loaded.model.arenaByteCount)
      workspace = Arena(byteCount: loaded.model.workspaceByteCount(for: backend))
      session = try Session(
        model: loaded.model, arena: arena.region, backend: backend, workspace: workspace.region)
    }

    /// Lets `body` write input `index` in place.
    public func withInput(_ index: Int, _ body: (UnsafeMutableBufferPointer<Int8>) -> Void) {
      let count = loaded.model.input(index).elementCount
      withExtendedLifetime(self) {
        body(UnsafeMutableBufferPointer(start: session.inputElements(index), count: count))
      }
    }

    /// The kernels in use.
    public var backend: Backend { session.backend }

    /// Computes the outputs from the inputs.
    public func run() { withExtendedLifetime(self) { session.run() } }

    /// Runs one operator; in order, from 0.
    public func runOperator(_ index: Int) {
      withExtendedLifetime(self) { session.runOperator(index) }
    }

    /// The index of the first operator that differs in the self-test; nil when none does.
    public func selfTest() -> Int? { withExtendedLifetime(self) { session.selfTest() } }

    /// Writes the self-test's input.
    public func fillInputsForSelfTest() {
      withExtendedLifetime(self) { session.fillInputsForSelfTest() }
    }

    /// Lets `body` read output `index` of the last run.
    public func withOutput<Result>(
      _ index: Int, _ body: (UnsafeBufferPointer<Int8>) -> Result
    ) -> Result {
      withExtendedLifetime(self) { body(session.output(index)) }
    }

    /// Lets `body` read any tensor that is live after the operator that ran last.
    public func withElements<Result>(
      of tensor: TensorView, _ body: (UnsafeBufferPointer<Int8>) -> Result
    ) -> Result {
      withExtendedLifetime(self) { body(session.elements(of: tensor)) }
    }

    /// Lets `body` write any activation before the operator that reads it runs.
    public func withMutableElements<Result>(
      of tensor: TensorView, _ body: (UnsafeMutableBufferPointer<Int8>) -> Result
    ) -> Result {
      withElements(of: tensor) { codes in
        // An activation stands in the arena, which this runner owns.
        body(UnsafeMutableBufferPointer(mutating: codes))
      }
    }

    /// The real values of output `index` of the last run.
    public func realOutput(_ index: Int) -> [Float] {
      let tensor = loaded.model.output(index)
      return withOutput(index) { codes in
        codes.map { tensor.scale * Float(Int32($0) - tensor.zeroPoint) }
      }
    }
  }
}
