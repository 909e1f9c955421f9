import OctetRuntime

/// Scratch memory beyond what a plan gives: an operator that can use more of it takes the largest
/// gap between the tensors that the arena holds while it runs. The arena grows by nothing.
enum SpareScratch {
  /// Writes it into the records of a blob that has its plan.
  static func take(_ model: LoweredModel, _ bytes: inout [UInt8]) {
    let lifetimes = model.lifetimes
    let plans = Blob(bytes).withUnfinishedView { views in
      model.operators.indices.compactMap { index -> (record: Int, gap: Range<Int>)? in
        let view = views.operator(index)
        let most = view.mostScratchByteCount
        guard most > view.scratchByteCount else { return nil }
        let taken = model.tensors.indices.compactMap { tensor -> Range<Int>? in
          let (first, last) = lifetimes[tensor]
          guard model.tensors[tensor].constant == nil, first <= index, index <= last else {
            return nil
          }
          let start = views.tensor(tensor).dataOffset
          return start..<(start + model.tensors[tensor].byteCount)
        }
        let gap = largestGap(between: taken, end: views.arenaByteCount).prefix(most)
        return gap.count > view.scratchByteCount ? (view.offset, gap) : nil
      }
    }
    for (record, gap) in plans {
      bytes.put(UInt32(gap.lowerBound), at: OperatorRecord.scratchOffset, in: record)
      bytes.put(UInt32(gap.count), at: OperatorRecord.scratchByteCount, in: record)
    }
  }

  /// The largest part of what is left of 0 ..< `end`, with an aligned start.
  static func largestGap(between taken: [Range<Int>], end: Int) -> Range<Int> {
    var largest = 0..<0
    var free = 0
    for next in taken.sorted(by: { $0.lowerBound < $1.lowerBound }) + [end..<end] {
      let start = (free + BlobLimits.scratchAlignment - 1) & -BlobLimits.scratchAlignment
      if next.lowerBound - start > largest.count { largest = start..<next.lowerBound }
      free = max(free, next.upperBound)
    }
    return largest
  }
}
