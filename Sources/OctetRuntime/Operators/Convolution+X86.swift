// Convolution for AVX2 and AVX-512 VNNI: see x86_convolution.h.
#if arch(x86_64)
  internal import COctetKernels

  extension Convolution {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let parameters = X86Parameters(
        view, weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers,
        shifts: Word.shifts)
      guard !input.isConstant, word(Word.groups) == 1 else { return nil }
      let isPooled = word(Word.poolHeight) &* word(Word.poolWidth) > 1
      // A pool of 1 × 1 with strides is a stride of the convolution.
      let rows = X86Axis(
        input: input.height, output: output.height,
        kernel: word(Word.kernelHeight), dilation: word(Word.dilationHeight),
        stride: word(Word.strideHeight) &* (isPooled ? 1 : word(Word.poolStrideHeight)),
        padding: word(Word.paddingTop), pool: word(Word.poolHeight),
        poolStride: isPooled ? word(Word.poolStrideHeight) : 1)
      let columns = X86Axis(
        input: input.width, output: output.width,
        kernel: word(Word.kernelWidth), dilation: word(Word.dilationWidth),
        stride: word(Word.strideWidth) &* (isPooled ? 1 : word(Word.poolStrideWidth)),
        padding: word(Word.paddingLeft), pool: word(Word.poolWidth),
        poolStride: isPooled ? word(Word.poolStrideWidth) : 1)
      return workspace.addConvolution(
        self.view, rows: rows, columns: columns, parameters,
        channelStride: patchCount, weightStride: 1,
        lower: view.parameter(Word.lower), upper: view.parameter(Word.upper))
    }
  }

  /// The windows of a convolution and its pool along one axis.
  struct X86Axis {
    var input: Int
    var output: Int
    var kernel = 1
    var dilation = 1
    var stride = 1
    var padding = 0
    var pool = 1
    var poolStride = 1

    /// Windows of the convolution that the output needs.
    var convolved: Int { (output &- 1) &* poolStride &+ pool }
    /// Positions that they cover, from the first of the padding on, and at least the padding; nil
    /// past any use.
    var image: Int? {
      guard let reach = product(kernel &- 1, dilation), let last = product(convolved &- 1, stride)
      else { return nil }
      return max(last &+ reach &+ 1, padding)
    }
    /// There is one position, and nothing beside it.
    var isPoint: Bool { input == 1 && output == 1 && kernel == 1 && padding == 0 && pool == 1 }
    /// Each position of the input is a window.
    var isPointwise: Bool {
      kernel == 1 && stride == 1 && padding == 0 && pool == 1 && output == input
    }
  }

  extension X86Layer {
    /// The image and the windows of `batch` images of `rows.input` × `columns.input` pixels of
    /// `inputs` values, and what `clamp` leaves of `channels`.
    init(
      _ view: OperatorRecord, _ workspace: X86Workspace, batch: Int, rows: X86Axis,
      columns: X86Axis, inputs: Int, _ parameters: X86Parameters, imageRowCount: Int,
      clamp: ClosedRange<Int32>
    ) {
      self.init()
      isAVX2 = workspace.backend == .avx2
      isInt16 = workspace.isInt16
      kernel.has_long_sums = parameters.hasLongSums ? 1 : 0
      input = view.operand(0).dataOffset
      output = view.result(0).dataOffset
      self.batch = batch
      outputHeight = rows.output
      stride = rows.stride
      kernel.height = Int32(rows.input)
      kernel.row_count = Int32(columns.input &* inputs)
      kernel.top = Int32(rows.padding)
      kernel.left = Int32(columns.padding &* inputs)
      kernel.copied_count = min(kernel.row_count, Int32(imageRowCount) &- kernel.left)
      kernel.image_height = Int32(rows.image ?? 0)
      kernel.image_row_count = Int32(imageRowCount)
      kernel.padding = workspace.word(of: view.operand(0).zeroPoint)
      // A step that is too long is of a single window and never taken.
      func step(_ stride: Int, _ count: Int) -> Int32 {
        Int32(product(stride, count &* workspace.elementByteCount, limit: 1 << 30) ?? 0)
      }
      kernel.vertical_step = step(rows.stride, imageRowCount)
      kernel.horizontal_step = step(columns.stride, inputs)
      kernel.convolved_width = Int32(columns.convolved)
      kernel.pool_height = Int32(rows.pool)
      kernel.pool_width = Int32(columns.pool)
      kernel.pool_stride_height = Int32(rows.poolStride)
      kernel.pool_stride_width = Int32(columns.poolStride)
      kernel.output_width = Int32(columns.output)
      kernel.channels = Int32(parameters.channels)
      limit(to: clamp)
      let isRectified =
        !isInt16 && clamp.lowerBound >= view.result(0).zeroPoint && parameters.hasOnlyRightShifts
      kernel.is_rectified = isRectified ? 1 : 0
    }

    /// Clamps the results.
    mutating func limit(to clamp: ClosedRange<Int32>) {
      kernel.lower = clamp.lowerBound
      kernel.upper = clamp.upperBound
      kernel.is_clamped = clamp == -128...127 ? 0 : 1
    }
  }

  extension X86Workspace {
    /// A layer of all of a convolution's cases. Weight (channel, index in the patch) stands at
    /// `channel · channelStride + index · weightStride`.
    mutating func addConvolution(
      _ view: OperatorRecord, rows: X86Axis, columns: X86Axis, _ parameters: X86Parameters,
      channelStride: Int, weightStride: Int, lower: Int32, upper: Int32
    ) -> Int? {
      let input = view.operand(0)
      if columns.isPoint, !rows.isPoint {
        // A column of pixels is a row.
        return addConvolution(
          view, rows: columns, columns: rows, parameters, channelStride: channelStride,
          weightStride: weightStride, lower: lower, upper: upper)
      }
      if rows.isPointwise, columns.isPointwise, input.height &* input.batch > 1 {
        // One long row: blocks of pixels need not end at the image's edge.
        let pixelCount = input.batch &* input.height &* input.width
        return addConvolution(
          view, batch: 1, rows: X86Axis(input: 1, output: 1),
          columns: X86Axis(input: pixelCount, output: pixelCount), parameters,
          channelStride: channelStride, weightStride: weightStride, lower: lower, upper: upper)
      }
      return addConvolution(
        view, batch: input.batch, rows: rows, columns: columns, parameters,
        channelStride: channelStride, weightStride: weightStride, lower: lower, upper: upper)
    }

    /// A convolution's layer for `batch` images of `rows.input` × `columns.input` pixels.
    /// Weight (channel, index in the patch) stands at `channel · channelStride + index ·
    /// weightStride`.
    mutating func addConvolution(
      _ view: OperatorRecord, batch: Int, rows: X86Axis, columns: X86Axis,
      _ parameters: X86Parameters, channelStride: Int, weightStride: Int, lower: Int32,
      upper: Int32
    ) -> Int? {
      let input = view.operand(0)
      let inputs = input.elementCount / (batch &* rows.input &* columns.input)
      guard let height = rows.image, let width = columns.image,
        let rowCount = product(width, inputs), let total = product(height, rowCount &+ 64)
      else { return nil }
      let imageRowCount = (rowCount &+ 63) & ~63
      let channels = parameters.channels
      var layer = X86Layer(
        view, self, batch: batch, rows: rows, columns: columns, inputs: inputs,
        parameters, imageRowCount: imageRowCount, clamp: lower...upper)
      let prefersThree =
        columns.kernel == 3 && columns.stride == 1 && columns.dilation == 1
        && inputs % elementsPerWord == 0 && columns.convolved > 1 && channels <= lanes
      guard
        prefersPixels(layer) && layer.findBlocks(.narrow)
          || prefersThree && layer.findBlocks(.three) || layer.findBlocks(.convolution)
      else { return nil }
      let takesThree = layer.kind == .three
      // A row of the kernel is one run of elements, unless its columns lie or are taken apart.
      let runsPerRow = columns.dilation == 1 && !takesThree ? 1 : columns.kernel
      let count = columns.kernel / runsPerRow &* inputs
      let patch = X86Patch(
        runCount: rows.kernel &* runsPerRow, runsPerRow: runsPerRow, count: count,
        interleaved: takesThree ? 3 : 1,
        rowStep: rows.dilation &* imageRowCount &* elementByteCount,
        runStep: columns.dilation &* inputs &* elementByteCount, channelStride: channelStride,
        runStride: count &* weightStride, weightStride: weightStride)
      // Two vectors a column; narrow, up to eight for as many columns as lanes.
      let sums = rows.pool &* columns.pool > 1 ? columns.convolved &* 2 &* vectorByteCount : 0
      return add(
        layer, patch, parameters, imageCount: total, scratchByteCount: sums)
    }

    /// Whether lanes are better pixels than channels, where there is a kernel for both: measured,
    /// with at most half of the lanes channels and a row of pixels that fills more.
    private func prefersPixels(_ layer: X86Layer) -> Bool {
      layer.kernel.channels <= 8 && layer.kernel.output_width >= lanes / 2
    }
  }
#endif
