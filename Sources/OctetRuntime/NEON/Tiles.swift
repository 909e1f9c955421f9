// The convolution of tiles with NEON.
//
//     for each tile:
//       run:       copy its four patches
//       runNarrow: look them up, where all together are at most eight rows of eight bytes
//       for each channel c: for each patch p:
//         sum = bias[c] + Σₖ weights[c][k] · patch[p][k]
//       maximum of the window or each pixel, requantize, clamp, store
//
// 1. Four channels at a time on AArch64, two where there are half the registers.
// 2. The last of a patch is masked to a multiple of 16, so that the weights read beyond a row, the
//    next row's or the 16 bytes that end every blob's weights, add nothing.
// 3. Narrow patches are not copied: eight loads fill a table of 64 bytes, from which TBL takes each
//    patch, with zeros after its end.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  /// What kernels of tiles know of their layer.
  struct TilePlan {
    /// Whether all shifts are to the right.
    let shiftsRight: Bool
    /// Whether patches are multiplied where they lie: all runs are whole vectors, and the output
    /// takes no place of theirs.
    let isInPlace: Bool
  }

  enum Tiles<By: Products> {
    /// Whether there are registers for places of runs beside those of patches.
    #if arch(arm64)
      @inline(__always) static var takesPlaces: Bool { true }
    #else
      @inline(__always) static var takesPlaces: Bool { false }
    #endif

    /// All channels of the tiles, and steps past them.
    ///
    /// - Parameter values: for four patches, each of a depth that is rounded up to a multiple of
    ///   16, and 16 bytes more.
    @inline(never)
    static func run(
      _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
      _ values: UnsafeMutablePointer<Int8>, _ plan: TilePlan
    ) {
      if !tile.hasWindows, tile.count == 1 {
        // A single pixel is a row of values that all channels are connected to.
        let part = Patches.Part(run: 0, skip: 0, count: channels.depth)
        unsafe patches.gather(part, patches.place(tile.row, tile.column), values)
        unsafe NEONFullyConnected<By>(channels, values, offset: 0)(tile.target)
        return
      }
      let channels = NEONChannels(channels, shiftsRight: plan.shiftsRight)
      var next = tile
      for _ in 0..<tile.repeatCount {
        let placed =
          Self.takesPlaces && plan.isInPlace
          ? PlacedPatches(inPlace: patches, next)
          : unsafe PlacedPatches(patches, next, depth: channels.depth, values)
        multiply(placed, channels, next)
        next.advance()
      }
      tile = next
    }

    @inline(__always)
    private static func multiply<Source: FourPatches>(
      _ patches: Source, _ channels: NEONChannels, _ tile: Tile
    ) {
      var index = 0
      while index < channels.count {
        let count = channels.count &- index
        #if arch(arm64)
          if count >= 4 {
            multiply(FourRows<By>.self, patches, channels, index, tile)
            index &+= 4
            continue
          }
        #endif
        if count >= 2 {
          multiply(TwoRows<OneRow<By>>.self, patches, channels, index, tile)
          index &+= 2
        } else {
          multiply(OneRow<By>.self, patches, channels, index, tile)
          index &+= 1
        }
      }
    }

    /// The channels from `index` on.
    @inline(__always)
    private static func multiply<Block: Rows, Source: FourPatches>(
      _: Block.Type, _ patches: Source, _ channels: NEONChannels, _ index: Int, _ tile: Tile
    ) {
      var rows = unsafe Block(
        channels.weights + index &* channels.depth, depth: channels.depth)
      patches.add(to: &rows)
      finish(Block.self, rows.sums, channels, index, tile)
    }

    /// Where sums go.
    @inline(__always)
    static func finish<Block: Rows>(
      _: Block.Type, _ sums: Four<SIMD4<Int32>>, _ channels: NEONChannels, _ index: Int,
      _ tile: Tile
    ) {
      let target = unsafe tile.target + index
      if tile.hasWindows {
        var maximum = octet_maximum(
          octet_maximum(sums.a, sums.b), octet_maximum(sums.c, sums.d))
        let maxima = unsafe tile.maxima + index
        if !tile.isWindowsFirst { maximum = octet_maximum(maximum, unsafe Block.load(maxima)) }
        if tile.isWindowsLast {
          let finished = RowConstants<Block>(channels, index)
          unsafe Block.store(bytes: finished(maximum), target)
        } else {
          unsafe Block.store(maximum, maxima)
        }
        return
      }
      guard Block.count == 4, channels.shiftsRight else {
        return unsafe finishPixels(Block.self, sums, channels, index, target, tile)
      }
      let finished = RowConstants<Block>(channels, index)
      let bias = finished.bias
      let results = channels.range(
        finished.scaledRight(sums.a &+ bias), finished.scaledRight(sums.b &+ bias),
        finished.scaledRight(sums.c &+ bias), finished.scaledRight(sums.d &+ bias))
      unsafe store(results, target, tile)
    }

    /// Pixels one by one.
    @inline(never)
    private static func finishPixels<Block: Rows>(
      _: Block.Type, _ sums: Four<SIMD4<Int32>>, _ channels: NEONChannels, _ index: Int,
      _ start: UnsafeMutablePointer<Int8>, _ tile: Tile
    ) {
      let finished = RowConstants<Block>(channels, index)
      var target = unsafe start
      unsafe Block.store(bytes: finished(sums.a), target)
      guard tile.count > 1 else { return }
      unsafe target += tile.stride
      unsafe Block.store(bytes: finished(sums.b), target)
      guard tile.count > 2 else { return }
      unsafe target += tile.stride
      unsafe Block.store(bytes: finished(sums.c), target)
      guard tile.count > 3 else { return }
      unsafe target += tile.stride
      unsafe Block.store(bytes: finished(sums.d), target)
    }
  }

  extension Tiles {
    /// Stores a word a pixel.
    @inline(__always)
    private static func store(
      _ results: SIMD16<Int8>, _ target: UnsafeMutablePointer<Int8>, _ tile: Tile
    ) {
      let words = unsafe unsafeBitCast(results, to: SIMD4<Int32>.self)
      var target = UnsafeMutableRawPointer(target)
      unsafe target.storeBytes(of: words[0], as: Int32.self)
      if tile.count == 4 {
        unsafe target.storeBytes(of: words[1], toByteOffset: tile.stride, as: Int32.self)
        unsafe target.storeBytes(of: words[2], toByteOffset: 2 &* tile.stride, as: Int32.self)
        unsafe target.storeBytes(of: words[3], toByteOffset: 3 &* tile.stride, as: Int32.self)
        return
      }
      guard tile.count > 1 else { return }
      unsafe target += tile.stride
      unsafe target.storeBytes(of: words[1], as: Int32.self)
      guard tile.count > 2 else { return }
      unsafe target += tile.stride
      unsafe target.storeBytes(of: words[2], as: Int32.self)
    }
  }

  #if arch(arm64)
    extension Tiles {
      /// The same for patches that the plan takes from a table.
      @inline(never)
      static func runNarrow(
        _ patches: Patches, _ channels: Channels, _ tile: inout Tile, _ narrow: NarrowPlan,
        _ plan: TilePlan
      ) {
        let channels = NEONChannels(channels, shiftsRight: plan.shiftsRight)
        let indices = unsafe narrow.indices
        var next = tile
        for _ in 0..<tile.repeatCount {
          let table = unsafe Table(
            patches.place(next.row, next.column), step: patches.rowByteCount,
            rowCount: narrow.rowCount)
          if channels.depth > 16 {
            let wide = unsafe WidePatches(
              low: table.patches(indices), high: table.patches(indices + 16))
            multiply(wide, channels, next)
          } else {
            multiply(NarrowPatches(all: unsafe table.patches(indices)), channels, next)
          }
          next.advance()
        }
        tile = next
      }
    }
  #endif
#endif
