// The portable kernel of depthwise convolution.
//
//     for each output pixel, for each channel o:
//       acc = bias[o] + Σ over taps w[tap, o] · x[tap, o / M]      (padding reads as the zero point)
//       requantize, clamp, store

extension DepthwiseConvolution {
  func run(_ context: OperatorContext) {
    let rows = rows
    let columns = columns
    let weights = unsafe context.data(view.parameter(Word.weights), as: Int8.self)
    let bias = unsafe context.data(view.parameter(Word.bias), as: Int32.self)
    let multipliers = unsafe context.data(view.parameter(Word.multipliers), as: Int32.self)
    let shifts = unsafe context.data(view.parameter(Word.shifts), as: Int8.self)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    let zeroPoint = output.zeroPoint
    let channels = output.channels
    var target = unsafe context.output(0)
    for batch in 0..<input.batch {
      for row in 0..<output.height {
        for column in 0..<output.width {
          for channel in 0..<channels {
            let sum = unsafe accumulate(
              context.input(0), weights, batch: batch, row: rows.start(row),
              column: columns.start(column), channel: channel)
            let by = unsafe FixedPointMultiplier(
              multiplier: multipliers[channel], shift: Int32(shifts[channel]))
            unsafe target[channel] = clamp(
              requantize(sum &+ bias[channel], by) &+ zeroPoint, lower, upper)
          }
          unsafe target += channels
        }
      }
    }
  }

  private func accumulate(
    _ source: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, batch: Int, row: Int,
    column: Int, channel: Int
  ) -> Int32 {
    let rows = rows
    let columns = columns
    let inputChannel = channel / (output.channels / input.channels)
    var sum: Int32 = 0
    var weight = channel
    for kernelRow in 0..<rows.kernel {
      let y = row &+ kernelRow &* rows.dilation
      for kernelColumn in 0..<columns.kernel {
        let x = column &+ kernelColumn &* columns.dilation
        var value = input.zeroPoint
        if y >= 0, y < input.height, x >= 0, x < input.width {
          let pixel = (batch &* input.height &+ y) &* input.width &+ x
          value = unsafe Int32(source[pixel &* input.channels &+ inputChannel])
        }
        sum &+= unsafe value &* Int32(weights[weight])
        weight &+= output.channels
      }
    }
    return sum
  }
}
