// Depthwise convolution for AVX2 and AVX-512 VNNI: see x86_convolution.h.
#if arch(x86_64)
  internal import COctetKernels

  extension DepthwiseConvolution {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let parameters = X86Parameters(
        view, weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers,
        shifts: Word.shifts)
      return workspace.addDepthwise(
        view, X86Axis(rows), X86Axis(columns), parameters, lower: view.parameter(Word.lower),
        upper: view.parameter(Word.upper))
    }
  }

  extension X86Workspace {
    /// The layer of a depthwise convolution of any multiplier.
    mutating func addDepthwise(
      _ view: OperatorRecord, _ rows: X86Axis, _ columns: X86Axis, _ parameters: X86Parameters,
      lower: Int32, upper: Int32
    ) -> Int? {
      let input = view.operand(0)
      if input.isConstant { return nil }
      if input.channels == 1 {
        // An ordinary convolution, its weights transposed.
        return addConvolution(
          view, rows: rows, columns: columns, parameters, channelStride: 1,
          weightStride: parameters.channels, lower: lower, upper: upper)
      }
      // A column of pixels is a row.
      return columns.isPoint
        ? addDepthwise(view, columns, rows, parameters, clamp: lower...upper)
        : addDepthwise(view, rows, columns, parameters, clamp: lower...upper)
    }

    private mutating func addDepthwise(
      _ view: OperatorRecord, _ rows: X86Axis, _ columns: X86Axis, _ parameters: X86Parameters,
      clamp: ClosedRange<Int32>
    ) -> Int? {
      let input = view.operand(0)
      let channels = parameters.channels
      let groups = (rows.kernel &+ elementsPerWord &- 1) / elementsPerWord
      guard let width = columns.image,
        let rowCount = product(width, channels), let wordCount = product(groups, rowCount &+ 64)
      else { return nil }
      let imageRowCount = (rowCount &+ 63) & ~63
      var layer = X86Layer(
        view, self, batch: input.batch, rows: rows, columns: columns, inputs: channels,
        parameters, imageRowCount: imageRowCount, clamp: clamp)
      layer.groupCount = groups
      layer.dilation = rows.dilation
      layer.multiplier = channels / input.channels
      var parameters = parameters
      var step = columns.stride &* channels
      if columns.stride == 1, channels < lanes, lanes % channels == 0,
        columns.output &* channels % lanes == 0
      {
        // Several pixels side by side fill a vector.
        parameters.channels = lanes
        layer.kernel.channels = Int32(lanes)
        layer.kernel.convolved_width = Int32(columns.output &* channels / lanes)
        layer.kernel.output_width = layer.kernel.convolved_width
        step = lanes
      }
      // Of words, where x86_convolution.h has elements.
      layer.kernel.horizontal_step = Int32(4 &* step)
      guard layer.findBlocks(.depthwise) else { return nil }
      let patch = X86Patch(
        runCount: columns.kernel, runsPerRow: columns.kernel, count: rows.kernel,
        runStep: 4 &* columns.dilation &* channels, wordStep: 4 &* imageRowCount,
        channelStride: 1, runStride: channels, weightStride: columns.kernel &* channels)
      // The last vector of the last pixel may reach past its channels.
      return add(
        layer, patch, parameters, imageCount: elementsPerWord &* (wordCount &+ lanes),
        scratchByteCount: layer.multiplier > 1
          ? columns.input &* channels &* layer.valueByteCount &+ 8 : 0)
    }
  }

  extension X86Axis {
    init(_ window: Window) {
      self.init(
        input: window.input, output: window.output, kernel: window.kernel,
        dilation: window.dilation, stride: window.stride, padding: window.padding)
    }
  }
#endif
