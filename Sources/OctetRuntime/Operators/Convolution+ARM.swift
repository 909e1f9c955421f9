// Convolution on ARM cores: which kernel runs, and how it walks, four pixels at a time.
//
//     for each image, for each output row:
//       where windows reach beyond the input: fill the band with the input's rows
//       for each group:
//         with a pool: for each output pixel: its window's pixels by fours
//         without:     the row's pixels by fours

#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  internal import COctetKernels

  extension Convolution {
    func runBlock(_ context: OperatorContext) {
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
        #if canImport(COctetKernels.MVE) || canImport(COctetKernels.RVV)
          runOnRows(context)
        #else
          runOnCore(context)
        #endif
      #endif
    }
  }

  // What firmware knows of its model's layers.
  extension Convolution {
    /// Whether there is no pool.
    var isUnpooled: Bool {
      #if OCTET_SELECT && !OCTET_UNPOOLED
        false
      #elseif OCTET_SELECT && !OCTET_POOLED
        true
      #else
        windowCount == 1
      #endif
    }

    /// Whether a pool window is several tiles.
    var hasLongWindows: Bool {
      #if OCTET_SELECT && !OCTET_LONGPOOLED
        false
      #else
        windowCount > 4
      #endif
    }
  }

  /// Computes all channels of a group, a tile at a time.
  protocol TileKernel {
    /// - Parameter scratch: behind the band.
    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer)
    /// Where running maxima of a pool window of several tiles are kept.
    var maxima: UnsafeMutablePointer<Int32> { get }
    /// Computes the tile and those beside it, and steps past them. Only the tile changes; the
    /// others are not copied either.
    func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      unsafe runTiles(kernel, context, scratch: context.scratch)
    }

    @inline(__always)
    func runTiles<Kernel: TileKernel>(
      _ kernel: Kernel.Type, _ context: OperatorContext, scratch: UnsafeMutableRawPointer
    ) {
      let hasBand = bandByteCount > 0
      var (rowCount, width) = (output.height, output.width)
      #if !OCTET_SELECT || OCTET_POINTWISE
        // Tiles need not end with a row.
        if isPointwise { (rowCount, width) = (1, rowCount &* width) }
      #endif
      let tapByteCount = input.channels / word(Word.groups)
      let step = word(Word.poolStrideHeight) &* word(Word.strideHeight)
      let kernel = unsafe Kernel(self, context, scratch: scratch + bandByteCount)
      let rows = unsafe scratch.assumingMemoryBound(to: Int8.self)
      var band = unsafe PaddedRows(self, context, rows: rows)
      var patches = unsafe Patches(
        self, origin: rows, rowByteCount: hasBand ? band.rowByteCount : band.imageRowByteCount,
        hasBand: hasBand)
      let (allChannels, groups) = (Channels(self), blockGroups)
      var target = unsafe context.output(0)
      var tile = unsafe Tile(
        isPool: !isUnpooled, target: target, maxima: kernel.maxima, stride: output.channels)
      if hasBand { band.clear() }
      for _ in 0..<input.batch {
        for row in 0..<rowCount {
          let top = row &* step &- word(Word.paddingTop)
          unsafe patches.origin = UnsafePointer(rows)
          if hasBand {
            band.fill(from: top)
          } else {
            unsafe patches.origin = band.image + top &* band.imageRowByteCount
          }
          // Groups inside rows: the output may take the place of input rows that are done with.
          var channels = allChannels
          unsafe patches.origin += groups.lowerBound &* tapByteCount
          unsafe tile.target = target + firstChannel
          for _ in groups {
            let first = unsafe tile.target
            runRow(kernel, width, &patches, &channels, &tile)
            unsafe tile.target = first + channels.count
            channels.advance()
            unsafe patches.origin += tapByteCount
          }
          unsafe target += width &* output.channels
        }
        unsafe band.image += input.height &* band.imageRowByteCount
      }
    }

    /// - Parameter tile: its target is the first pixel of the row.
    @inline(__always)
    private func runRow<Kernel: TileKernel>(
      _ kernel: Kernel, _ width: Int, _ patches: inout Patches, _ channels: inout Channels,
      _ tile: inout Tile
    ) {
      let windowCount = windowCount
      let poolWidth = word(Word.poolWidth)
      // Output pixels, and those of the window, that are done.
      var column = 0
      var index = 0
      tile.row = 0
      tile.column = 0
      tile.left = 0
      tile.width = isUnpooled ? width : poolWidth
      // One call for all cases, so that firmware holds its arguments once.
      repeat {
        if isUnpooled {
          // Fours, and what is left.
          let fours = (width &- column) &>> 2
          tile.count = fours > 0 ? 4 : width &- column
          tile.repeatCount = max(fours, 1)
          tile.columnAdvance = 4
          tile.targetAdvance = 4 &* tile.stride
          column &+= fours > 0 ? 4 &* fours : tile.count
        } else if !hasLongWindows {
          tile.count = windowCount
          tile.repeatCount = width
          tile.columnAdvance = word(Word.poolStrideWidth)
          tile.targetAdvance = tile.stride
          column = width
        } else {
          tile.count = min(windowCount &- index, 4)
          tile.isFirst = index == 0
          index &+= 4
          tile.isLast = index >= windowCount
          tile.repeatCount = 1
        }
        kernel.compute(&patches, &channels, &tile)
        guard hasLongWindows else { continue }
        tile.column &+= 4
        while tile.column >= tile.left &+ poolWidth {
          tile.column &-= poolWidth
          tile.row &+= 1
        }
        if tile.isLast {
          column &+= 1
          index = 0
          tile.row = 0
          tile.left &+= word(Word.poolStrideWidth)
          tile.column = tile.left
          unsafe tile.target += tile.stride
        }
      } while column < width
    }
  }
#else
  extension Convolution {
    func runBlock(_ context: OperatorContext) { runPortable(context) }
  }
#endif
