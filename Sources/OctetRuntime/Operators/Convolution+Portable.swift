// The portable kernel of convolution: im2col one pair of pixels at a time, then dot products.
//
//     for each output row, for each output pixel:
//       for each pixel of its pool window, two at a time:
//         widen their patches to int16 in the scratch          (padding reads as the zero point)
//         for each output channel o: acc = bias[o] + Σₖ w[o, k] · patch[k]
//         running maximum over the window
//       requantize, clamp, store
//
// 1. Two pixels share each load and widening of the weights.
// 2. A kernel row of a patch is contiguous in the input, so it is widened as a whole; eight values
//    at a time, which may write up to seven past its end. Rows are filled in order, so what comes
//    next overwrites them, and a patch has room for seven more.
// 3. Parameters are read once: the compiler cannot know that stores to the arena leave them be.

extension Convolution {
  func run(_ context: OperatorContext) {
    let kernel = PortableConvolution(self, context)
    for batch in 0..<input.batch {
      for row in 0..<output.height {
        for column in 0..<output.width {
          kernel.pixel(batch: batch, row: row, column: column)
        }
      }
    }
  }

  /// Elements of a patch in the scratch, with room for seven more than it has.
  var patchStride: Int { (patchCount &+ 14) & ~7 }
}

@safe private struct PortableConvolution {
  // Safety: the operator was validated, so every pointer has what is read and written behind it.
  let source: UnsafePointer<Int8>
  let target: UnsafeMutablePointer<Int8>
  let patches: UnsafeMutablePointer<Int16>
  let maxima: UnsafeMutablePointer<Int32>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int32>
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  let rows: Axis
  let columns: Axis
  let groups: Int
  let inputChannels: Int
  let outputChannels: Int
  let outputHeight: Int
  let outputWidth: Int
  let patchCount: Int
  let patchStride: Int
  let inputZeroPoint: Int16
  let outputZeroPoint: Int32
  let lower: Int32
  let upper: Int32
  #if arch(x86_64) || arch(arm64)
    let tailMask: SIMD8<Int16>
  #endif

  struct Axis {
    let input: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    let padding: Int
    let pool: Int
    let poolStride: Int
  }

