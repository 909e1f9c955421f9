import OctetModel
import OctetPasses
import OctetRuntime

/// Makes a blob from an int8 graph: lowering, arena plan, bytes, self-test.
public enum Compiler {
  /// What compiling gives.
  public struct Output: Sendable {
    /// The model's bytes, validated.
    public var blob: Blob
    /// The operators that the blob holds.
    package var model: LoweredModel
    /// Where activations stand in the arena.
    package var plan: ArenaPlan
    /// What went when the model was shrunk.
    public var shrink = Shrink()
    /// How the arena was brought within its limit; nil without one.
    public var budget: ArenaBudget?
  }

  /// - Parameters:
  ///   - graph: int8; what `Quantizer` makes or an importer takes over.
  ///   - shrinks: leave out channels that no output needs, which are proven to change no byte.
  ///   - arenaLimit: bytes of arena at most: where the layers need more, the cheapest of them that
  ///     bring it down are computed in bands of rows, to the same bytes.
  /// - Throws: `CompilerError.arenaTooSmall` with the least arena that was found.
  public static func compile(
    _ graph: Graph, shrinks: Bool = true, arenaLimit: Int? = nil
  ) throws(CompilerError) -> Output {
    let lowered = try Lowering.lower(
      graph.withKernelForms().withSingleChannelsAsConvolutions())
    let smaller = shrinks && !lowered.hasInt16 ? lowered.shrunk() : nil
    var output = try assemble(smaller?.model ?? lowered)
    if let arenaLimit { output = try banded(output, within: arenaLimit) }
    if let smaller { output.shrink = smaller.shrink }
    return output
  }

  /// - Parameter model: lowered operators whose accumulators are known not to overflow.
  package static func assemble(_ model: LoweredModel) throws(CompilerError) -> Output {
    var bytes = try BlobWriter.write(model)
    try requireBoundedWork(bytes)
    let layout = ArenaLayout(model, bytes)
    let plan = ArenaPlanner.plan(layout.problem)
    guard plan.byteCount <= BlobLimits.arenaByteCount else {
      throw .tooLarge(
        reason: "the model needs an arena of \(plan.byteCount) bytes, more than "
          + "\(BlobLimits.arenaByteCount)")
    }
    layout.write(plan, to: &bytes)
    SpareScratch.take(model, &bytes)
    let blob = try finish(bytes)
    return Output(blob: blob, model: model, plan: plan)
  }

  /// The same limit as in validation, before the plan is made and with figures.
  private static func requireBoundedWork(_ bytes: [UInt8]) throws(CompilerError) {
    let (count, limit) = Blob(bytes).withUnfinishedView { ($0.stepCount, $0.stepLimit) }
    guard count <= limit else {
      throw .tooLarge(
        reason: "an inference takes about \(count) steps; a blob of this size may take \(limit)")
    }
  }

  /// Runs the self-test to learn its results, writes them and the checksum, validates the whole as
  /// a user's program will, and runs it on every backend.
  private static func finish(_ planned: [UInt8]) throws(CompilerError) -> Blob {
    var bytes = planned
    bytes.putChecksum()
    // The runtime validates before it runs, so the self-test runs on a blob that is whole but for
    // the expected values.
    let model = try validated(bytes)
    let runner = try runner(model, .portable)
    runner.fillInputsForSelfTest()
    for index in 0..<model.operatorCount {
      runner.runOperator(index)
      let record =
        Int(bytes.value(of: BlobHeader.operatorOffset)) + OperatorRecord.byteCount * index
      bytes.put(runner.outputChecksum(of: index), at: OperatorRecord.outputChecksum, in: record)
    }
    if bytes.value(of: BlobHeader.selfTestByteCount) > 0 {
      let start = Int(bytes.value(of: BlobHeader.selfTestOffset))
      let outputs = (0..<model.outputCount).flatMap { runner.output($0) }
      bytes.replaceSubrange(
        start..<start + outputs.count, with: outputs.map { UInt8(bitPattern: $0) })
    }
    bytes.putChecksum()
    let finished = try validated(bytes)
    try requireSelfTest(finished)
    return finished.blob
  }

  package static func validated(_ bytes: [UInt8]) throws(CompilerError) -> LoadedModel {
    do {
      return try LoadedModel(bytes)
    } catch {
      guard error.cause == .tooLarge || error.cause == .tooManySteps else {
        throw .rejected(error)
      }
      throw .tooLarge(reason: "the model exceeds the published limits of a blob (\(error))")
    }
  }

  static func runner(
    _ model: LoadedModel, _ backend: Backend
  ) throws(CompilerError) -> LoadedModel.Runner {
    do {
      // Unlikely results, so that it shows where nothing was computed.
      return try model.makeRunner(backend: backend, memory: 0xA5)
    } catch {
      throw .invalid(node: "self-test", reason: "\(error)")
    }
  }

  /// Throws unless the self-test passes on every backend that this machine has: a model that some
  /// kernel gets wrong never becomes a file.
  package static func requireSelfTest(_ model: LoadedModel) throws(CompilerError) {
    for backend in Backend.available {
      if let failed = try runner(model, backend).selfTest() {
        throw .differs(backend: backend, operator: model.operator(failed).name)
      }
    }
  }
}
