// Transposed convolution for AVX2 and AVX-512: a convolution, with its taps in reverse, of the
// input's pixels taken apart, with zero points between.
#if arch(x86_64)
  internal import COctetKernels

  extension TransposedConvolution {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      var parameters = X86Parameters(
        view, weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers,
        shifts: Word.shifts)
      let inputs = input.channels
      guard !input.isConstant, word(Word.groups) == 1,
        let rows = X86Axis(
          transposed: input.height, output: output.height, kernel: word(Word.kernelHeight),
          dilation: word(Word.dilationHeight), stride: word(Word.strideHeight),
          padding: word(Word.paddingTop)),
        let columns = X86Axis(
          transposed: input.width, output: output.width, kernel: word(Word.kernelWidth),
          dilation: word(Word.dilationWidth), stride: word(Word.strideWidth),
          padding: word(Word.paddingLeft)),
        let height = rows.image, let width = columns.image,
        let rowCount = product(max(width, columns.padding &+ columns.input), inputs),
        let total = product(max(height, rows.padding &+ rows.input), rowCount &+ 64)
      else { return nil }
      let imageRowCount = (rowCount &+ 63) & ~63
      // The bias is that of the input's distances from its zero point.
      parameters.inputZeroPoint = input.zeroPoint
      unsafe parameters.weights += (taps &- 1) &* inputs
      var layer = X86Layer(
        view, workspace, batch: input.batch, rows: rows, columns: columns, inputs: inputs,
        parameters, imageRowCount: imageRowCount,
        clamp: view.parameter(Word.lower)...view.parameter(Word.upper))
      layer.kernel.height = Int32(input.height)
      layer.kernel.row_count = Int32(input.width &* inputs)
      layer.kernel.image_height = Int32(total / (rowCount &+ 64))
      layer.spread = (word(Word.strideHeight), word(Word.strideWidth), inputs)
      guard layer.findBlocks(.convolution) else { return nil }
      let elementByteCount = workspace.elementByteCount
      let patch = X86Patch(
        runCount: taps, runsPerRow: columns.kernel, count: inputs,
        rowStep: rows.dilation &* imageRowCount &* elementByteCount,
        runStep: columns.dilation &* inputs &* elementByteCount, channelStride: taps &* inputs,
        runStride: 0 &- inputs, weightStride: 1)
      return workspace.add(layer, patch, parameters, imageCount: total, scratchByteCount: 0)
    }
  }

  extension X86Axis {
    /// The convolution that transposes one; nil where it would start inside the input.
    fileprivate init?(
      transposed input: Int, output: Int, kernel: Int, dilation: Int, stride: Int, padding: Int
    ) {
      guard let reach = product(kernel &- 1, dilation), reach >= padding,
        let last = product(input &- 1, stride)
      else { return nil }
      self.init(
        input: last &+ 1, output: output, kernel: kernel, dilation: dilation,
        padding: reach &- padding)
    }
  }

  extension X86Layer {
    /// Takes a sample's pixels apart.
    func spreadPixels(_ source: UnsafePointer<Int8>, _ image: UnsafeMutableRawPointer) {
      let elementByteCount = isAVX2 ? 2 : 1
      let rowByteCount = Int(kernel.image_row_count) &* elementByteCount
      unsafe image.initializeMemory(
        as: UInt32.self, repeating: kernel.padding,
        count: Int(kernel.image_height) &* rowByteCount / 4)
      var pixel = unsafe source
      for y in 0..<Int(kernel.height) {
        let row = unsafe image + (Int(kernel.top) &+ y &* spread.rows) &* rowByteCount
        for x in 0..<Int(kernel.row_count) / spread.channels {
          let offset = Int(kernel.left) &+ x &* spread.columns &* spread.channels
          let target = unsafe row + offset &* elementByteCount
          if isAVX2 {
            let elements = unsafe target.assumingMemoryBound(to: Int16.self)
            for index in 0..<spread.channels { unsafe elements[index] = Int16(pixel[index]) }
          } else {
            let elements = unsafe target.assumingMemoryBound(to: UInt8.self)
            for index in 0..<spread.channels {
              unsafe elements[index] = UInt8(bitPattern: pixel[index]) ^ 0x80
            }
          }
          unsafe pixel += spread.channels
        }
      }
    }
  }
#endif
