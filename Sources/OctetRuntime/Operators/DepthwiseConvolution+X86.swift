// Depthwise convolution for AVX2 and AVX-512 VNNI: see x86_convolution.h.
#if arch(x86_64) && !hasFeature(Embedded)
  internal import COctetKernels

  extension DepthwiseConvolution {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let parameters = X86Parameters(
        view, weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers,
        shifts: Word.shifts)
      guard !input.isConstant, parameters.hasOnlyRightShifts else { return nil }
      let rows = X86Axis(rows)
      let columns = X86Axis(columns)
      if input.channels == 1 {
        // An ordinary convolution, its weights transposed.
        return workspace.addConvolution(
          view, rows: rows, columns: columns, parameters, channelStride: 1,
          weightStride: output.channels, lower: view.parameter(Word.lower),
          upper: view.parameter(Word.upper))
      }
      guard input.channels == output.channels else { return nil }
      return addDepthwise(&workspace, rows, columns, parameters)
    }

    private func addDepthwise(
      _ workspace: inout X86Workspace, _ rows: X86Axis, _ columns: X86Axis,
      _ parameters: X86Parameters
    ) -> Int? {
      let channels = input.channels
      let lanes = workspace.lanes
      let groups = (rows.kernel &+ workspace.elementsPerWord &- 1) / workspace.elementsPerWord
      guard let height = rows.image, let width = columns.image,
        let rowCount = product(width, channels), let total = product(height, rowCount &+ 64),
        let wordCount = product(groups, rowCount &+ 64)
      else { return nil }
      let imageRowCount = (rowCount &+ 63) & ~63
      var layer = octet_x86_layer(
        view, batch: input.batch, rows: rows, columns: columns, inputs: channels,
        imageRowCount: imageRowCount)
      layer.kind = Int64(OCTET_X86_DEPTHWISE)
      layer.kernel_height = Int32(rows.kernel)
      layer.row_step = Int32(rows.dilation &* imageRowCount)
      layer.lower = view.parameter(Word.lower)
      layer.upper = view.parameter(Word.upper)
      layer.is_rectified = layer.lower >= output.zeroPoint ? 1 : 0
      var parameters = parameters
      var step = columns.stride &* channels
      if columns.stride == 1, channels < lanes, lanes % channels == 0,
        output.width &* channels % lanes == 0
      {
        // Several pixels side by side fill a vector.
        parameters.channels = lanes
        layer.convolved_width = Int32(output.width &* channels / lanes)
        layer.output_width = layer.convolved_width
        step = lanes
      }
      // Of words, where x86_convolution.h has elements.
      layer.horizontal_step = Int32(step &* workspace.elementsPerWord)
      let patch = X86Patch(
        runCount: columns.kernel, runsPerRow: columns.kernel, count: rows.kernel,
        runStep: 4 &* columns.dilation &* channels, wordStep: 4 &* imageRowCount,
        channelStride: 1, runStride: channels, weightStride: columns.kernel &* channels)
      // The last vector of the last pixel may reach past its channels.
      return workspace.add(
        layer, patch, parameters, imageCount: total,
        scratchByteCount: 4 &* (wordCount &+ lanes))
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
