// The portable kernel of depthwise convolution.
//
//     for each output pixel, for each channel o:
//       acc = bias[o] + Σ over taps w[tap, o] · x[tap, o / M]     (padding reads as the zero point)
//       requantize, clamp, store
//
// 1. With a multiplier of 1, eight channels at a time on 64-bit cores. The last eight overlap those
//    before them when C is no multiple of eight, and are computed twice.
// 2. Parameters are read once: the compiler cannot know that stores to the arena leave them be.

#if canImport(COctetKernels.MVE) || canImport(COctetKernels.RVV)
  internal import COctetKernels
#endif

extension DepthwiseConvolution {
  func runWidened(_ context: OperatorContext) {
    #if canImport(COctetKernels.NEON)
      if context.backend != .portable {
        if DepthwiseStrips.isFaster(self), runInStrips(context) { return }
        if runOnNEON(context) { return }
      }
    #endif
    #if canImport(COctetKernels.MVE) || canImport(COctetKernels.RVV)
      if runOnRows(context) { return }
    #endif
    #if arch(arm)
      if runOnCore(context) { return }
    #endif
    runPortable(context)
  }

  /// Not a part of `runWidened`, whose stack would hold it beside other kernels.
  @inline(never)
  private func runPortable(_ context: OperatorContext) {
    let kernel = PortableDepthwise(self, context)
    for batch in 0..<input.batch {
      for row in 0..<output.height {
        for column in 0..<output.width { kernel.pixel(batch: batch, row: row, column: column) }
      }
    }
  }
}

@safe private struct PortableDepthwise {
  // Safety: the operator was validated, so every pointer has what is read and written behind it.
  let source: UnsafePointer<Int8>
  let target: UnsafeMutablePointer<Int8>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int32>
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  let rows: Window
  let columns: Window
  let inputChannels: Int
  let channels: Int
  let depthMultiplier: Int
  let inputZeroPoint: Int32
  let outputZeroPoint: Int32
  let lower: Int32
  let upper: Int32

  init(_ layer: DepthwiseConvolution, _ context: OperatorContext) {
    typealias Word = DepthwiseConvolution.Word
    let view = layer.view
    unsafe source = context.input(0)
    unsafe target = context.output(0)
    unsafe weights = layer.weights
    unsafe bias = context.data(view.parameter(Word.bias), as: Int32.self)
    unsafe multipliers = context.data(view.parameter(Word.multipliers), as: Int32.self)
    unsafe shifts = context.data(view.parameter(Word.shifts), as: Int8.self)
    rows = layer.rows
    columns = layer.columns
    inputChannels = layer.input.channels
    channels = layer.output.channels
    depthMultiplier = channels / inputChannels
    inputZeroPoint = layer.input.zeroPoint
    outputZeroPoint = layer.output.zeroPoint
    lower = view.parameter(Word.lower)
    upper = view.parameter(Word.upper)
  }

  /// Computes all channels of one output pixel.
  @inline(__always)
  func pixel(batch: Int, row: Int, column: Int) {
    let image = unsafe source + batch &* rows.input &* columns.input &* inputChannels
    let result =
      unsafe target + ((batch &* rows.output &+ row) &* columns.output &+ column) &* channels
    let y = rows.start(row)
    let x = columns.start(column)
    #if arch(x86_64) || arch(arm64)
      if depthMultiplier == 1, channels >= 8 {
        var channel = 0
        while channel < channels {
          let first = min(channel, channels &- 8)
          unsafe eightChannels(image, result, first: first, row: y, column: x)
          channel &+= 8
        }
        return
      }
    #endif
    var channel = 0
    for inputChannel in 0..<inputChannels {
      for _ in 0..<depthMultiplier {
        let sum = unsafe accumulate(
          image + inputChannel, weights + channel, row: y, column: x)
        unsafe result[channel] = finish(sum &+ bias[channel], channel)
        channel &+= 1
      }
    }
  }

  /// Σ w · x over the taps of one channel.
  @inline(__always)
  private func accumulate(
    _ image: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, row: Int, column: Int
  ) -> Int32 {
    var sum: Int32 = 0
    var weight = unsafe weights
    var y = row
    for _ in 0..<rows.kernel {
      let isRow = y >= 0 && y < rows.input
      var x = column
      for _ in 0..<columns.kernel {
        var value = inputZeroPoint
        if isRow, x >= 0, x < columns.input {
          value = unsafe Int32(image[(y &* columns.input &+ x) &* inputChannels])
        }
        unsafe sum &+= value &* Int32(weight.pointee)
        unsafe weight += channels
        x &+= columns.dilation
      }
      y &+= rows.dilation
    }
    return sum
  }

  #if arch(x86_64) || arch(arm64)
    /// Channels `first` ..< `first` + 8, with a multiplier of 1.
    @inline(__always)
    private func eightChannels(
      _ image: UnsafePointer<Int8>, _ result: UnsafeMutablePointer<Int8>, first: Int, row: Int,
      column: Int
    ) {
      let padding = SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: inputZeroPoint))
      var sums = unsafe UnsafeRawPointer(bias + first).loadUnaligned(as: SIMD8<Int32>.self)
      var weight = unsafe weights + first
      var y = row
      for _ in 0..<rows.kernel {
        let isRow = y >= 0 && y < rows.input
        var x = column
        for _ in 0..<columns.kernel {
          var values = padding
          if isRow, x >= 0, x < columns.input {
            values = unsafe loadWidened(
              image + ((y &* columns.input &+ x) &* channels &+ first))
          }
          sums &+= unsafe widened(values) &* widened(loadWidened(weight))
          unsafe weight += channels
          x &+= columns.dilation
        }
        y &+= rows.dilation
      }
      for lane in 0..<8 {
        unsafe result[first &+ lane] = finish(sums[lane], first &+ lane)
      }
    }
  #endif

  /// An accumulator's int8 result.
  @inline(__always)
  private func finish(_ sum: Int32, _ channel: Int) -> Int8 {
    let by = unsafe FixedPointMultiplier(
      multiplier: multipliers[channel], shift: Int32(shifts[channel]))
    return clamp(requantize(sum, by) &+ outputZeroPoint, lower, upper)
  }
}
