// The portable kernel of convolution: im2col one pair of pixels at a time, then dot products.
//
//     for each output row, for each output pixel:
//       for each pixel of its pool window, two at a time:
//         widen their patches to int16 in the scratch          (padding reads as the zero point)
//         for each output channel o: acc = bias[o] + Σₖ w[o, k] · patch[k]
//         running maximum over the window
//       requantize, clamp, store
//
// 1. Two pixels share each load and widening of the weights: of a pool window, or without a pool
//    two
//    neighbours.
// 2. A kernel row of a patch is contiguous in the input, so it is widened as a whole; eight values
//    at a time, which may write up to seven past its end. Rows are filled in order, so what comes
//    next overwrites them, and a patch has room for eight more.
// 3. Parameters are read once: the compiler cannot know that stores to the arena leave them be.

extension Convolution {
  func runPortable(_ context: OperatorContext) {
    let kernel = PortableConvolution(self, context)
    for batch in 0..<input.batch {
      for row in 0..<output.height {
        if hasSmallWindows {
          for column in 0..<output.width { kernel.pool4(batch: batch, row: row, column: column) }
        } else if hasPool {
          for column in 0..<output.width { kernel.pool(batch: batch, row: row, column: column) }
        } else {
          kernel.row(batch: batch, row: row)
        }
      }
    }
  }

  /// Elements of a patch in the scratch, with room for eight more than it has.
  var patchStride: Int { (patchCount &+ 15) & ~7 }

  var hasPool: Bool { word(Word.poolHeight) &* word(Word.poolWidth) > 1 }

  /// Whether all four patches of a pool window go into the scratch together.
  var hasSmallWindows: Bool {
    word(Word.poolHeight) &* word(Word.poolWidth) == 4 && patchStride <= 64
  }
}

