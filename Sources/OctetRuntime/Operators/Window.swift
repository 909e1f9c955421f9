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

  /// Whether each window is one element of the input.
  var isPointwise: Bool {
    kernel == 1 && padding == 0 && start(output &- 1) < input
  }

  /// The most taps that a window has on real pixels.
  var reach: Int { min(kernel, input) }

  /// Not all windows of a dilation have taps on the same positions: every `count`-th does, and
  /// starts `stride` taps after the one before.
  var phases: (count: Int, stride: Int) {
    var (a, b) = (stride, dilation)
    while b != 0 { (a, b) = (b, a % b) }
    return (dilation / a, stride / a)
  }

  /// The parameter words that describe an axis.
  struct Words {
    let kernel: Int
    let stride: Int
    let dilation: Int
    let padding: Int

    @inline(__always)
    init<Word: ParameterWord>(kernel: Word, stride: Word, dilation: Word, padding: Word) {
      self.kernel = kernel.rawValue
      self.stride = stride.rawValue
      self.dilation = dilation.rawValue
      self.padding = padding.rawValue
    }
  }

  /// Only for parameters that passed `validate`.
  init(_ view: OperatorRecord, _ words: Words, input: Int, output: Int) {
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
    _ view: OperatorRecord, _ words: Words, input: Int, output: Int
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
    Window.overlapDistance(
      rowCount: output, step: stride, padding: padding, inputRow: inputRow, outputRow: outputRow)
  }

  /// The most that the end of output row y, `(y + 1) · outputRow`, lies beyond the start of its
  /// window, `max(0, y · step − padding) · inputRow`.
  ///
  /// It rises while windows start in the padding and is linear in y after that, so its maximum is
  /// at one of three rows; files say how many rows there are, and walking them all would take
  /// minutes.
  @inline(never)
  static func overlapDistance(
    rowCount: Int, step: Int, padding: Int, inputRow: Int, outputRow: Int
  ) -> Int {
    // Of one row the step means nothing, and its product may have wrapped on 32 bits.
    if rowCount <= 1 { return outputRow }
    let last = rowCount &- 1
    let knee = min(padding / step, last)
    var distance = 0
    for candidate in 0..<3 {
      let row = candidate == 2 ? last : min(knee &+ candidate, last)
      let start = max(0, row &* step &- padding)
      distance = max(distance, (row &+ 1) &* outputRow &- start &* inputRow)
    }
    return distance
  }
}
