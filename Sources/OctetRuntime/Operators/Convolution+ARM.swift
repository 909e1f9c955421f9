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
    /// Computes the tile and those beside it, and steps past them.
    func compute(_ patches: Patches, _ channels: Channels, _ tile: inout Tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      let hasBand = bandByteCount > 0
      let step = word(Word.poolStrideHeight) &* word(Word.strideHeight)
      let kernel = unsafe Kernel(self, context, scratch: context.scratch + bandByteCount)
      let rows = unsafe context.scratch.assumingMemoryBound(to: Int8.self)
      var band = unsafe Band(self, context, rows: rows)
      var patches = unsafe Patches(
        self, origin: rows, rowByteCount: hasBand ? band.rowByteCount : band.imageRowByteCount,
        hasBand: hasBand)
      var target = unsafe context.output(0)
      var tile = unsafe Tile(
        isPool: windowCount > 1, target: target, maxima: kernel.maxima, stride: output.channels)
      if hasBand { band.clear() }
      for _ in 0..<input.batch {
        for row in 0..<output.height {
          let top = row &* step &- word(Word.paddingTop)
          unsafe patches.origin = UnsafePointer(rows)
          if hasBand {
            band.fill(from: top)
          } else {
            unsafe patches.origin = band.image + top &* band.imageRowByteCount
          }
          // Groups inside rows: the output may take the place of input rows that are done with.
          var channels = Channels(self, context)
          for group in 0..<word(Word.groups) {
            unsafe tile.target = target + group &* channels.count
            if windowCount > 1 {
              runPooledRow(kernel, patches, channels, &tile)
            } else {
              runRow(kernel, patches, channels, &tile)
            }
            channels.advance()
            unsafe patches.origin += input.channels / word(Word.groups)
          }
          unsafe target += output.width &* output.channels
        }
        unsafe band.image += input.height &* band.imageRowByteCount
      }
    }

    @inline(__always)
    private func runRow<Kernel: TileKernel>(
      _ kernel: Kernel, _ patches: Patches, _ channels: Channels, _ tile: inout Tile
    ) {
      let width = output.width
      tile.width = width
      tile.columnAdvance = 4
      tile.targetAdvance = 4 &* tile.stride
      // Fours, and what is left.
      tile.column = 0
      tile.count = 4
      tile.repeatCount = width &>> 2
      kernel.compute(patches, channels, &tile)
      if tile.column < width {
        tile.count = width &- tile.column
        tile.repeatCount = 1
        kernel.compute(patches, channels, &tile)
      }
    }

    @inline(__always)
    private func runPooledRow<Kernel: TileKernel>(
      _ kernel: Kernel, _ patches: Patches, _ channels: Channels, _ tile: inout Tile
    ) {
      let count = windowCount
      let poolWidth = word(Word.poolWidth)
      let step = word(Word.poolStrideWidth)
      tile.width = poolWidth
      tile.targetAdvance = tile.stride
      if count <= 4 {
        tile.left = 0
        tile.column = 0
        tile.count = count
        tile.repeatCount = output.width
        tile.columnAdvance = step
        kernel.compute(patches, channels, &tile)
        return
      }
      for column in 0..<output.width {
        let left = column &* step
        let target = unsafe tile.target
        var y = 0
        var x = 0
        var index = 0
        while index < count {
          unsafe tile.target = target
          tile.left = left
          tile.row = y
          tile.column = left &+ x
          tile.count = min(count &- index, 4)
          tile.isFirst = index == 0
          index &+= 4
          tile.isLast = index >= count
          tile.repeatCount = 1
          kernel.compute(patches, channels, &tile)
          x &+= 4
          while x >= poolWidth {
            x &-= poolWidth
            y &+= 1
          }
        }
      }
    }
  }
#else
  extension Convolution {
    func run(_ context: OperatorContext) { runPortable(context) }
  }
#endif
