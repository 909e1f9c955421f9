/// The output channels of a weighted layer, or of one group: weights `[count, depth]`, and one
/// bias, multiplier and shift for each.
@safe struct Channels {
  // Safety: the operator was validated, so there is an entry for each channel.
  var weights: UnsafePointer<Int8>
  var bias: UnsafePointer<Int32>
  var multipliers: UnsafePointer<Int32>
  var shifts: UnsafePointer<Int8>
  /// The first of the layer's, where it is a block.
  var first = 0
  let count: Int
  let depth: Int
  /// The output's zero point, and below it the bounds that results are clamped to.
  let zeroPoint: Int32
  let lower: Int32
  let upper: Int32

  init(_ layer: FullyConnected) {
    typealias Word = FullyConnected.Word
    let view = layer.view
    first = layer.block?.first ?? 0
    unsafe weights = layer.block?.weights ?? view.data(view.parameter(Word.weights), as: Int8.self)
    unsafe bias = view.data(view.parameter(Word.bias), as: Int32.self) + first
    unsafe multipliers = view.data(view.parameter(Word.multipliers), as: Int32.self) + first
    unsafe shifts = view.data(view.parameter(Word.shifts), as: Int8.self) + first
    count = layer.block?.count ?? layer.output.channels
    depth = layer.depth
    zeroPoint = layer.output.zeroPoint
    lower = view.parameter(Word.lower)
    upper = view.parameter(Word.upper)
  }

  /// The first columns of a product's block.
  init(_ block: MatrixBlock, count: Int) {
    unsafe weights = UnsafePointer(block.columns)
    unsafe bias = UnsafePointer(block.bias)
    unsafe multipliers = UnsafePointer(block.multipliers)
    unsafe shifts = UnsafePointer(block.shifts)
    self.count = count
    depth = block.layer.depth
    zeroPoint = block.layer.output.zeroPoint
    lower = -128
    upper = 127
  }

  @inline(__always)
  func multiplier(_ index: Int) -> FixedPointMultiplier {
    unsafe FixedPointMultiplier(multiplier: multipliers[index], shift: Int32(shifts[index]))
  }
}
