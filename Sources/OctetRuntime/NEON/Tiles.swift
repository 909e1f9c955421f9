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
      _ patches: inout octet_patches, _ channels: inout octet_channels, _ tile: inout octet_tile,
      _ values: UnsafeMutablePointer<Int8>
    ) {
      let local = unsafe channels
      var to = unsafe tile
      let mask = firstLanes(Int(unsafe local.depth) & 15)
      let count = Int(unsafe local.channels)
      for _ in 0..<Int(unsafe tile.repeat_count) {
        let places = unsafe gathered(&patches, &to, local.depth, values)
        var index = 0
        #if arch(arm64)
          while index &+ 4 <= count {
            unsafe multiply(FourRows<By>.self, local, index, places, mask, to)
            index &+= 4
          }
        #endif
        while index &+ 2 <= count {
          unsafe multiply(TwoRows<OneRow<By>>.self, local, index, places, mask, to)
          index &+= 2
        }
        if index < count { unsafe multiply(OneRow<By>.self, local, index, places, mask, to) }
        unsafe advance(&to)
      }
      unsafe advance(&tile, to)
    }

    /// The channels from `index` on over four patches.
    @inline(__always)
    private static func multiply<Channels: Rows>(
      _: Channels.Type, _ channels: octet_channels, _ index: Int,
      _ patches: Four<UnsafePointer<Int8>>, _ mask: SIMD16<Int8>, _ tile: octet_tile
    ) {
      let depth = Int(unsafe channels.depth)
      var rows = unsafe Channels(channels.weights + index &* depth, depth: depth)
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
      unsafe finish(Channels.self, rows.sums, channels, index, tile)
    }

    /// Where sums go.
    @inline(__always)
    private static func finish<Channels: Rows>(
      _: Channels.Type, _ sums: Four<SIMD4<Int32>>, _ channels: octet_channels, _ index: Int,
      _ tile: octet_tile
    ) {
      var target = unsafe tile.target + index
      let finished = unsafe RowConstants<Channels>(channels, index)
      if unsafe tile.is_pool != 0 {
        var maximum = octet_maximum(
          octet_maximum(sums.a, sums.b), octet_maximum(sums.c, sums.d))
        let maxima = unsafe tile.maxima + index
        if unsafe tile.is_first == 0 {
          maximum = octet_maximum(maximum, unsafe Channels.load(maxima))
        }
        if unsafe tile.is_last != 0 {
          unsafe Channels.store(bytes: finished(maximum), target)
        } else {
          unsafe Channels.store(maximum, maxima)
        }
        return
      }
      unsafe Channels.store(bytes: finished(sums.a), target)
      guard unsafe tile.count > 1 else { return }
      unsafe target += Int(tile.stride)
      unsafe Channels.store(bytes: finished(sums.b), target)
      guard unsafe tile.count > 2 else { return }
      unsafe target += Int(tile.stride)
      unsafe Channels.store(bytes: finished(sums.c), target)
      guard unsafe tile.count > 3 else { return }
      unsafe target += Int(tile.stride)
      unsafe Channels.store(bytes: finished(sums.d), target)
    }

    @inline(__always)
    private static func gathered(
      _ patches: inout octet_patches, _ tile: inout octet_tile, _ depth: Int32,
      _ values: UnsafeMutablePointer<Int8>
    ) -> Four<UnsafePointer<Int8>> {
      let places = unsafe octet_gather_tile(&patches, &tile, depth, values)
      return unsafe Four(
        a: places.at.0!, b: places.at.1!, c: places.at.2!, d: places.at.3!)
    }

    /// The tile beside it.
    @inline(__always)
    private static func advance(_ tile: inout octet_tile) {
      unsafe tile.column &+= tile.column_advance
      unsafe tile.left &+= tile.column_advance
      unsafe tile.target += Int(tile.target_advance)
    }

    @inline(__always)
    private static func advance(_ tile: inout octet_tile, _ to: octet_tile) {
      unsafe tile.column = to.column
      unsafe tile.left = to.left
      unsafe tile.target = to.target
    }

    /// All bits of the first `count` lanes.
    @inline(__always)
    private static func firstLanes(_ count: Int) -> SIMD16<Int8> {
      var mask = SIMD16<Int8>()
      for lane in 0..<count { mask[lane] = -1 }
      return mask
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
        _ patches: inout octet_patches, _ channels: inout octet_channels, _ tile: inout octet_tile,
        _ indices: UnsafePointer<Int8>
      ) {
        if unsafe channels.depth > 16 {
          unsafe runNarrow(patches, channels, &tile, indices, isWide: true)
        } else {
          unsafe runNarrow(patches, channels, &tile, indices, isWide: false)
        }
      }

      @inline(__always)
      private static func runNarrow(
        _ patches: octet_patches, _ channels: octet_channels, _ tile: inout octet_tile,
        _ indices: UnsafePointer<Int8>, isWide: Bool
      ) {
        var to = unsafe tile
        let count = Int(unsafe channels.channels)
        var from = unsafe patches.origin! + Int(to.row &* patches.row_step)
          + Int(to.column &* patches.column_step)
        let step = Int(unsafe to.column_advance &* patches.column_step)
        for _ in 0..<Int(unsafe tile.repeat_count) {
          let table = unsafe Table(from, patches)
          let low = unsafe table.patches(indices)
          let high = isWide ? unsafe table.patches(indices + 16) : low
          var index = 0
          while index &+ 4 <= count {
            unsafe multiply(FourRows<By>.self, channels, index, low, high, isWide, to)
            index &+= 4
          }
          while index &+ 2 <= count {
            unsafe multiply(TwoRows<OneRow<By>>.self, channels, index, low, high, isWide, to)
            index &+= 2
          }
          if index < count {
            unsafe multiply(OneRow<By>.self, channels, index, low, high, isWide, to)
          }
          unsafe advance(&to)
          unsafe from += step
        }
        unsafe advance(&tile, to)
      }

      @inline(__always)
      private static func multiply<Channels: Rows>(
        _: Channels.Type, _ channels: octet_channels, _ index: Int, _ low: Four<SIMD16<Int8>>,
        _ high: Four<SIMD16<Int8>>, _ isWide: Bool, _ tile: octet_tile
      ) {
        let depth = Int(unsafe channels.depth)
        var rows = unsafe Channels(channels.weights + index &* depth, depth: depth)
        if isWide { rows.add(low, high) } else { rows.add(low) }
        unsafe finish(Channels.self, rows.sums, channels, index, tile)
      }
    }

    /// Up to eight rows of eight bytes.
    private struct Table {
      private let a, b, c, d: SIMD16<Int8>

      @inline(__always)
      init(_ from: UnsafePointer<Int8>, _ patches: octet_patches) {
        let step = Int(unsafe patches.row_byte_count)
        let count = Int(unsafe patches.narrow_row_count)
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
