// Convolution on ARM cores: which kernel runs, and how it walks, four pixels at a time.
//
//     for each image, for each output row:
//       where windows reach beyond the input: fill the band with the input's rows
//       for each group:
//         with a pool: for each output pixel: its window's pixels by fours
//         without:     the row's pixels by fours

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension Convolution {
    func run(_ context: OperatorContext) {
      #if arch(arm64)
        // Every one has NEON, so firmware holds nothing else.
        #if !hasFeature(Embedded)
          if context.backend == .portable { return runPortable(context) }
        #endif
        runOnNEON(context)
      #else
        #if canImport(COctetKernels.NEON)
          if context.backend != .portable { return runOnNEON(context) }
        #endif
        runOnCore(context)
      #endif
    }
  }

  /// Computes all channels of a group, a tile at a time.
  protocol TileKernel {
    /// - Parameter scratch: behind the band.
    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer)
    /// Where running maxima of a pool window of several tiles are kept.
    var maxima: UnsafeMutablePointer<Int32> { get }
    mutating func compute(
      _ patches: inout octet_patches, _ channels: inout octet_channels, _ tile: inout octet_tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      let groups = word(Word.groups)
      let hasBand = bandByteCount > 0
      let step = word(Word.poolStrideHeight) &* word(Word.strideHeight)
      var kernel = unsafe Kernel(self, context, scratch: context.scratch + bandByteCount)
      let rows = unsafe context.scratch.assumingMemoryBound(to: Int8.self)
      var band = unsafe octet_band(self, context, rows: rows)
      var image = unsafe context.input(0)
      var patches = unsafe octet_patches(
        self, rowByteCount: Int(hasBand ? band.row_byte_count : band.image_row_byte_count),
        hasBand: hasBand)
      let allChannels = unsafe octet_channels(self, context)
      var target = unsafe context.output(0)
      var tile = unsafe octet_tile(row: 0, column: 0, left: 0, width: 0, count: 0, is_pool: windowCount > 1 ? 1 : 0, is_first: 0, is_last: 0, target: target, maxima: kernel.maxima, stride: Int32(truncatingIfNeeded: output.channels), repeat_count: 0, column_advance: 0, target_advance: 0)
      if hasBand { unsafe octet_clear_band(&band) }
      for _ in 0..<input.batch {
        for row in 0..<output.height {
          let top = row &* step &- word(Word.paddingTop)
          var origin = unsafe UnsafePointer(rows)
          if hasBand {
            unsafe octet_fill_band(&band, Int32(truncatingIfNeeded: top))
          } else {
            unsafe origin = image + top &* Int(band.image_row_byte_count)
          }
          // Groups inside rows: the output may take the place of input rows that are done with.
          for group in 0..<groups {
            var channels = unsafe allChannels
            if group > 0 { unsafe channels.advance(by: group &* groupChannelCount) }
            unsafe patches.origin = origin + group &* (input.channels / groups)
            unsafe tile.target = target + group &* groupChannelCount
            if windowCount > 1 {
              unsafe runPooledRow(&kernel, &patches, &channels, &tile)
            } else {
              unsafe runRow(&kernel, &patches, &channels, &tile)
            }
          }
          unsafe target += output.width &* output.channels
        }
        unsafe image += input.height &* Int(band.image_row_byte_count)
        unsafe band.image = image
      }
    }

    @inline(__always)
    private func runRow<Kernel: TileKernel>(
      _ kernel: inout Kernel, _ patches: inout octet_patches, _ channels: inout octet_channels,
      _ tile: inout octet_tile
    ) {
      let width = output.width
      let stride = output.channels
      unsafe tile.width = Int32(truncatingIfNeeded: width)
      unsafe tile.column_advance = 4
      unsafe tile.target_advance = Int32(truncatingIfNeeded: 4 &* stride)
      // Fours, and what is left.
      let whole = width & ~3
      if whole > 0 {
        unsafe tile.column = 0
        unsafe tile.count = 4
        unsafe tile.repeat_count = Int32(truncatingIfNeeded: whole &>> 2)
        unsafe kernel.compute(&patches, &channels, &tile)
      }
      if whole < width {
        unsafe tile.column = Int32(truncatingIfNeeded: whole)
        unsafe tile.count = Int32(truncatingIfNeeded: width &- whole)
        unsafe tile.repeat_count = 1
        unsafe tile.target_advance = Int32(truncatingIfNeeded: (width &- whole) &* stride)
        unsafe kernel.compute(&patches, &channels, &tile)
      }
    }

    @inline(__always)
    private func runPooledRow<Kernel: TileKernel>(
      _ kernel: inout Kernel, _ patches: inout octet_patches, _ channels: inout octet_channels,
      _ tile: inout octet_tile
    ) {
      let count = windowCount
      let poolWidth = word(Word.poolWidth)
      let step = word(Word.poolStrideWidth)
      unsafe tile.width = Int32(truncatingIfNeeded: poolWidth)
      if count <= 4 {
        unsafe tile.left = 0
        unsafe tile.column = 0
        unsafe tile.count = Int32(truncatingIfNeeded: count)
        unsafe tile.is_first = 1
        unsafe tile.is_last = 1
        unsafe tile.repeat_count = Int32(truncatingIfNeeded: output.width)
        unsafe tile.column_advance = Int32(truncatingIfNeeded: step)
        unsafe tile.target_advance = tile.stride
        unsafe kernel.compute(&patches, &channels, &tile)
        return
      }
      for column in 0..<output.width {
        let left = column &* step
        var y = 0
        var x = 0
        var index = 0
        while index < count {
          unsafe tile.left = Int32(truncatingIfNeeded: left)
          unsafe tile.row = Int32(truncatingIfNeeded: y)
          unsafe tile.column = Int32(truncatingIfNeeded: left &+ x)
          unsafe tile.count = Int32(truncatingIfNeeded: min(count &- index, 4))
          unsafe tile.is_first = index == 0 ? 1 : 0
          index &+= 4
          unsafe tile.is_last = index >= count ? 1 : 0
          unsafe tile.repeat_count = 1
          unsafe kernel.compute(&patches, &channels, &tile)
          x &+= 4
          while x >= poolWidth {
            x &-= poolWidth
            y &+= 1
          }
        }
        unsafe tile.target += output.channels
      }
    }
  }
#else
  extension Convolution {
    func run(_ context: OperatorContext) { runPortable(context) }
  }
#endif
