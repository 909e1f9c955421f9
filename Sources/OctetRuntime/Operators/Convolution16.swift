/// Convolution and activation of int16 with int8 weights.
///
/// Input `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, output `[N, OH, OW, O]`. All zero
/// points are 0, so padding adds nothing.
package struct Convolution16: Operator {
  package static let parameterCount = 9 + Weighted16.wordCount
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
    case groups
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
  var groups: Int { Int(view.parameter(Word.groups)) }
  /// Input channels of a group.
  var depth: Int { input.channels / groups }

  /// Weights of one output channel; what overflows is refused.
  var patchCount: Int {
    product(rows.kernel, columns.kernel, limit: BlobLimits.weightCount)
      .flatMap { product($0, depth, limit: BlobLimits.weightCount) } ?? .max
  }

  var demand: Demand {
    Demand(
      dataByteCount: Weighted16.dataByteCount(
        patchCount: patchCount, channels: output.channels),
      partCount: output.elementCount, stepCount: 2 &* patchCount &+ 32)
  }

  func validate() throws(ModelError) {
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try view.require(parameter: Word.groups, in: 1...Int32(BlobLimits.elementCount))
    try view.require(
      input.batch == output.batch && input.channels % groups == 0
        && output.channels % groups == 0)
    try Weighted16(view, first: Word.sumsNarrowly).validate(
      patchCount: patchCount, channelStep: patchCount, step: 1)
  }

  /// A patch, filled up with zeros.
  var scratchByteCount: Int { isPointwise ? 0 : 2 &* WideBlock.rounded(patchCount) }
  /// Blobs of before have none.
  var leastScratchByteCount: Int { 0 }

  /// Whether patches are multiplied where they lie: each is a pixel.
  private var isPointwise: Bool {
    groups == 1 && rows.isPointwise && columns.isPointwise
  }

  /// Rows of the output are finished in order.
  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(inputRow: input.rowByteCount, outputRow: output.rowByteCount)
  }

  func run(_ context: OperatorContext) {
    let pixels = unsafe Pixels16(
      channels: Weighted16(view, first: Word.sumsNarrowly).channels(),
      channelCount: output.channels, groups: groups, depth: depth, patchCount: patchCount,
      isPointwise: isPointwise,
      hasPlace: view.scratchByteCount >= scratchByteCount,
      values: context.scratch.assumingMemoryBound(to: Int16.self),
      backend: context.backend)
    pixels.clearRest()
    let (rows, columns, depth) = (rows, columns, depth)
    let rowCount = input.width &* input.channels
    var target = unsafe context.output(0, as: Int16.self)
    for batch in 0..<input.batch {
      let source = unsafe context.input(0, as: Int16.self) + batch &* input.height &* rowCount
      for row in 0..<rows.output {
        let rowTaps = rows.taps(row)
        for column in 0..<columns.output {
          let patch = unsafe Patch16(
            source: source, rows: rows, rowTaps: rowTaps, firstRow: rows.start(row),
            columns: columns, columnTaps: columns.taps(column),
            firstColumn: columns.start(column), depth: depth, channels: input.channels,
            rowCount: rowCount)
          unsafe pixels.run(patch, into: target)
          unsafe target += pixels.channelCount
        }
      }
    }
  }
}

/// What makes all channels of a pixel of its patch.
@safe private struct Pixels16 {
  let channels: Channels16
  let channelCount: Int
  let groups: Int
  /// Input channels of a group.
  let depth: Int
  /// Weights of a channel.
  let patchCount: Int
  /// Whether patches are multiplied where they lie: each is a pixel.
  let isPointwise: Bool
  /// Whether the plan has room for a patch, filled up: not in blobs of before.
  let hasPlace: Bool
  // Safety: used where there is room.
  let values: UnsafeMutablePointer<Int16>
  let backend: Backend

  /// Zeros up to a multiple of eight, which patches leave as they are.
  func clearRest() {
    guard hasPlace, !isPointwise else { return }
    for index in patchCount..<WideBlock.rounded(patchCount) { unsafe values[index] = 0 }
  }

  /// Four channels at a time, where patches have a place.
  @inline(__always)
  func run(_ patch: Patch16, into target: UnsafeMutablePointer<Int16>) {
    guard isPointwise || hasPlace else { return unsafe runWithoutPlace(patch, into: target) }
    let groupCount = channelCount / groups
    var first = 0
    for group in 0..<groups {
      if !isPointwise { unsafe patch.gather(group &* depth, into: values) }
      let source = unsafe isPointwise ? patch.first : UnsafePointer(values)
      unsafe channels.store(
        first, count: groupCount, depth: patchCount, source,
        patchCount: isPointwise ? depth : WideBlock.rounded(patchCount), into: target,
        backend: backend)
      first &+= groupCount
    }
  }

