/// Depthwise convolution and activation of int16 with int8 weights.
///
/// Input `[N, H, W, C]`, weights `[KH, KW, C · M]`, output `[N, OH, OW, C · M]`; output channel
/// `c · M + m` reads input channel c. All zero points are 0, so padding adds nothing.
package struct DepthwiseConvolution16: Operator {
  package static let parameterCount = 8 + Weighted16.wordCount
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    case strideHeight
    case strideWidth
    case dilationHeight
    case dilationWidth
    case paddingTop
    case paddingLeft
    case kernelHeight
    case kernelWidth
    /// See ``Weighted16``.
    case sumsNarrowly
    case lower
    case upper
    case weights
    case bias
    case multipliers
    case shifts
  }

  private static let rowWords = Window.Words(
    kernel: Word.kernelHeight, stride: Word.strideHeight, dilation: Word.dilationHeight,
    padding: Word.paddingTop)
  private static let columnWords = Window.Words(
    kernel: Word.kernelWidth, stride: Word.strideWidth, dilation: Word.dilationWidth,
    padding: Word.paddingLeft)

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  var rows: Window {
    Window(view, Self.rowWords, input: input.height, output: output.height)
  }
  var columns: Window {
    Window(view, Self.columnWords, input: input.width, output: output.width)
  }

  /// Weights of a channel; what overflows is refused.
  var patchCount: Int {
    product(rows.kernel, columns.kernel, limit: BlobLimits.weightCount) ?? .max
  }

  var demand: Demand {
    Demand(
      dataByteCount: Weighted16.dataByteCount(
        patchCount: patchCount, channels: output.channels),
      partCount: output.elementCount, stepCount: 2 &* rows.reach &* columns.reach &+ 32)
  }

  func validate() throws(ModelError) {
    try view.require(
      input.batch == output.batch && output.channels % input.channels == 0)
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try Weighted16(view, first: Word.sumsNarrowly).validate(
      patchCount: patchCount, channelStep: 1, step: output.channels)
  }

  /// Rows of the output are finished in order.
  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(inputRow: input.rowByteCount, outputRow: output.rowByteCount)
  }

  func run(_ context: OperatorContext) {
    let windows = Windows16(
      channels: Weighted16(view, first: Word.sumsNarrowly).channels(), count: output.channels,
      multiplier: output.channels / input.channels, rows: rows, columns: columns,
      rowCount: input.width &* input.channels, inputChannels: input.channels)
    var target = unsafe context.output(0, as: Int16.self)
    for batch in 0..<input.batch {
      let source =
        unsafe context.input(0, as: Int16.self) + batch &* input.height &* windows.rowCount
      for row in 0..<rows.output {
        let rowTaps = rows.taps(row)
        for column in 0..<columns.output {
          let taps = Windows16.Taps(
            rows: rowTaps, columns: columns.taps(column), top: rows.start(row),
            left: columns.start(column))
          unsafe windows.run(taps, source, into: target)
          unsafe target += output.channels
        }
      }
    }
  }
}

/// The windows of a layer, a channel each.
private struct Windows16 {
  /// The taps of a window that are inside the input, and where tap 0 falls.
  struct Taps {
    let rows: Range<Int>
    let columns: Range<Int>
    let top: Int
    let left: Int
  }

  let channels: Channels16
  let count: Int
  /// Output channels of an input channel.
  let multiplier: Int
  let rows: Window
  let columns: Window
  let rowCount: Int
  let inputChannels: Int

  /// All channels of a pixel, as many at a time as vectors have, or four, where each has an input
  /// of its own and 32 bits hold the products of a window.
  @inline(never)
  func run(
    _ taps: Taps, _ source: UnsafePointer<Int16>, into target: UnsafeMutablePointer<Int16>
  ) {
    var first = 0
    if multiplier == 1, count >= 4,
      taps.rows.count &* taps.columns.count <= WideBlock.productCount
    {
      let step = WideSums.count(of: count)
      while first < count {
        // The last overlap those before.
        first = min(first, count &- step)
        let sums = unsafe sums(first, taps, source, step)
        for index in 0..<step {
          unsafe target[first &+ index] = channels.code(
            channels.bias(first &+ index) &+ widened(sums[index]), first &+ index)
        }
        first &+= step
      }
    }
    while first < count {
      unsafe target[first] = channels.code(
        channels.bias(first) &+ sum(first, taps, source), first)
      first &+= 1
    }
  }

  /// Channels from `first` on.
  @inline(__always)
  private func sums(
    _ first: Int, _ taps: Taps, _ source: UnsafePointer<Int16>, _ step: Int
  ) -> WideSums {
    var sums = WideSums()
    for tapRow in taps.rows {
      let y = taps.top &+ tapRow &* rows.dilation
      let x = taps.left &+ taps.columns.lowerBound &* columns.dilation
      var pixel = unsafe source + (y &* rowCount &+ x &* inputChannels &+ first)
      let tap = tapRow &* columns.kernel &+ taps.columns.lowerBound
      var weights = unsafe channels.weights + (tap &* count &+ first)
      for _ in taps.columns {
        unsafe sums.add(weights, pixel, step)
        unsafe weights += count
        unsafe pixel += columns.dilation &* inputChannels
      }
    }
    return sums
  }

  @inline(never)
  private func sum(_ channel: Int, _ taps: Taps, _ source: UnsafePointer<Int16>) -> Int64 {
    var sum: Int64 = 0
    for tapRow in taps.rows {
      let y = taps.top &+ tapRow &* rows.dilation
      for tapColumn in taps.columns {
        let x = taps.left &+ tapColumn &* columns.dilation
        let tap = tapRow &* columns.kernel &+ tapColumn
        let weight = unsafe channels.weights[tap &* count &+ channel]
        let value = unsafe source[y &* rowCount &+ x &* inputChannels &+ channel / multiplier]
        sum &+= widened(Int32(weight) &* Int32(value))
      }
    }
    return sum
  }
}