@safe private struct PortableConvolution {
  // Safety: the operator was validated, so every pointer has what is read and written behind it.
  let source: UnsafePointer<Int8>
  let target: UnsafeMutablePointer<Int8>
  let patches: UnsafeMutablePointer<Int16>
  let maxima: UnsafeMutablePointer<Int32>
  /// Those of `firstChannel`, the first of `channelCount` in each of some groups.
  let weights: UnsafePointer<Int8>
  let firstChannel: Int
  let channelCount: Int
  let groupRange: Range<Int>
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
    unsafe weights = layer.weights
    firstChannel = layer.firstChannel
    groupRange = layer.blockGroups
    channelCount = layer.blockChannelCount
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
  }

  private func image(_ batch: Int) -> UnsafePointer<Int8> {
    unsafe source + batch &* rows.input &* columns.input &* inputChannels
  }

  private func result(_ batch: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<Int8> {
    unsafe target + ((batch &* outputHeight &+ row) &* outputWidth &+ column) &* outputChannels
  }

  /// Computes a row of output pixels, two at a time, when there is no pool.
  @inline(__always)
  func row(batch: Int, row: Int) {
    let image = unsafe image(batch)
    for group in groupRange {
      var column = 0
      while column < outputWidth {
        // The last pixel of an odd number is its own partner.
        let partner = column &+ 1 < outputWidth ? 1 : 0
        for lane in 0...partner {
          unsafe fillPatch(
            patches + lane &* patchStride, image, group: group, row: row &* rows.poolStride,
            column: (column &+ lane) &* columns.poolStride)
        }
        let first = unsafe result(batch, row, column)
        let second = unsafe first + partner &* outputChannels
        unsafe forEachPair(group, patches + partner &* patchStride) { channel, next, sums in
          unsafe first[channel] = finish(sums.0 &+ bias[channel], channel)
          unsafe first[next] = finish(sums.1 &+ bias[next], next)
          unsafe second[channel] = finish(sums.2 &+ bias[channel], channel)
          unsafe second[next] = finish(sums.3 &+ bias[next], next)
        }
        column &+= 2
      }
    }
  }

  /// Computes one output pixel, the maximum of a window of four, from four patches at once.
  @inline(__always)
  func pool4(batch: Int, row: Int, column: Int) {
    let image = unsafe image(batch)
    let result = unsafe result(batch, row, column)
    let count = (patchCount &+ 7) & ~7
    for group in groupRange {
      var next = unsafe patches
      for y in row &* rows.poolStride..<row &* rows.poolStride &+ rows.pool {
        for x in column &* columns.poolStride..<column &* columns.poolStride &+ columns.pool {
          unsafe fillPatch(next, image, group: group, row: y, column: x)
          unsafe next += patchStride
        }
      }
      let first = firstChannel(of: group)
      for channel in first..<first &+ channelCount {
        let sums = unsafe dotColumns(
          weights + (channel &- firstChannel) &* patchCount, patches, stride: patchStride,
          count: count)
        let maximum = max(max(sums.0, sums.1), max(sums.2, sums.3))
        unsafe result[channel] = finish(maximum &+ bias[channel], channel)
      }
    }
  }

  /// Computes one output pixel, the maximum of a window.
  @inline(__always)
  func pool(batch: Int, row: Int, column: Int) {
    let image = unsafe image(batch)
    let result = unsafe result(batch, row, column)
    let windowCount = rows.pool &* columns.pool
    for group in groupRange {
      var y = row &* rows.poolStride
      var x = column &* columns.poolStride
      let endX = x &+ columns.pool
      var index = 0
      while index < windowCount {
        let partner = index &+ 1 < windowCount ? 1 : 0
        for lane in 0...partner {
          unsafe fillPatch(patches + lane &* patchStride, image, group: group, row: y, column: x)
          x &+= 1
          if x == endX {
            x = endX &- columns.pool
            y &+= 1
          }
        }
        let isFirst = index == 0
        let isLast = index &+ 2 >= windowCount
        unsafe forEachPair(group, patches + partner &* patchStride) { channel, next, sums in
          var one = unsafe max(sums.0, sums.2) &+ bias[channel]
          var other = unsafe max(sums.1, sums.3) &+ bias[next]
          if !isFirst {
            one = unsafe max(one, maxima[channel])
            other = unsafe max(other, maxima[next])
          }
          if isLast {
            unsafe result[channel] = finish(one, channel)
            unsafe result[next] = finish(other, next)
          } else {
            unsafe maxima[channel] = one
            unsafe maxima[next] = other
          }
        }
        index &+= 2
      }
    }
  }

  /// Calls `body` with each pair of neighbouring channels of a group and their sums over the first
  /// patch and `second`. The last two of an odd number overlap those before, and are computed
  /// twice; a lone channel is its own partner.
  @inline(__always)
  private func forEachPair(
    _ group: Int, _ second: UnsafeMutablePointer<Int16>,
    _ body: (Int, Int, Sums) -> Void
  ) {
    let count = (patchCount &+ 7) & ~7
    let step = channelCount > 1 ? 1 : 0
    var next = firstChannel(of: group)
    let end = next &+ channelCount
    while next < end {
      let channel = min(next, end &- 1 &- step)
      let sums = unsafe dotPairs(
        weights + (channel &- firstChannel) &* patchCount, stride: step &* patchCount, patches,
        second, count: count)
      body(channel, channel &+ step, sums)
      next &+= 2
    }
  }

  /// The first channel to compute of a group.
  @inline(__always)
  private func firstChannel(of group: Int) -> Int {
    firstChannel &+ (group &- groupRange.lowerBound) &* channelCount
  }

  /// An accumulator's int8 result.
  @inline(__always)
  private func finish(_ sum: Int32, _ channel: Int) -> Int8 {
    let by = unsafe FixedPointMultiplier(
      multiplier: multipliers[channel], shift: Int32(shifts[channel]))
    return clamp(requantize(sum, by) &+ outputZeroPoint, lower, upper)
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
  ///
  /// One copy of it: smaller, and measured to be faster too.
  @inline(never)
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
    unsafe fill(patch + patchCount, 0, count: (0 &- patchCount) & 7)
  }
}
