// The portable kernel of convolution: im2col one pair of pixels at a time, then dot products.
//
//     for each output row, for each output pixel:
//       for each pixel of its pool window, two at a time:
//         widen their patches to int16 in the scratch          (padding reads as the zero point)
//         for each output channel o: acc = bias[o] + Σₖ w[o, k] · patch[k]
//         running maximum over the window
//       requantize, clamp, store
//
// Two pixels share each load and widening of the weights.

extension Convolution {
  func runPortable(_ context: OperatorContext) {
    for batch in 0..<input.batch {
      for row in 0..<output.height {
        for column in 0..<output.width {
          pixel(context, batch: batch, row: row, column: column)
        }
      }
    }
  }

  /// Computes all channels of one output pixel.
  private func pixel(_ context: OperatorContext, batch: Int, row: Int, column: Int) {
    let groups = word(Word.groups)
    let outputsPerGroup = output.channels / groups
    let target =
      unsafe context.output(0)
      + ((batch &* output.height &+ row) &* output.width &+ column) &* output.channels
    let source = unsafe context.input(0) + batch &* input.height &* input.width &* input.channels
    let patch = unsafe context.scratch.assumingMemoryBound(to: Int16.self)
    let weights = unsafe context.data(view.parameter(Word.weights), as: Int8.self)
    let bias = unsafe context.data(view.parameter(Word.bias), as: Int32.self)
    let multipliers = unsafe context.data(view.parameter(Word.multipliers), as: Int32.self)
    let shifts = unsafe context.data(view.parameter(Word.shifts), as: Int8.self)
    let count = patchCount
    let padded = paddedPatchCount
    let maxima = unsafe (context.scratch + 4 &* padded).assumingMemoryBound(to: Int32.self)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    let windowCount = word(Word.poolHeight) &* word(Word.poolWidth)
    for group in 0..<groups {
      var first = 0
      while first < windowCount {
        for lane in 0..<2 {
          let index = min(first &+ lane, windowCount &- 1)
          unsafe fillPatch(
            patch + lane &* padded, from: source, group: group,
            row: row &* word(Word.poolStrideHeight) &+ index / word(Word.poolWidth),
            column: column &* word(Word.poolStrideWidth) &+ index % word(Word.poolWidth))
        }
        for channel in group &* outputsPerGroup..<(group &+ 1) &* outputsPerGroup {
          var maximum = unsafe dotPair(
            weights + channel &* count, patch, patch + padded, count: count)
          maximum &+= unsafe bias[channel]
          if first > 0 { maximum = unsafe max(maximum, maxima[channel]) }
          if first &+ 2 < windowCount {
            unsafe maxima[channel] = maximum
          } else {
            let by = unsafe FixedPointMultiplier(
              multiplier: multipliers[channel], shift: Int32(shifts[channel]))
            unsafe target[channel] = clamp(
              requantize(maximum, by) &+ output.zeroPoint, lower, upper)
          }
        }
        first &+= 2
      }
    }
  }

  /// Writes the patch of convolution pixel (`row`, `column`): KH · KW · I / groups values, padding
  /// as the zero point, then zeros up to a multiple of 16.
  private func fillPatch(
    _ patch: UnsafeMutablePointer<Int16>, from source: UnsafePointer<Int8>, group: Int, row: Int,
    column: Int
  ) {
    let channels = input.channels / word(Word.groups)
    let zeroPoint = Int16(truncatingIfNeeded: input.zeroPoint)
    var next = 0
    for kernelRow in 0..<word(Word.kernelHeight) {
      let y =
        row &* word(Word.strideHeight) &- word(Word.paddingTop)
        &+ kernelRow &* word(Word.dilationHeight)
      for kernelColumn in 0..<word(Word.kernelWidth) {
        let x =
          column &* word(Word.strideWidth) &- word(Word.paddingLeft)
          &+ kernelColumn &* word(Word.dilationWidth)
        if y >= 0, y < input.height, x >= 0, x < input.width {
          let start = (y &* input.width &+ x) &* input.channels &+ group &* channels
          for channel in 0..<channels {
            unsafe patch[next &+ channel] = Int16(source[start &+ channel])
          }
        } else {
          for channel in 0..<channels { unsafe patch[next &+ channel] = zeroPoint }
        }
        next &+= channels
      }
    }
    while next < paddedPatchCount {
      unsafe patch[next] = 0
      next &+= 1
    }
  }
}

/// The larger of Σ w · a and Σ w · b over `count` values.
///
/// |w · a| ≤ 2¹⁴ and the exporter bounds the whole sum with its bias, so int32 holds it.
@inline(__always)
private func dotPair(
  _ w: UnsafePointer<Int8>, _ a: UnsafePointer<Int16>, _ b: UnsafePointer<Int16>, count: Int
) -> Int32 {
  var sumA: Int32 = 0
  var sumB: Int32 = 0
  for index in 0..<count {
    let weight = unsafe Int32(w[index])
    unsafe sumA &+= weight &* Int32(a[index])
    unsafe sumB &+= weight &* Int32(b[index])
  }
  return max(sumA, sumB)
}
