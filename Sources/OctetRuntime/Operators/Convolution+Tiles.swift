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
    func compute(
      _ patches: inout octet_patches, _ channels: inout octet_channels, _ tile: inout octet_tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      for batch in 0..<input.batch {
        for group in 0..<word(Word.groups) {
          unsafe runTiles(
            Kernel(self, context, scratch: context.scratch + bandByteCount), context,
            batch: batch, group: group)
        }
      }
    }

    @inline(__always)
    private func runTiles<Kernel: TileKernel>(
      _ kernel: Kernel, _ context: OperatorContext, batch: Int, group: Int
    ) {
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
      for row in 0..<output.height {
        let top = row &* step &- word(Word.paddingTop)
        if hasBand {
          unsafe octet_fill_band(&band, Int32(truncatingIfNeeded: top))
          unsafe patches.origin = UnsafePointer(band.rows) + groupOffset
        } else {
          unsafe patches.origin = band.image + (top &* rowByteCount &+ groupOffset)
        }
        if windowCount > 1 {
          unsafe runPooledRow(kernel, &patches, &channels, &tile)
        } else {
          unsafe runRow(kernel, &patches, &channels, &tile)
        }
      }
    }

    @inline(__always)
    private func runRow<Kernel: TileKernel>(
      _ kernel: Kernel, _ patches: inout octet_patches, _ channels: inout octet_channels,
      _ tile: inout octet_tile
    ) {
      let width = output.width
      unsafe tile.width = Int32(truncatingIfNeeded: width)
      var column = 0
      while column < width {
        let count = min(width &- column, 4)
        unsafe tile.column = Int32(truncatingIfNeeded: column)
        unsafe tile.count = Int32(truncatingIfNeeded: count)
        unsafe kernel.compute(&patches, &channels, &tile)
        unsafe tile.target += count &* output.channels
        column &+= 4
      }
    }

    @inline(__always)
    private func runPooledRow<Kernel: TileKernel>(
      _ kernel: Kernel, _ patches: inout octet_patches, _ channels: inout octet_channels,
      _ tile: inout octet_tile
    ) {
      let count = windowCount
      let poolWidth = word(Word.poolWidth)
      let step = word(Word.poolStrideWidth)
      let stride = output.channels
      unsafe tile.width = Int32(truncatingIfNeeded: poolWidth)
      for column in 0..<output.width {
        let left = column &* step
        var y = 0
        var x = 0
        var index = 0
        unsafe tile.left = Int32(truncatingIfNeeded: left)
        while index < count {
          unsafe tile.row = Int32(truncatingIfNeeded: y)
          unsafe tile.column = Int32(truncatingIfNeeded: left &+ x)
          unsafe tile.count = Int32(truncatingIfNeeded: min(count &- index, 4))
          unsafe tile.is_first = index == 0 ? 1 : 0
          index &+= 4
          unsafe tile.is_last = index >= count ? 1 : 0
          unsafe kernel.compute(&patches, &channels, &tile)
          x &+= 4
          while x >= poolWidth {
            x &-= poolWidth
            y &+= 1
          }
        }
        unsafe tile.target += stride
      }
    }
  }
#endif
