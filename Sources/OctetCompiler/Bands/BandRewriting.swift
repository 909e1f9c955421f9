import OctetRuntime

/// Rewrites regions of a lowered model into bands: ordinary operators over some rows each, slices
/// and concatenations of rows.
///
///     for each band: for each operator:
///       slice the rows that it reads out of what is there            (a view: nothing is copied)
///       compute its new rows
///       put the rows that were kept before them (the new ones lie there already)
///       after the last reader: keep what the next band needs again (copied)
///     join the bands of the last operator                            (they lie there already)
struct BandRewriting {
  private let model: LoweredModel
  private let windows: [Int: RowWindow]
  private var result = LoweredModel()
  /// Old tensors to new ones.
  private var known: [Int: Int] = [:]
  /// Bytes that are copied in one inference.
  private(set) var movedByteCount = 0

  /// The model with `regions`, which neither overlap nor are empty, in bands.
  static func rewrite(
    _ model: LoweredModel, _ regions: [BandedRegion], _ windows: [Int: RowWindow]
  ) -> (model: LoweredModel, movedByteCount: Int) {
    var rewriting = BandRewriting(model: model, windows: windows)
    var next = 0
    for region in regions.sorted(by: { $0.operators.lowerBound < $1.operators.lowerBound }) {
      for index in next..<region.operators.lowerBound { rewriting.keep(index) }
      rewriting.append(region)
      next = region.operators.upperBound
    }
    for index in next..<model.operators.count { rewriting.keep(index) }
    let inputs = model.inputs.map { rewriting.tensor($0) }
    rewriting.result.inputs = inputs
    rewriting.result.outputs = model.outputs.map { rewriting.tensor($0) }
    return (rewriting.result, rewriting.movedByteCount)
  }

  private init(model: LoweredModel, windows: [Int: RowWindow]) {
    self.model = model
    self.windows = windows
    result.arithmetic = model.arithmetic
    result.metadata = model.metadata
    // In the order that inputs and outputs have before.
    for input in model.inputs { _ = tensor(input) }
  }

  private mutating func tensor(_ old: Int) -> Int {
    if let new = known[old] { return new }
    result.tensors.append(model.tensors[old])
    known[old] = result.tensors.count - 1
    return result.tensors.count - 1
  }

  private mutating func keep(_ index: Int) {
    var lowered = model.operators[index]
    lowered.inputs = lowered.inputs.map { tensor($0) }
    lowered.outputs = lowered.outputs.map { tensor($0) }
    result.operators.append(lowered)
  }

  // MARK: A region

  /// Rows of a tensor that are in memory.
  private struct Piece {
    var tensor: Int
    var rows: Range<Int>
  }

  private mutating func append(_ region: BandedRegion) {
    let bands = BandRows(region, model, windows)
    let readers = model.readers(in: region.operators)
    let start = startViews(region, bands)
    var kept: [Int: Piece] = [:]
    var parts: [Int] = []
    for band in 0..<bands.bandCount {
      let rows = bands.rows(band)
      let after = band + 1 < bands.bandCount ? bands.rows(band + 1) : [:]
      var pieces = kept
      for index in region.operators {
        let output = model.operators[index].outputs[0]
        guard let made = rows[output] else { continue }
        if made.hasFresh {
          let piece = appendBand(index, made, pieces, region.start, start)
          if output == region.end {
            parts.append(piece.tensor)
          } else {
            pieces[output] = joined(pieces[output], piece, of: output)
          }
        }
        // What nothing in this band reads any more.
        for tensor in Set(model.operators[index].inputs + [output])
        where tensor != region.end && readers[tensor]?.last ?? index <= index {
          guard let piece = pieces[tensor] else { continue }
          kept[tensor] = retained(piece, of: tensor, from: after[tensor])
        }
      }
    }
    appendConcatenation(parts, tensor(region.end), inPlace: parts)
  }

  /// All rows of the region's start that its operators read, as views: what no view shows any more
  /// makes room, as the start itself ends with them.
  private mutating func startViews(
    _ region: BandedRegion, _ bands: BandRows
  ) -> [Range<Int>: Int] {
    let height = model.tensors[region.start].shape[1]
    let whole = Piece(tensor: tensor(region.start), rows: 0..<height)
    var views: [Range<Int>: Int] = [:]
    for band in 0..<bands.bandCount {
      let rows = bands.rows(band)
      for index in region.operators {
        let lowered = model.operators[index]
        guard lowered.inputs.contains(region.start), let made = rows[lowered.outputs[0]],
          made.hasFresh, let window = windows[index]
        else { continue }
        let needed = window.rows(made.fresh..<made.end, height: height)
        if views[needed] == nil { views[needed] = view(whole, of: region.start, needed) }
      }
    }
    return views
  }

