// How the kernels of ARM cores walk over a convolution: four pixels at a time.
//
//     for each image, for each group, for each output row:
//       where windows reach beyond the input: fill the band with the input's rows
//       with a pool: for each output pixel: its window's pixels by fours
//       without:     the row's pixels by fours

#if arch(arm) || arch(arm64)
  internal import COctetKernels

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
      for batch in 0..<input.batch {
        for group in 0..<word(Word.groups) {
          runTiles(kernel, context, batch: batch, group: group)
        }
      }
    }

    @inline(__always)
    private func runTiles<Kernel: TileKernel>(
      _ kernel: Kernel.Type, _ context: OperatorContext, batch: Int, group: Int
    ) {
      var kernel = unsafe Kernel(self, context, scratch: context.scratch + bandByteCount)
      let hasBand = bandByteCount > 0
      var band = unsafe octet_band(
        self, context, batch: batch,
        rows: context.scratch.assumingMemoryBound(to: Int8.self))
      let rowByteCount = unsafe Int(hasBand ? band.row_byte_count : band.image_row_byte_count)
      var patches = unsafe octet_patches(
        self, group: group, rowByteCount: rowByteCount, hasBand: hasBand)
      var channels = unsafe octet_channels(self, context, group: group)
      let groupOffset = group &* (input.channels / word(Word.groups))
      let step = word(Word.poolStrideHeight) &* word(Word.strideHeight)
      var tile = unsafe octet_tile()
      unsafe tile.maxima = kernel.maxima
      unsafe tile.stride = Int32(truncatingIfNeeded: output.channels)
      let first = batch &* output.height &* output.width &* output.channels
      unsafe tile.target = context.output(0) + (first &+ group &* groupChannelCount)
      unsafe tile.is_pool = windowCount > 1 ? 1 : 0
      if hasBand { unsafe octet_clear_band(&band) }
      for row in 0..<output.height {
        let top = row &* step &- word(Word.paddingTop)
        if hasBand {
          unsafe octet_fill_band(&band, Int32(truncatingIfNeeded: top))
          unsafe patches.origin = UnsafePointer(band.rows) + groupOffset
        } else {
          unsafe patches.origin = band.image + (top &* rowByteCount &+ groupOffset)
        }
        if windowCount > 1 {
          unsafe runPooledRow(&kernel, &patches, &channels, &tile)
        } else {
          unsafe runRow(&kernel, &patches, &channels, &tile)
        }
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
#endif
