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
  }

  /// - Parameters:
  ///   - graph: int8; what `Quantizer` makes or an importer takes over.
  ///   - shrinks: leave out channels that no output needs, which are proven to change no byte.
  public static func compile(
    _ graph: Graph, shrinks: Bool = true
  ) throws(CompilerError) -> Output {
    let lowered = try Lowering.lower(graph.withKernelForms())
    guard shrinks, let smaller = lowered.shrunk() else { return try assemble(lowered) }
    var output = try assemble(smaller.model)
    output.shrink = smaller.shrink
    return output
  }

  /// - Parameter model: lowered operators whose accumulators are known not to overflow.
  static func assemble(_ model: LoweredModel) throws(CompilerError) -> Output {
    var bytes = try BlobWriter.write(model)
    try requireBoundedWork(bytes)
    let plan = try arenaPlan(model, &bytes)
    SpareScratch.take(model, &bytes)
    let blob = try finish(bytes)
    return Output(blob: blob, model: model, plan: plan)
  }

  /// Asks the runtime's own operators what scratch memory they need and which operands may overlap,
  /// then writes the plan into the records.
  private static func arenaPlan(
    _ model: LoweredModel, _ bytes: inout [UInt8]
  ) throws(CompilerError) -> ArenaPlan {
    var blocks: [ArenaProblem.Block] = []
    var overlaps: [ArenaProblem.Overlap] = []
    var joins: [ArenaProblem.Join] = []
    var blockOfTensor: [Int: Int] = [:]
    for index in model.tensors.indices where model.tensors[index].constant == nil {
      let (first, last) = model.lifetime(of: index)
      blockOfTensor[index] = blocks.count
      blocks.append(
        .init(
          byteCount: model.tensors[index].shape.elementCount, firstUse: first, lastUse: last,
          alignment: BlobLimits.alignment))
    }
    var scratchBlocks: [(operator: Int, block: Int, byteCount: Int)] = []
    Blob(bytes).withUnfinishedView { views in
      for (index, lowered) in model.operators.enumerated() {
        let view = views.operator(index)
        let scratch = view.neededScratchByteCount
        if scratch > 0 {
          scratchBlocks.append((index, blocks.count, scratch))
          blocks.append(
            .init(
              byteCount: scratch, firstUse: index, lastUse: index,
              alignment: BlobLimits.scratchAlignment))
        }
        guard lowered.outputs.count == 1, let output = blockOfTensor[lowered.outputs[0]] else {
          continue
        }
        var parts: [ArenaProblem.Join.Part] = []
        for (position, tensor) in lowered.inputs.enumerated() {
          guard let input = blockOfTensor[tensor], blocks[input].lastUse == index,
            lowered.inputs.filter({ $0 == tensor }).count == 1,
            let distance = view.overlapDistance(input: position)
          else { continue }
          overlaps.append(.init(output: output, input: input, distance: distance))
          parts.append(.init(block: input, offset: distance))
        }
        if lowered.kind == .concatenation, !parts.isEmpty {
          joins.append(.init(whole: output, parts: parts))
        }
      }
    }
    let plan = ArenaPlanner.plan(
      ArenaProblem(blocks: blocks, overlaps: overlaps, joins: joins))
    guard plan.byteCount <= BlobLimits.arenaByteCount else {
      throw .tooLarge(
        reason: "the model needs an arena of \(plan.byteCount) bytes, more than "
          + "\(BlobLimits.arenaByteCount)")
    }
    for (tensor, block) in blockOfTensor {
      let record = BlobHeader.byteCount + TensorRecord.byteCount * tensor
      bytes.put(UInt32(plan.offsets[block]), at: TensorRecord.dataOffset, in: record)
    }
    let operatorOffset = BlobHeader.byteCount + TensorRecord.byteCount * model.tensors.count
    for scratch in scratchBlocks {
      let record = operatorOffset + OperatorRecord.byteCount * scratch.operator
      bytes.put(UInt32(plan.offsets[scratch.block]), at: OperatorRecord.scratchOffset, in: record)
      bytes.put(UInt32(scratch.byteCount), at: OperatorRecord.scratchByteCount, in: record)
    }
    bytes.put(UInt32(plan.byteCount), at: BlobHeader.arenaByteCount)
    return plan
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

  private static func validated(_ bytes: [UInt8]) throws(CompilerError) -> LoadedModel {
    do {
      return try LoadedModel(bytes)
    } catch {
      guard error.cause == .tooLarge || error.cause == .tooManySteps else {
        throw .rejected(error)
      }
      throw .tooLarge(reason: "the model exceeds the published limits of a blob (\(error))")
    }
  }

  private static func runner(
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