  /// One operator's new rows.
  private mutating func appendBand(
    _ index: Int, _ made: BandRows.Rows, _ pieces: [Int: Piece], _ start: Int,
    _ views: [Range<Int>: Int]
  ) -> Piece {
    let original = model.operators[index]
    let window = windows[index] ?? .init()
    let rows = made.fresh..<made.end
    var band = original.band(rowCount: rows.count, padding: window.padding(rows.lowerBound))
    band.inputs = original.inputs.map { input in
      if model.isConstant(input) { return tensor(input) }
      let needed = window.rows(rows, height: model.tensors[input].shape[1])
      if input == start { return views[needed] ?? 0 }
      return pieces[input].map { view($0, of: input, needed) } ?? 0
    }
    let output = newTensor(original.outputs[0], rows)
    band.outputs = [output]
    band.layer = .band(
      index, firstRow: rows.lowerBound, height: model.tensors[original.outputs[0]].shape[1])
    result.operators.append(band)
    return Piece(tensor: output, rows: rows)
  }

  /// The rows of a tensor that are in memory, as a tensor of their own.
  private mutating func view(_ piece: Piece, of original: Int, _ rows: Range<Int>) -> Int {
    if rows == piece.rows { return piece.tensor }
    let output = newTensor(original, rows)
    appendSlice(piece, rows, output, isView: true)
    return output
  }

  /// New rows behind those that were kept and are still needed.
  private mutating func joined(_ before: Piece?, _ new: Piece, of original: Int) -> Piece {
    guard let before else { return new }
    let rows = before.rows.lowerBound..<new.rows.upperBound
    let output = newTensor(original, rows)
    movedByteCount += result.tensors[before.tensor].shape.elementCount
    appendConcatenation([before.tensor, new.tensor], output, inPlace: [new.tensor])
    return Piece(tensor: output, rows: rows)
  }

  /// What of a piece the next band needs again; nil for nothing.
  private mutating func retained(
    _ piece: Piece, of original: Int, from next: BandRows.Rows?
  ) -> Piece? {
    guard let next, next.needed < piece.rows.upperBound else { return nil }
    let rows = max(next.needed, piece.rows.lowerBound)..<piece.rows.upperBound
    if rows == piece.rows { return piece }
    let output = newTensor(original, rows)
    movedByteCount += result.tensors[output].shape.elementCount
    appendSlice(piece, rows, output, isView: false)
    return Piece(tensor: output, rows: rows)
  }

  private mutating func newTensor(_ original: Int, _ rows: Range<Int>) -> Int {
    var tensor = model.tensors[original]
    tensor.shape[1] = rows.count
    tensor.isBand = true
    // What is said of the first band holds for all.
    if rows.lowerBound > 0 { tensor.removed = nil }
    result.tensors.append(tensor)
    return result.tensors.count - 1
  }

  private mutating func appendSlice(
    _ piece: Piece, _ rows: Range<Int>, _ output: Int, isView: Bool
  ) {
    let begin = rows.lowerBound - piece.rows.lowerBound
    var slice = LoweredOperator(
      kind: .slice, name: result.tensors[output].name, inputs: [piece.tensor], outputs: [output],
      parameters: [0, begin, 0, 0, 1, 1, 1, 1].map { .value($0) })
    slice.layer = .helper
    if isView { slice.joins = .view }
    result.operators.append(slice)
  }

  /// Rows one after the other; tensors `inPlace` are to lie there already.
  private mutating func appendConcatenation(
    _ inputs: [Int], _ output: Int, inPlace: [Int]
  ) {
    var concatenation = LoweredOperator(
      kind: .concatenation, name: result.tensors[output].name, inputs: inputs, outputs: [output],
      parameters: [.value(1)])
    concatenation.layer = .helper
    concatenation.joins = .parts(inPlace)
    result.operators.append(concatenation)
  }
}

extension LoweredModel {
  /// The operators of a range that read each tensor, in order.
  func readers(in operators: Range<Int>) -> [Int: [Int]] {
    var readers: [Int: [Int]] = [:]
    for index in operators {
      for input in Set(self.operators[index].inputs) { readers[input, default: []].append(index) }
    }
    return readers
  }
}
