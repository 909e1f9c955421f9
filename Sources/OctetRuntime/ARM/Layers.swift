// Weighted layers as the C kernels of ARM cores take them.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension octet_channels {
    /// Those of the first group of a convolution.
    init(_ layer: Convolution, _ context: OperatorContext) {
      typealias Word = Convolution.Word
      let view = layer.view
      let count = layer.groupChannelCount
      unsafe self.init(
        weights: context.data(view.parameter(Word.weights), as: Int8.self),
        bias: context.data(view.parameter(Word.bias), as: Int32.self),
        multipliers: context.data(view.parameter(Word.multipliers), as: Int32.self),
        shifts: context.data(view.parameter(Word.shifts), as: Int8.self),
        channels: Int32(count), depth: Int32(layer.patchCount),
        zero_point: layer.output.zeroPoint, lower: view.parameter(Word.lower),
        upper: view.parameter(Word.upper))
    }

    init(_ layer: FullyConnected, _ context: OperatorContext) {
      typealias Word = FullyConnected.Word
      let view = layer.view
      unsafe self.init(
        weights: context.data(view.parameter(Word.weights), as: Int8.self),
        bias: context.data(view.parameter(Word.bias), as: Int32.self),
        multipliers: context.data(view.parameter(Word.multipliers), as: Int32.self),
        shifts: context.data(view.parameter(Word.shifts), as: Int8.self),
        channels: Int32(layer.output.channels), depth: Int32(layer.depth),
        zero_point: layer.output.zeroPoint, lower: view.parameter(Word.lower),
        upper: view.parameter(Word.upper))
    }

    /// Leaves out the first `count` channels.
    mutating func advance(by count: Int) {
      unsafe weights += count &* Int(depth)
      unsafe bias += count
      unsafe multipliers += count
      unsafe shifts += count
    }
  }

  extension octet_patches {
    /// In rows of `rowByteCount` bytes; without an origin.
    init(_ layer: Convolution, rowByteCount: Int, hasBand: Bool) {
      typealias Word = Convolution.Word
      let pixelByteCount = layer.input.channels
      let tapByteCount = pixelByteCount / layer.word(Word.groups)
      let kernelWidth = layer.word(Word.kernelWidth)
      let isRowRun = tapByteCount == pixelByteCount && layer.word(Word.dilationWidth) == 1
      // A pool of 1 × 1 with strides is a stride of the convolution.
      let pixelStep =
        layer.word(Word.strideWidth)
        &* (layer.windowCount == 1 ? layer.word(Word.poolStrideWidth) : 1)
      unsafe self.init(
        origin: nil,
        row_step: Int32(truncatingIfNeeded: layer.word(Word.strideHeight) &* rowByteCount),
        column_step: Int32(truncatingIfNeeded: pixelStep &* pixelByteCount),
        kernel_row_step: Int32(
          truncatingIfNeeded: layer.word(Word.dilationHeight) &* rowByteCount),
        run_byte_count: Int32(isRowRun ? kernelWidth &* tapByteCount : tapByteCount),
        run_step: Int32(
          truncatingIfNeeded: layer.word(Word.dilationWidth) &* pixelByteCount),
        runs_per_row: Int32(isRowRun ? 1 : kernelWidth), can_overread: hasBand ? 1 : 0,
        row_byte_count: Int32(truncatingIfNeeded: rowByteCount),
        narrow_row_count: layer.isNarrow ? Int32(layer.bandRowCount) : 0)
    }
  }

  extension octet_band {
    /// Of the first image, in `rows`.
    init(
      _ layer: Convolution, _ context: OperatorContext, rows: UnsafeMutablePointer<Int8>
    ) {
      let input = layer.input
      let rowByteCount = input.width &* input.channels
      let width = layer.bandWidth &* input.channels
      let left = min(layer.word(Convolution.Word.paddingLeft) &* input.channels, width)
      unsafe self.init(
        image: context.input(0), rows: rows, image_height: Int32(input.height),
        image_row_byte_count: Int32(rowByteCount), row_count: Int32(layer.bandRowCount),
        row_byte_count: Int32(width), left_byte_count: Int32(left),
        inside_byte_count: Int32(min(rowByteCount, width &- left)),
        zero_point: Int8(truncatingIfNeeded: input.zeroPoint))
    }
  }
#endif