  @inline(never)
  private func runWithoutPlace(_ patch: Patch16, into target: UnsafeMutablePointer<Int16>) {
    let groupCount = channelCount / groups
    var weights = unsafe channels.weights
    for channel in 0..<channelCount {
      let sum =
        unsafe channels.bias(channel)
        &+ patch.dot(weights, channelOffset: channel / groupCount &* depth)
      unsafe target[channel] = channels.code(sum, channel)
      unsafe weights += patchCount
    }
  }
}

/// The real pixels under one window of a convolution.
@safe private struct Patch16 {
  // Safety: the taps lie inside the input, so every pixel does.
  let source: UnsafePointer<Int16>
  let rows: Window
  let rowTaps: Range<Int>
  let firstRow: Int
  let columns: Window
  let columnTaps: Range<Int>
  let firstColumn: Int
  let depth: Int
  let channels: Int
  let rowCount: Int

  /// The window's first pixel, of one inside the input.
  @inline(__always)
  var first: UnsafePointer<Int16> {
    unsafe source + (firstRow &* rowCount &+ firstColumn &* channels)
  }

  /// Copies `[KH, KW, depth]` values from `channelOffset` on, with zeros outside the input.
  @inline(never)
  func gather(_ channelOffset: Int, into values: UnsafeMutablePointer<Int16>) {
    let line = columns.kernel &* depth
    let (left, right) = (
      columnTaps.lowerBound &* depth, (columns.kernel &- columnTaps.upperBound) &* depth
    )
    let isRun = columns.dilation == 1 && depth == channels
    let x = firstColumn &+ columnTaps.lowerBound &* columns.dilation
    var to = unsafe Self.clear(values, count: rowTaps.lowerBound &* line)
    for tapRow in rowTaps {
      let y = firstRow &+ tapRow &* rows.dilation
      var pixel = unsafe source + (y &* rowCount &+ x &* channels &+ channelOffset)
      unsafe to = Self.clear(to, count: left)
      if isRun {
        unsafe to = Self.copy(pixel, to, count: columnTaps.count &* depth)
      } else {
        for _ in columnTaps {
          unsafe to = Self.copy(pixel, to, count: depth)
          unsafe pixel += columns.dilation &* channels
        }
      }
      unsafe to = Self.clear(to, count: right)
    }
    _ = unsafe Self.clear(to, count: (rows.kernel &- rowTaps.upperBound) &* line)
  }

  /// - Returns: the place behind.
  @inline(__always)
  private static func clear(
    _ to: UnsafeMutablePointer<Int16>, count: Int
  ) -> UnsafeMutablePointer<Int16> {
    for index in 0..<count { unsafe to[index] = 0 }
    return unsafe to + count
  }

  @inline(__always)
  private static func copy(
    _ from: UnsafePointer<Int16>, _ to: UnsafeMutablePointer<Int16>, count: Int
  ) -> UnsafeMutablePointer<Int16> {
    #if arch(arm) || arch(arm64)
      let (source, target) = unsafe (UnsafeRawPointer(from), UnsafeMutableRawPointer(to))
      unsafe copyBytes(
        target.assumingMemoryBound(to: Int8.self), source.assumingMemoryBound(to: Int8.self),
        count: 2 &* count)
    #else
      for index in 0..<count { unsafe to[index] = from[index] }
    #endif
    return unsafe to + count
  }

  /// The products with `[KH, KW, depth]` weights. Neighbouring pixels of one group are one run.
  @inline(__always)
  func dot(_ weights: UnsafePointer<Int8>, channelOffset: Int) -> Int64 {
    var sum: Int64 = 0
    if columnTaps.isEmpty { return 0 }
    let isRun = columns.dilation == 1 && depth == channels
    for tapRow in rowTaps {
      let y = firstRow &+ tapRow &* rows.dilation
      let x = firstColumn &+ columnTaps.lowerBound &* columns.dilation
      var pixel = unsafe source + (y &* rowCount &+ x &* channels &+ channelOffset)
      var tap = unsafe weights + (tapRow &* columns.kernel &+ columnTaps.lowerBound) &* depth
      if isRun {
        unsafe sum &+= dotWide(tap, pixel, count: columnTaps.count &* depth)
        continue
      }
      for _ in columnTaps {
        unsafe sum &+= dotWide(tap, pixel, count: depth)
        unsafe tap += depth
        unsafe pixel += columns.dilation &* channels
      }
    }
    return sum
  }
}
