/// The windows that slide along one axis of an image: which of their taps fall on real pixels.
///
/// Tap k of window i reads position `i · stride − padding + k · dilation`.
struct Window {
  /// Positions and windows along the axis.
  let input: Int
  let output: Int
  let kernel: Int
  let stride: Int
  let dilation: Int
  let padding: Int

  /// Where tap 0 of window `index` falls; below zero in the padding.
  @inline(__always)
  func start(_ index: Int) -> Int { index &* stride &- padding }

  /// The taps of window `index` that fall inside the input; empty when all are padding.
  @inline(__always)
  func taps(_ index: Int) -> Range<Int> {
    let start = start(index)
    let first = start < 0 ? (dilation &- 1 &- start) / dilation : 0
    let end = start < input ? (input &- start &+ dilation &- 1) / dilation : 0
    let last = min(kernel, end)
    return min(first, last)..<last
  }

  /// The parameter words that describe an axis.
  struct Words {
    let kernel: Int
    let stride: Int
    let dilation: Int
    let padding: Int
  }

  /// Only for parameters that passed `validate`.
  init(_ view: OperatorView, _ words: Words, input: Int, output: Int) {
    self.input = input
    self.output = output
    kernel = Int(view.parameter(words.kernel))
    stride = Int(view.parameter(words.stride))
    dilation = Int(view.parameter(words.dilation))
    padding = Int(view.parameter(words.padding))
  }

  /// Every extent is within its limits and every window starts inside the padded input, so that no
  /// position overflows 32 bits.
  static func validate(
    _ view: OperatorView, _ words: Words, input: Int, output: Int
  ) throws(ModelError) {
    let extents = Int32(BlobLimits.windowExtent)
    try view.require(parameter: words.kernel, in: 1...Int32(BlobLimits.elementCount))
    try view.require(parameter: words.stride, in: 1...extents)
    try view.require(parameter: words.dilation, in: 1...extents)
    try view.require(parameter: words.padding, in: 0...extents)
    guard let last = product(output &- 1, Int(view.parameter(words.stride))) else {
      throw ModelError(.operatorShape, at: view.offset)
    }
    try view.require(last &- Int(view.parameter(words.padding)) < input)
  }

  /// For rows: how far an input of `inputRow` bytes a row must start beyond its output, of
  /// `outputRow` bytes a row, when rows are finished in order. While row y is written, the input
  /// rows from its window's start on are intact.
  func overlapDistance(inputRow: Int, outputRow: Int) -> Int {
    var distance = 0
    for row in 0..<output {
      let firstNeeded = min(max(0, start(row)), input)
      distance = max(distance, (row &+ 1) &* outputRow &- firstNeeded &* inputRow)
    }
    return distance
  }
}
