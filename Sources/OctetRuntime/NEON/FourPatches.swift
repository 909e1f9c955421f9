#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  /// The patches of a tile, to be multiplied with weights.
  protocol FourPatches {
    /// Adds all taps.
    func add<Block: Rows>(to rows: inout Block)
  }

  /// Patches in the input, where all runs are whole vectors; otherwise copied from it, with up to
  /// 15 bytes after each that may be read.
  @safe struct PlacedPatches: FourPatches {
    // Safety: the operator was validated and the plan has room for its scratch.
    let places: Four<UnsafePointer<Int8>>
    private let runCount: Int
    /// Whole vectors of a run, and bytes from the end of one to the next.
    private let vectorCount: Int
    private let skip: Int
    private let hasRest: Bool
    /// For what is left after all whole vectors.
    private let mask: SIMD16<Int8>

    /// Where they lie, each run of whole vectors.
    @inline(__always)
    init(inPlace patches: Patches, _ tile: Tile) {
      runCount = patches.kernelRowCount
      vectorCount = patches.runByteCount &>> 4
      skip = patches.kernelRowStep &- patches.runByteCount
      hasRest = false
      mask = SIMD16()
      var row = tile.row
      var column = tile.column
      let a = unsafe patches.place(row, column)
      tile.advance(&row, &column, after: 0)
      let b = unsafe patches.place(row, column)
      tile.advance(&row, &column, after: 1)
      let c = unsafe patches.place(row, column)
      tile.advance(&row, &column, after: 2)
      unsafe places = Four(a: a, b: b, c: c, d: patches.place(row, column))
    }

    /// - Parameter values: for four patches, each of a depth that is rounded up to a multiple of
    ///   16, and 16 bytes more.
    @inline(__always)
    init(_ patches: Patches, _ tile: Tile, depth: Int, _ values: UnsafeMutablePointer<Int8>) {
      runCount = 1
      vectorCount = depth &>> 4
      skip = 0
      hasRest = depth & 15 != 0
      mask = octet_first_lanes(Int8(truncatingIfNeeded: depth & 15))
      let stride = (depth &+ 15) & ~15
      if patches.hasSharedRuns(tile) {
        let part = Patches.Part(run: 0, skip: 0, count: depth &+ patches.runByteCount)
        let right = unsafe values + 2 &* stride
        unsafe patches.gather(part, patches.place(tile.row, tile.column), values)
        unsafe patches.gather(part, patches.place(tile.row, tile.column &+ 1), right)
        unsafe places = Four(
          a: UnsafePointer(values), b: UnsafePointer(right),
          c: UnsafePointer(values + patches.runByteCount),
          d: UnsafePointer(right + patches.runByteCount))
        return
      }
      let part = Patches.Part(run: 0, skip: 0, count: depth)
      var row = tile.row
      var column = tile.column
      for lane in 0..<4 {
        unsafe patches.gather(part, patches.place(row, column), values + lane &* stride)
        tile.advance(&row, &column, after: lane)
      }
      unsafe places = Four(
        a: UnsafePointer(values), b: UnsafePointer(values + stride),
        c: UnsafePointer(values + 2 &* stride), d: UnsafePointer(values + 3 &* stride))
    }

    /// Four of whole vectors that were copied already.
    @inline(__always)
    init(_ places: Four<UnsafePointer<Int8>>, wholeDepth: Int) {
      unsafe self.places = places
      runCount = 1
      vectorCount = wholeDepth &>> 4
      skip = 0
      hasRest = false
      mask = SIMD16()
    }

    @inline(__always)
    func add<Block: Rows>(to rows: inout Block) {
      var next = unsafe places
      #if arch(arm64)
        if vectorCount > 0 {
          // Loops that run once at least need no copies of the sums.
          var runsLeft = runCount
          repeat {
            addRun(&next, &rows)
            unsafe next.skip(skip)
            runsLeft &-= 1
          } while runsLeft != 0
        }
      #else
        for _ in 0..<vectorCount { rows.add(unsafe next.next()) }
      #endif
      if hasRest { rows.add(unsafe next.next() & mask) }
    }

    #if arch(arm64)
      /// Adds the whole vectors of a run, of which there is one at least.
      @inline(__always)
      private func addRun<Block: Rows>(
        _ next: inout Four<UnsafePointer<Int8>>, _ rows: inout Block
      ) {
        if Block.takesPairs {
          for _ in 0..<vectorCount &>> 1 {
            let (low, high) = unsafe next.nextTwo()
            rows.add(low, high)
          }
          if vectorCount & 1 != 0 { rows.add(unsafe next.next()) }
          return
        }
        var left = vectorCount
        repeat {
          rows.add(unsafe next.next())
          left &-= 1
        } while left != 0
      }
    #endif
  }

  #if arch(arm64)
    /// Up to 16 values each, then zeros.
    struct NarrowPatches: FourPatches {
      let all: Four<SIMD16<Int8>>

      @inline(__always)
      func add<Block: Rows>(to rows: inout Block) { rows.add(all) }
    }

    /// Up to 32 values each, then zeros.
    struct WidePatches: FourPatches {
      let low: Four<SIMD16<Int8>>
      let high: Four<SIMD16<Int8>>

      @inline(__always)
      func add<Block: Rows>(to rows: inout Block) {
        rows.add(low, high)
      }
    }

    /// Up to eight rows of eight bytes.
    struct Table {
      private let a, b, c, d: SIMD16<Int8>

      /// - Parameter step: bytes from one row to the next.
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
