// The convolution of tiles with I8MM: Tiles.swift with the product of two by eight and eight by two
// values as one instruction, SMMLA.
//
//     for each tile:
//       copy its four patches, and zip the first with the second and the third with the fourth
//       for eight channels, 16 taps a step: zip the weights of two rows, 32 SMMLA
//
// Patches are zipped once for all channels, so that pays from some channels on. Half as many
// instructions multiply as with SDOT, and the sums of two rows and two patches end in one register.

#if canImport(COctetKernels.NEON) && arch(arm64)
  internal import COctetKernels

  extension PlacedPatches {
    /// Copied, and zipped in their place by eights: of each 16 bytes the first two pointers have
    /// the low halves and the high halves of the first two patches, the others those of the next
    /// two.
    @inline(__always)
    init(zipped patches: Patches, _ tile: Tile, depth: Int, _ values: UnsafeMutablePointer<Int8>) {
      let stride = (depth &+ 15) & ~15
      let copied = unsafe PlacedPatches(patches, tile, depth: depth, values)
      if patches.hasSharedRuns(tile) {
        // Runs are whole vectors, so the second pair is the first from its second run on.
        let count = depth &+ patches.runByteCount
        unsafe Self.zip(values, values + 2 &* stride, count: count)
      } else {
        unsafe Self.zip(values, values + stride, count: depth)
        unsafe Self.zip(values + 2 &* stride, values + 3 &* stride, count: depth)
      }
      unsafe self.init(copied.places, wholeDepth: stride)
    }

    /// Puts both low halves of each two vectors into `even`, both high halves into `odd`, and zeros
    /// behind `count` values.
    @inline(__always)
    private static func zip(
      _ even: UnsafeMutablePointer<Int8>, _ odd: UnsafeMutablePointer<Int8>, count: Int
    ) {
      let (evenBytes, oddBytes) = (UnsafeMutableRawPointer(even), UnsafeMutableRawPointer(odd))
      var place = 0
      while place < count {
        var x = unsafe evenBytes.loadUnaligned(fromByteOffset: place, as: SIMD16<Int8>.self)
        var y = unsafe oddBytes.loadUnaligned(fromByteOffset: place, as: SIMD16<Int8>.self)
        if count &- place < 16 {
          let mask = octet_first_lanes(Int8(truncatingIfNeeded: count &- place))
          (x, y) = (x & mask, y & mask)
        }
        let zipped = Zipped(x, y)
        unsafe evenBytes.storeBytes(of: zipped.low, toByteOffset: place, as: SIMD16<Int8>.self)
        unsafe oddBytes.storeBytes(of: zipped.high, toByteOffset: place, as: SIMD16<Int8>.self)
        place &+= 16
      }
    }
  }

  /// Two vectors of 16 by halves: both low halves, both high halves.
  private struct Zipped {
    let low: SIMD16<Int8>
    let high: SIMD16<Int8>

    @inline(__always)
    init(_ first: SIMD16<Int8>, _ second: SIMD16<Int8>) {
      low = SIMD16(lowHalf: first.lowHalf, highHalf: second.lowHalf)
      high = SIMD16(lowHalf: first.highHalf, highHalf: second.highHalf)
    }
  }

  /// Four channels whose weights follow each other, over four zipped patches.
  @safe private struct MatrixRows: Rows {
    // Safety: as `OneRow`.
    @inline(__always) static var count: Int { 4 }
    private var weights: Four<UnsafePointer<Int8>>
    // Lanes: the first row with an even and an odd patch, the second row with both.
    private var first = (SIMD4<Int32>(), SIMD4<Int32>())
    private var second = (SIMD4<Int32>(), SIMD4<Int32>())

    @inline(__always)
    init(_ weights: UnsafePointer<Int8>, depth: Int) {
      unsafe self.init(weights, depth: depth, rowCount: 4)
    }

    /// The last of fewer rows is taken again for those that are missing.
    @inline(__always)
    init(_ weights: UnsafePointer<Int8>, depth: Int, rowCount: Int) {
      unsafe self.weights = Four(
        a: weights, b: weights + min(1, rowCount &- 1) &* depth,
        c: weights + min(2, rowCount &- 1) &* depth, d: weights + min(3, rowCount &- 1) &* depth)
    }

    /// - Parameter x: low and high halves of the first two patches, then of the other two.
    @inline(__always)
    mutating func add(_ x: Four<SIMD16<Int8>>, after _: SIMD4<Int32>) {
      let w = unsafe weights.next()
      Self.add(&first, Zipped(w.a, w.b), x)
      Self.add(&second, Zipped(w.c, w.d), x)
    }

    @inline(__always)
    private static func add(
      _ sums: inout (SIMD4<Int32>, SIMD4<Int32>), _ w: Zipped, _ x: Four<SIMD16<Int8>>
    ) {
      sums.0 = octet_add_matrix_products(sums.0, w.low, x.a)
      sums.1 = octet_add_matrix_products(sums.1, w.low, x.c)
      sums.0 = octet_add_matrix_products(sums.0, w.high, x.b)
      sums.1 = octet_add_matrix_products(sums.1, w.high, x.d)
    }

    @inline(__always) var latest: SIMD4<Int32> { second.1 }

    @inline(__always)
    var spread: Four<SIMD4<Int32>> {
      let left = SIMD8(lowHalf: first.0, highHalf: second.0)
      let right = SIMD8(lowHalf: first.1, highHalf: second.1)
      return Four(a: left.evenHalf, b: left.oddHalf, c: right.evenHalf, d: right.oddHalf)
    }
  }

  private typealias EightRows = TwoRows<MatrixRows>

  enum MatrixTiles {
    /// Whether zipping the patches costs less than it saves: not for few channels, and where runs
    /// are shared only if they are whole vectors.
    @inline(__always)
    static func isFaster(_ patches: Patches, _ channels: Channels, _ tile: Tile) -> Bool {
      channels.count >= 16 && (patches.runByteCount & 15 == 0 || !patches.hasSharedRuns(tile))
    }

    /// All channels of the tiles, and steps past them: what `Tiles.run` does.
    @inline(never)
    static func run(
      _ patches: Patches, _ channels: Channels, _ tile: inout Tile,
      _ values: UnsafeMutablePointer<Int8>, _ plan: TilePlan
    ) {
      let channels = NEONChannels(channels, shiftsRight: plan.shiftsRight)
      var next = tile
      for _ in 0..<tile.repeatCount {
        let zipped = unsafe PlacedPatches(zipped: patches, next, depth: channels.depth, values)
        multiply(zipped, channels, next)
        next.advance()
      }
      tile = next
    }

    @inline(__always)
    private static func multiply(
      _ patches: PlacedPatches, _ channels: NEONChannels, _ tile: Tile
    ) {
      typealias Finish = Tiles<DotProducts>
      var index = 0
      while channels.count &- index >= 8 {
        let weights = unsafe channels.weights + index &* channels.depth
        var rows = unsafe EightRows(weights, depth: channels.depth)
        patches.add(to: &rows)
        Finish.finish(MatrixRows.self, rows.first.sums, channels, index, tile)
        Finish.finish(MatrixRows.self, rows.second.sums, channels, index &+ 4, tile)
        index &+= 8
      }
      while index < channels.count {
        let weights = unsafe channels.weights + index &* channels.depth
        let count = channels.count &- index
        var rows = unsafe MatrixRows(weights, depth: channels.depth, rowCount: count)
        patches.add(to: &rows)
        let sums = rows.sums
        if count >= 4 {
          Finish.finish(MatrixRows.self, sums, channels, index, tile)
          index &+= 4
        } else if count >= 2 {
          Finish.finish(TwoRows<OneRow<DotProducts>>.self, sums, channels, index, tile)
          index &+= 2
        } else {
          Finish.finish(OneRow<DotProducts>.self, sums, channels, index, tile)
          index &+= 1
        }
      }
    }
  }
#endif
