// The convolution of tiles with NEON.
//
//     run:       for each tile: gather its four patches; for each channel c: for each patch p:
//                  sum = bias[c] + Σₖ weights[c][k] · patch[p][k]
//                maximum of the window or each pixel, requantize, clamp, store
//     runNarrow: the same where all patches together are at most eight rows of eight bytes
//
// 1. Narrow patches are not copied: eight loads fill a table of 64 bytes, from which TBL takes each
//    patch, with zeros after its end.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  enum Tiles<By: Products> {
    #if arch(arm64)
      private typealias Block = FourRows<By>
    #endif

    /// All channels of the tiles, and steps past them.
    ///
    /// - Parameter values: for four patches, each of a depth that is rounded up to a multiple of
    ///   16, and 16 bytes more.
    @inline(never)
    static func run(
      _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
      _ values: UnsafeMutablePointer<Int8>
    ) {
      var to = tile
      let mask = octet_first_lanes(Int8(truncatingIfNeeded: channels.depth & 15))
      let count = channels.count
      for _ in 0..<tile.repeatCount {
        let places = unsafe gathered(patches, to, depth: channels.depth, values)
        var index = 0
        #if arch(arm64)
          while index &+ 4 <= count {
            unsafe multiply(FourRows<By>.self, channels, index, places, mask, to)
            index &+= 4
          }
        #endif
        while index &+ 2 <= count {
          unsafe multiply(TwoRows<OneRow<By>>.self, channels, index, places, mask, to)
          index &+= 2
        }
        if index < count { unsafe multiply(OneRow<By>.self, channels, index, places, mask, to) }
        to.advance()
      }
      tile = to
    }

    /// The channels from `index` on over four patches.
    @inline(__always)
    private static func multiply<Block: Rows>(
      _: Block.Type, _ channels: Channels, _ index: Int,
      _ patches: Four<UnsafePointer<Int8>>, _ mask: SIMD16<Int8>, _ tile: Tile
    ) {
      let depth = channels.depth
      var rows = unsafe Block(channels.weights + index &* depth, depth: depth)
      var patches = unsafe patches
      #if arch(arm64)
        for _ in 0..<depth &>> 5 {
          let (low, high) = unsafe patches.nextTwo()
          rows.add(low, high)
        }
        if depth & 16 != 0 { rows.add(unsafe patches.next()) }
      #else
        for _ in 0..<depth &>> 4 { rows.add(unsafe patches.next()) }
      #endif
      if depth & 15 != 0 { rows.add(unsafe patches.next() & mask) }
      finish(Block.self, rows.sums, channels, index, tile)
    }

    /// Where sums go.
    @inline(__always)
    private static func finish<Block: Rows>(
      _: Block.Type, _ sums: Four<SIMD4<Int32>>, _ channels: Channels, _ index: Int,
      _ tile: Tile
    ) {
      var target = unsafe tile.target + index
      let finished = RowConstants<Block>(channels, index)
      if tile.isPool {
        var maximum = octet_maximum(
          octet_maximum(sums.a, sums.b), octet_maximum(sums.c, sums.d))
        let maxima = unsafe tile.maxima + index
        if !tile.isFirst {
          maximum = octet_maximum(maximum, unsafe Block.load(maxima))
        }
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

    /// The patches of a tile; up to 15 bytes after each are scratch that may be read.
    @inline(__always)
    private static func gathered(
      _ patches: Patches, _ tile: Tile, depth: Int, _ values: UnsafeMutablePointer<Int8>
    ) -> Four<UnsafePointer<Int8>> {
      let stride = (depth &+ 15) & ~15
      if patches.hasSharedRuns(tile) {
        let part = Patches.Part(run: 0, skip: 0, count: depth &+ patches.runByteCount)
        let right = unsafe values + 2 &* stride
        unsafe patches.gather(part, patches.place(tile.row, tile.column), values)
        unsafe patches.gather(part, patches.place(tile.row, tile.column &+ 1), right)
        return unsafe Four(
          a: UnsafePointer(values), b: UnsafePointer(right),
          c: UnsafePointer(values + patches.runByteCount),
          d: UnsafePointer(right + patches.runByteCount))
      }
      let part = Patches.Part(run: 0, skip: 0, count: depth)
      var row = tile.row
      var column = tile.column
      for lane in 0..<4 {
        unsafe patches.gather(part, patches.place(row, column), values + lane &* stride)
        tile.advance(&row, &column, after: lane)
      }
      return unsafe Four(
        a: UnsafePointer(values), b: UnsafePointer(values + stride),
        c: UnsafePointer(values + 2 &* stride), d: UnsafePointer(values + 3 &* stride))
    }
  }

  #if arch(arm64)
    extension Tiles {
      /// The same for patches of at most 32 values that all lie in eight rows of eight bytes.
      ///
      /// - Parameter indices: `[4, 32]`, where the values of each patch stand there, row by row,
      ///   and 255 after them.
      @inline(never)
      static func runNarrow(
        _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
        _ indices: UnsafePointer<Int8>, rowCount: Int
      ) {
        if channels.depth > 16 {
          unsafe runNarrow(patches, channels, &tile, indices, rowCount: rowCount, isWide: true)
        } else {
          unsafe runNarrow(patches, channels, &tile, indices, rowCount: rowCount, isWide: false)
        }
      }

      @inline(__always)
      private static func runNarrow(
        _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
        _ indices: UnsafePointer<Int8>, rowCount: Int, isWide: Bool
      ) {
        var to = tile
        let count = channels.count
        var from = unsafe patches.place(to.row, to.column)
        let step = to.columnAdvance &* patches.columnStep
        for _ in 0..<tile.repeatCount {
          let table = unsafe Table(from, step: patches.rowByteCount, rowCount: rowCount)
          let low = unsafe table.patches(indices)
          let high = isWide ? unsafe table.patches(indices + 16) : low
          var index = 0
          while index &+ 4 <= count {
            multiply(FourRows<By>.self, channels, index, low, high, isWide, to)
            index &+= 4
          }
          while index &+ 2 <= count {
            multiply(TwoRows<OneRow<By>>.self, channels, index, low, high, isWide, to)
            index &+= 2
          }
          if index < count {
            multiply(OneRow<By>.self, channels, index, low, high, isWide, to)
          }
          to.advance()
          unsafe from += step
        }
        tile = to
      }

      @inline(__always)
      private static func multiply<Block: Rows>(
        _: Block.Type, _ channels: Channels, _ index: Int, _ low: Four<SIMD16<Int8>>,
        _ high: Four<SIMD16<Int8>>, _ isWide: Bool, _ tile: Tile
      ) {
        let depth = channels.depth
        var rows = unsafe Block(channels.weights + index &* depth, depth: depth)
        if isWide { rows.add(low, high) } else { rows.add(low) }
        finish(Block.self, rows.sums, channels, index, tile)
      }
    }

    /// Up to eight rows of eight bytes.
    private struct Table {
      private let a, b, c, d: SIMD16<Int8>

      @inline(__always)
      init(_ from: UnsafePointer<Int8>, step: Int, rowCount count: Int) {
        a = unsafe Self.pair(from, step, count)
        b = unsafe Self.pair(from + 2 &* step, step, count &- 2)
        c = unsafe Self.pair(from + 4 &* step, step, count &- 4)
        d = unsafe Self.pair(from + 6 &* step, step, count &- 6)
      }

      @inline(__always)
      private static func pair(
        _ from: UnsafePointer<Int8>, _ step: Int, _ count: Int
      ) -> SIMD16<Int8> {
        guard count > 0 else { return SIMD16() }
        let next = unsafe UnsafeRawPointer(count > 1 ? from + step : from)
        return unsafe SIMD16(
          lowHalf: UnsafeRawPointer(from).loadUnaligned(as: SIMD8<Int8>.self),
          highHalf: next.loadUnaligned(as: SIMD8<Int8>.self))
      }

      /// 16 values of each patch.
      @inline(__always)
      func patches(_ indices: UnsafePointer<Int8>) -> Four<SIMD16<Int8>> {
        unsafe Four(
          a: values(indices), b: values(indices + 32), c: values(indices + 64),
          d: values(indices + 96))
      }

      @inline(__always)
      private func values(_ indices: UnsafePointer<Int8>) -> SIMD16<Int8> {
        octet_look_up(
          a, b, c, d, unsafe UnsafeRawPointer(indices).loadUnaligned(as: SIMD16<Int8>.self))
      }
    }
  #endif
#endif