  init(_ layer: Convolution, _ context: OperatorContext) {
    typealias Word = Convolution.Word
    let view = layer.view
    unsafe source = context.input(0)
    unsafe target = context.output(0)
    unsafe patches = context.scratch.assumingMemoryBound(to: Int16.self)
    unsafe maxima = (context.scratch + 4 &* layer.patchStride).assumingMemoryBound(to: Int32.self)
    unsafe weights = context.data(view.parameter(Word.weights), as: Int8.self)
    unsafe bias = context.data(view.parameter(Word.bias), as: Int32.self)
    unsafe multipliers = context.data(view.parameter(Word.multipliers), as: Int32.self)
    unsafe shifts = context.data(view.parameter(Word.shifts), as: Int8.self)
    rows = Axis(
      input: layer.input.height, kernel: layer.word(Word.kernelHeight),
      stride: layer.word(Word.strideHeight), dilation: layer.word(Word.dilationHeight),
      padding: layer.word(Word.paddingTop), pool: layer.word(Word.poolHeight),
      poolStride: layer.word(Word.poolStrideHeight))
    columns = Axis(
      input: layer.input.width, kernel: layer.word(Word.kernelWidth),
      stride: layer.word(Word.strideWidth), dilation: layer.word(Word.dilationWidth),
      padding: layer.word(Word.paddingLeft), pool: layer.word(Word.poolWidth),
      poolStride: layer.word(Word.poolStrideWidth))
    groups = layer.word(Word.groups)
    inputChannels = layer.input.channels
    outputChannels = layer.output.channels
    outputHeight = layer.output.height
    outputWidth = layer.output.width
    patchCount = layer.patchCount
    patchStride = layer.patchStride
    inputZeroPoint = Int16(truncatingIfNeeded: layer.input.zeroPoint)
    outputZeroPoint = layer.output.zeroPoint
    lower = view.parameter(Word.lower)
    upper = view.parameter(Word.upper)
    #if arch(x86_64) || arch(arm64)
      let lanes = SIMD8<Int16>(0, 1, 2, 3, 4, 5, 6, 7)
      let tail = SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: patchCount & 7))
      tailMask = SIMD8(repeating: 0).replacing(with: -1, where: lanes .< tail)
    #endif
  }

  /// Computes all channels of one output pixel.
  @inline(__always)
  func pixel(batch: Int, row: Int, column: Int) {
    let outputsPerGroup = outputChannels / groups
    let image = unsafe source + batch &* rows.input &* columns.input &* inputChannels
    let result =
      unsafe target
      + ((batch &* outputHeight &+ row) &* outputWidth &+ column) &* outputChannels
    let windowCount = rows.pool &* columns.pool
    for group in 0..<groups {
      let channels = group &* outputsPerGroup..<(group &+ 1) &* outputsPerGroup
      var y = row &* rows.poolStride
      var x = column &* columns.poolStride
      let endX = x &+ columns.pool
      var index = 0
      while index < windowCount {
        for lane in 0..<2 where lane == 0 || index &+ 1 < windowCount {
          unsafe fillPatch(patches + lane &* patchStride, image, group: group, row: y, column: x)
          x &+= 1
          if x == endX {
            x = endX &- columns.pool
            y &+= 1
          }
        }
        // The last pixel of an odd number is its own partner.
        let second = index &+ 1 < windowCount ? patchStride : 0
        unsafe accumulate(
          channels, patches + second, result, isFirst: index == 0, isLast: index &+ 2 >= windowCount
        )
        index &+= 2
      }
    }
  }

  /// The products of the patches of one pair of pixels with the weights of `channels`.
  @inline(__always)
  private func accumulate(
    _ channels: Range<Int>, _ second: UnsafeMutablePointer<Int16>,
    _ result: UnsafeMutablePointer<Int8>, isFirst: Bool, isLast: Bool
  ) {
    let count = (patchCount &+ 7) & ~7
    var channel = channels.lowerBound
    while channel &+ 1 < channels.upperBound {
      let maxima = unsafe dotPairs(
        weights + channel &* patchCount, stride: patchCount, patches, second, count: count)
      unsafe finish(maxima.0, channel, result, isFirst: isFirst, isLast: isLast)
      unsafe finish(maxima.1, channel &+ 1, result, isFirst: isFirst, isLast: isLast)
      channel &+= 2
    }
    if channel < channels.upperBound {
      let maximum = unsafe dotPair(
        weights + channel &* patchCount, patches, second, count: count)
      unsafe finish(maximum, channel, result, isFirst: isFirst, isLast: isLast)
    }
  }

  /// Keeps the running maximum of a channel over its pool window, and at its end the result.
  @inline(__always)
  private func finish(
    _ sum: Int32, _ channel: Int, _ result: UnsafeMutablePointer<Int8>, isFirst: Bool, isLast: Bool
  ) {
    var maximum = unsafe sum &+ bias[channel]
    if !isFirst { maximum = unsafe max(maximum, maxima[channel]) }
    if isLast {
      let by = unsafe FixedPointMultiplier(
        multiplier: multipliers[channel], shift: Int32(shifts[channel]))
      unsafe result[channel] = clamp(requantize(maximum, by) &+ outputZeroPoint, lower, upper)
    } else {
      unsafe maxima[channel] = maximum
    }
  }

  /// Where a patch starts in the input when all of it, and up to seven bytes after each of its
  /// rows, lies there.
  @inline(__always)
  private func insidePatch(
    _ image: UnsafePointer<Int8>, row: Int, column: Int
  ) -> UnsafePointer<Int8>? {
    let lastRow = row &+ (rows.kernel &- 1) &* rows.dilation
    guard columns.dilation == 1, groups == 1, row >= 0, lastRow < rows.input, column >= 0,
      column &+ columns.kernel <= columns.input
    else { return nil }
    let pixel = lastRow &* columns.input &+ column &+ columns.kernel
    guard pixel &* inputChannels &+ 7 <= rows.input &* columns.input &* inputChannels else {
      return nil
    }
    return unsafe image + (row &* columns.input &+ column) &* inputChannels
  }

  /// Writes the patch of convolution pixel (`row`, `column`): KH · KW · I / groups values, padding
  /// as the zero point, then zeros up to a multiple of 8.
  @inline(__always)
  private func fillPatch(
    _ patch: UnsafeMutablePointer<Int16>, _ image: UnsafePointer<Int8>, group: Int, row: Int,
    column: Int
  ) {
    let rowByteCount = columns.input &* inputChannels
    let end = unsafe image + rows.input &* rowByteCount
    let left = column &* columns.stride &- columns.padding
    var y = row &* rows.stride &- rows.padding
    var next = unsafe patch
    if let first = unsafe insidePatch(image, row: y, column: left) {
      let rowCount = columns.kernel &* inputChannels
      var from = unsafe first
      for _ in 0..<rows.kernel {
        unsafe widen(from, next, count: rowCount)
        unsafe next += rowCount
        unsafe from += rows.dilation &* rowByteCount
      }
    } else if columns.dilation == 1, groups == 1 {
      // Taps before and after the image's row, and the pixels between.
      let before = min(max(0, 0 &- left), columns.kernel)
      let after = min(max(0, left &+ columns.kernel &- columns.input), columns.kernel &- before)
      let beforeCount = before &* inputChannels
      let insideCount = (columns.kernel &- before &- after) &* inputChannels
      let afterCount = after &* inputChannels
      for _ in 0..<rows.kernel {
        if y >= 0, y < rows.input {
          unsafe fill(next, inputZeroPoint, count: beforeCount)
          unsafe widen(
            image + (y &* rowByteCount &+ (left &+ before) &* inputChannels), next + beforeCount,
            count: insideCount, sourceEnd: end)
          unsafe fill(next + (beforeCount &+ insideCount), inputZeroPoint, count: afterCount)
        } else {
          unsafe fill(next, inputZeroPoint, count: columns.kernel &* inputChannels)
        }
        unsafe next += columns.kernel &* inputChannels
        y &+= rows.dilation
      }
    } else {
      let channels = inputChannels / groups
      for _ in 0..<rows.kernel {
        var x = left
        for _ in 0..<columns.kernel {
          if y >= 0, y < rows.input, x >= 0, x < columns.input {
            unsafe widen(
              image + (y &* rowByteCount &+ x &* inputChannels &+ group &* channels), next,
              count: channels, sourceEnd: end)
          } else {
            unsafe fill(next, inputZeroPoint, count: channels)
          }
          unsafe next += channels
          x &+= columns.dilation
        }
        y &+= rows.dilation
      }
    }
    #if arch(x86_64) || arch(arm64)
      if patchCount & 7 != 0 { unsafe clearTail(patch, count: patchCount, mask: tailMask) }
    #else
      while unsafe next < patch + ((patchCount &+ 7) & ~7) {
        unsafe next.pointee = 0
        unsafe next += 1
      }
    #endif
  }
}
