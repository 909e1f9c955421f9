import OctetRuntime

/// What of a lowered model lies in the arena, as blocks, and where a plan's offsets go in its blob.
struct ArenaLayout {
  let problem: ArenaProblem
  /// Blocks by activation.
  private let blockOfTensor: [Int: Int]
  private let scratchBlocks: [(operator: Int, block: Int, byteCount: Int)]
  private let operatorOffset: Int

  /// Asks the runtime's own operators what scratch memory they need and which operands may overlap.
  ///
  /// - Parameter bytes: the model's blob without an arena plan.
  init(_ model: LoweredModel, _ bytes: [UInt8]) {
    var blocks: [ArenaProblem.Block] = []
    var overlaps: [ArenaProblem.Overlap] = []
    var joins: [ArenaProblem.Join] = []
    var blockOfTensor: [Int: Int] = [:]
    for (index, lifetime) in model.lifetimes.enumerated()
    where model.tensors[index].constant == nil {
      blockOfTensor[index] = blocks.count
      blocks.append(
        .init(
          byteCount: model.tensors[index].byteCount, firstUse: lifetime.first,
          lastUse: lifetime.last, alignment: BlobLimits.alignment))
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
        if lowered.joins == .view, let offset = view.viewOffset,
          let input = blockOfTensor[lowered.inputs[0]]
        {
          joins.append(
            .init(whole: input, parts: [.init(block: output, offset: offset)], isRequired: true))
          continue
        }
        var parts: [ArenaProblem.Join.Part] = []
        for (position, tensor) in lowered.inputs.enumerated() {
          guard let input = blockOfTensor[tensor], blocks[input].lastUse == index,
            lowered.inputs.filter({ $0 == tensor }).count == 1,
            let distance = view.overlapDistance(input: position)
          else { continue }
          overlaps.append(.init(output: output, input: input, distance: distance))
          if case .parts(let inPlace) = lowered.joins, !inPlace.contains(tensor) { continue }
          parts.append(.init(block: input, offset: distance))
        }
        if lowered.kind == .concatenation, !parts.isEmpty {
          joins.append(.init(whole: output, parts: parts, isRequired: lowered.joins != nil))
        }
      }
    }
    problem = ArenaProblem(blocks: blocks, overlaps: overlaps, joins: joins)
    self.blockOfTensor = blockOfTensor
    self.scratchBlocks = scratchBlocks
    operatorOffset = BlobHeader.byteCount + TensorRecord.byteCount * model.tensors.count
  }

  /// Scratch memory that the operators need, by operator.
  var scratchByteCounts: [Int: Int] {
    Dictionary(uniqueKeysWithValues: scratchBlocks.map { ($0.operator, $0.byteCount) })
  }

  /// Writes a plan of `problem` into the blob's records.
  func write(_ plan: ArenaPlan, to bytes: inout [UInt8]) {
    for (tensor, block) in blockOfTensor {
      let record = BlobHeader.byteCount + TensorRecord.byteCount * tensor
      bytes.put(UInt32(plan.offsets[block]), at: TensorRecord.dataOffset, in: record)
    }
    for scratch in scratchBlocks {
      let record = operatorOffset + OperatorRecord.byteCount * scratch.operator
      bytes.put(UInt32(plan.offsets[scratch.block]), at: OperatorRecord.scratchOffset, in: record)
      bytes.put(UInt32(scratch.byteCount), at: OperatorRecord.scratchByteCount, in: record)
    }
    bytes.put(UInt32(plan.byteCount), at: BlobHeader.arenaByteCount)
  }
}
