// Max pools for AVX2 and AVX-512: see x86_layer.h.
#if arch(x86_64)
  internal import COctetKernels

  extension MaxPool {
    /// The maxima of columns into a row of scratch with padding, then those of the row's windows.
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      var (rows, columns) = (X86Axis(pool.rows), X86Axis(pool.columns))
      if columns.isPoint { swap(&rows, &columns) }
      let input = pool.input
      let channels = input.channels
      // Rows as the input has them are read by whole vectors.
      guard !input.isConstant, columns.input &* channels >= workspace.vectorByteCount,
        let width = columns.image, let rowCount = product(width, channels, limit: 1 << 20),
        rowCount <= 8 &* input.elementCount &+ 1 << 16
      else { return nil }
      var layer = X86Layer()
      layer.kind = .maxPool
      layer.isAVX2 = workspace.backend == .avx2
      layer.input = input.dataOffset
      layer.output = pool.output.dataOffset
      layer.batch = input.batch
      layer.limit(to: pool.view.parameter(Pool.Word.lower)...pool.view.parameter(Pool.Word.upper))
      layer.outputHeight = rows.output
      layer.windows = rows
      layer.tapCount = columns.kernel
      layer.columnStep = columns.dilation &* channels
      layer.kernel.height = Int32(rows.input)
      layer.kernel.row_count = Int32(columns.input &* channels)
      layer.kernel.left = Int32(columns.padding &* channels)
      layer.kernel.image_row_count = Int32(
        max(rowCount, (columns.padding &+ columns.input) &* channels))
      layer.kernel.output_width = Int32(columns.output)
      layer.kernel.channels = Int32(channels)
      layer.kernel.horizontal_step = Int32(columns.output == 1 ? 0 : columns.stride &* channels)
      let scratch =
        Int(layer.kernel.image_row_count) &+ columns.output &* channels
        &+ 2 &* workspace.vectorByteCount
      workspace.share(imageByteCount: 0, scratchByteCount: scratch)
      let place = workspace.reserve(MemoryLayout<X86Layer>.size)
      layer.scratch = workspace.scratchOffset &- place
      unsafe workspace.base?.storeBytes(of: layer, toByteOffset: place, as: X86Layer.self)
      return place
    }
  }

  extension Window {
    fileprivate init(_ axis: X86Axis) {
      input = axis.input
      output = axis.output
      kernel = axis.kernel
      stride = axis.stride
      dilation = axis.dilation
      padding = axis.padding
    }
  }

  extension X86Layer {
    /// A max pool's rows, in order.
    func takeMaxima(
      _ place: UnsafeRawPointer, _ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>
    ) {
      let core = unsafe place.assumingMemoryBound(to: octet_x86_layer.self)
      let scratch = unsafe UnsafeMutableRawPointer(mutating: place + scratch)
      let row = unsafe scratch.assumingMemoryBound(to: Int8.self)
      let rowCount = Int(kernel.row_count)
      let height = Int(kernel.height)
      // Padding is below all, and stays so.
      unsafe row.update(repeating: -128, count: Int(kernel.image_row_count))
      let rows = Window(windows)
      let results = unsafe row + (Int(kernel.image_row_count) &+ vectorByteCount)
      var (source, target) = unsafe (source, target)
      for _ in 0..<batch {
        for y in 0..<outputHeight {
          let taps = rows.taps(y)
          // A window of padding alone takes any row, none of its taps.
          let first = taps.isEmpty ? 0 : rows.start(y) &+ taps.lowerBound &* rows.dilation
          unsafe largest(
            core, row + Int(kernel.left), source + first &* rowCount,
            step: rows.dilation &* rowCount, taps: taps.count, count: rowCount, pixels: 1,
            pixelStep: 0)
          unsafe largest(
            core, results, row, step: columnStep, taps: tapCount, count: Int(kernel.channels),
            pixels: Int(kernel.output_width), pixelStep: Int(kernel.horizontal_step))
          unsafe target.update(from: results, count: outputRowByteCount)
          unsafe target += outputRowByteCount
        }
        unsafe source += height &* rowCount
      }
    }

    private func largest(
      _ core: UnsafePointer<octet_x86_layer>, _ target: UnsafeMutablePointer<Int8>,
      _ source: UnsafePointer<Int8>, step: Int, taps: Int, count: Int, pixels: Int, pixelStep: Int
    ) {
      let (taps, count) = (Int32(truncatingIfNeeded: taps), Int32(truncatingIfNeeded: count))
      let pixels = Int32(truncatingIfNeeded: pixels)
      isAVX2
        ? unsafe octet_largest_avx2(core, target, source, step, taps, count, pixels, pixelStep)
        : unsafe octet_largest_avx512vnni(
          core, target, source, step, taps, count, pixels, pixelStep)
    }
  }
#endif
