/// A band of a region, operator by operator: what is live, and what is done for it.
struct BandWalk {
  private let bands: BandRows
  private let band: Int
  private let rows: [Int: BandRows.Rows]
  private let after: [Int: BandRows.Rows]
  /// Bytes in memory of each tensor between start and end.
  private var sizes: [Int: Int] = [:]
  /// Operators, and bytes that those which bring rows together copy.
  private(set) var operatorCount = 0
  private(set) var movedByteCount = 0

  private var region: BandedRegion { bands.region }
  private var model: LoweredModel { bands.model }

  init(_ bands: BandRows, _ band: Int) {
    self.bands = bands
    self.band = band
    rows = bands.rows(band)
    after = band + 1 < bands.bandCount ? bands.rows(band + 1) : [:]
  }

  /// The most bytes that are live at an operator of the band, with its scratch.
  ///
  /// - Parameters:
  ///   - readers: the operators of the region that read each tensor.
  ///   - keepsStart: whether operators after the region read its start.
  mutating func run(
    _ readers: [Int: [Int]], _ scratchByteCounts: [Int: Int], keepsStart: Bool
  ) -> Int {
    // Rows of the start that are still needed, and of the end that are made.
    let height = model.tensors[region.start].shape[1]
    var live =
      (height - (keepsStart ? 0 : bands.startRow(band))) * rowByteCount(region.start)
      + (rows[region.end]?.end ?? 0) * rowByteCount(region.end)
    for (tensor, made) in rows where tensor != region.end {
      sizes[tensor] = made.keptCount * rowByteCount(tensor)
      live += sizes[tensor] ?? 0
    }
    var peak = 0
    for index in region.operators {
      let output = model.operators[index].outputs[0]
      guard let made = rows[output] else { continue }
      if made.hasFresh {
        count(index, made)
        let whole = output == region.end ? 0 : made.count * rowByteCount(output)
        peak = max(peak, live + whole + (scratchByteCounts[index] ?? 0))
        if output != region.end {
          live += whole - (sizes[output] ?? 0)
          sizes[output] = whole
        }
      }
      for tensor in Set(model.operators[index].inputs + [output])
      where readers[tensor]?.last ?? index <= index {
        guard let size = sizes[tensor], let made = rows[tensor] else { continue }
        let kept = after[tensor]?.keptCount ?? 0
        if kept > 0, kept < made.count {
          operatorCount += 1
          movedByteCount += kept * rowByteCount(tensor)
        }
        live += kept * rowByteCount(tensor) - size
        sizes[tensor] = kept * rowByteCount(tensor)
      }
    }
    return peak
  }

  /// An operator with new rows, and what is done for them.
  private mutating func count(_ index: Int, _ made: BandRows.Rows) {
    let lowered = model.operators[index]
    operatorCount += 1
    if lowered.outputs[0] != region.end, made.keptCount > 0 {
      operatorCount += 1
      movedByteCount += made.keptCount * rowByteCount(lowered.outputs[0])
    }
    for input in Set(lowered.inputs) where !model.isConstant(input) {
      let needed = bands.window(index).rows(
        made.fresh..<made.end, height: model.tensors[input].shape[1])
      let isWhole = rows[input].map { $0.needed..<$0.end == needed } ?? false
      if !isWhole { operatorCount += 1 }
    }
  }

  private func rowByteCount(_ tensor: Int) -> Int {
    let shape = model.tensors[tensor].shape
    return shape.elementCount / shape[1]
  }
}
