// Weighted layers as the C kernels take them.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension octet_channels {
    /// Those of one group of a convolution.
    init(_ layer: Convolution, _ context: OperatorContext, group: Int) {
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
      unsafe advance(by: group &* count)
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
    /// Those of image `batch`, of the input channels of `group`.
    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      typealias Word = Convolution.Word
      let groups = layer.word(Word.groups)
      let input = layer.input
      let tapByteCount = input.channels / groups
      let rowByteCount = input.width &* input.channels
      let kernelWidth = layer.word(Word.kernelWidth)
      let dilationHeight = layer.word(Word.dilationHeight)
      let dilationWidth = layer.word(Word.dilationWidth)
      let runTapCount = groups == 1 && dilationWidth == 1 ? kernelWidth : 1
      let runByteCount = runTapCount &* tapByteCount
      let isShort = runTapCount == kernelWidth && runByteCount >= 4 && runByteCount <= 8
      let kernelHeight = layer.word(Word.kernelHeight)
      let first = batch &* input.height &* rowByteCount &+ group &* tapByteCount
      unsafe self.init(
        image: context.input(0) + first, height: Int32(input.height), width: Int32(input.width),
        pixel_byte_count: Int32(input.channels), row_byte_count: Int32(rowByteCount),
        stride_height: layer.view.parameter(Word.strideHeight), stride_width: layer.view.parameter(Word.strideWidth),
        padding_top: layer.view.parameter(Word.paddingTop), padding_left: layer.view.parameter(Word.paddingLeft),
        dilation_height: Int32(dilationHeight), dilation_width: Int32(dilationWidth),
        kernel_width: Int32(kernelWidth), run_tap_count: Int32(runTapCount),
        tap_byte_count: Int32(tapByteCount), run_byte_count: Int32(runByteCount),
        short_depth: isShort ? Int32(kernelHeight &* runByteCount) : -1,
        inside_height: UInt32(max(0, input.height &- (kernelHeight &- 1) &* dilationHeight)),
        inside_width: UInt32(max(0, input.width &- kernelWidth &+ 1)),
        zero_point: Int8(truncatingIfNeeded: input.zeroPoint))
    }
  }
#endif
