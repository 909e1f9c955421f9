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

  enum Tiles<By: Products> {
    /// All channels of the tiles, and steps past them.
    ///
    /// - Parameter values: for four patches, each of a depth that is rounded up to a multiple of
    ///   16, and 16 bytes more.
    @inline(never)
    static func run(
      _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
      _ values: UnsafeMutablePointer<Int8>
    ) {
      let channels = NEONChannels(channels)
      var next = tile
      for _ in 0..<tile.repeatCount {
        let copied = unsafe CopiedPatches(patches, next, depth: channels.depth, values)
        multiply(copied, channels, next)
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
      var target = unsafe tile.target + index
      let finished = RowConstants<Block>(channels, index)
      if tile.isPool {
        var maximum = octet_maximum(
          octet_maximum(sums.a, sums.b), octet_maximum(sums.c, sums.d))
        let maxima = unsafe tile.maxima + index
        if !tile.isFirst { maximum = octet_maximum(maximum, unsafe Block.load(maxima)) }
        if tile.isLast {
          unsafe Block.store(bytes: finished(maximum), target)
        } else {
          unsafe Block.store(maximum, maxima)
        }
        return
      }
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

  #if arch(arm64)
    extension Tiles {
      /// The same for patches that the plan takes from a table.
      @inline(never)
      static func runNarrow(
        _ patches: Patches, _ channels: Channels, _ tile: inout Tile, _ plan: NarrowPlan
      ) {
        let channels = NEONChannels(channels)
        let indices = unsafe plan.indices
        var next = tile
        for _ in 0..<tile.repeatCount {
          let table = unsafe Table(
            patches.place(next.row, next.column), step: patches.rowByteCount,
            rowCount: plan.rowCount)
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
