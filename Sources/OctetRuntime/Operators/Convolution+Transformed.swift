// Convolution of 3 × 3 with stride 1, for four pixels by 16 products a channel instead of 36:
// Winograd's F(2 × 2, 3 × 3), exactly.
//
//     for each two output rows, for each two tiles of 2 × 2 pixels in them:
//       for each tile: V = Bᵀ · its 4 × 4 pixels · B, by channel
//       for each four output channels:
//         M = U · V, at each of 16 places a product over the channels
//         4 × sums = Aᵀ · M · A; shifted by 2, requantized, clamped
//
//         │ 1  0 −1  0 │        │ 2  0  0 │
//     Bᵀ =│ 0  1  1  0 │   2G = │ 1  1  1 │   Aᵀ = │ 1  1  1  0 │
//         │ 0 −1  1  0 │        │ 1 −1  1 │        │ 0  1 −1 −1 │
//         │ 0  1  0 −1 │        │ 0  0  2 │
//
// 1. U = 2G · weights · 2Gᵀ is prepared, as int16: at most 9 · 128. V is at most 4 · 128.
// 2. 2G makes the sums fourfold and all of it whole numbers, so nothing is rounded. Sums wrap
//    between and are right in the end, as four times a sum fits in an int32, which the builder
//    proves.
// 3. Bias, fourfold, is added at place (1, 1), from which it comes to all four pixels.
// 4. The output may take the place of rows that are done with: as two rows of it are written at a
//    time, the first of the four that they need is copied before.
// 5. Beyond the input are zero points: a pixel of its own.

#if arch(arm) && OCTET_PREPARED && OCTET_TRANSFORMED
  internal import COctetKernels

  extension Convolution {
    func runTransformed(
      _ context: OperatorContext, _ prepared: PreparedLayer, scratch: UnsafeMutableRawPointer
    ) {
      var tiles = unsafe TransformedTiles(self, prepared, scratch)
      var channels = Channels(self)
      let rowByteCount = input.width &* input.channels
      var image = unsafe context.input(0)
      var target = unsafe context.output(0)
      for _ in 0..<input.batch {
        var row = 0
        while row < output.height {
          unsafe tiles.setRows(image, from: row &- word(Word.paddingTop), rowByteCount)
          let hasSecondRow = row &+ 1 < output.height
          var column = 0
          while column < output.width {
            let left = column &- word(Word.paddingLeft)
            tiles.transform(0, left: left)
            tiles.transform(1, left: left &+ 2)
            unsafe tiles.multiply(
              &channels, target + column &* channels.count,
              columnCount: output.width &- column,
              rowStride: hasSecondRow ? output.width &* channels.count : 0)
            column &+= 4
          }
          unsafe target += (hasSecondRow ? 2 : 1) &* output.width &* channels.count
          row &+= 2
        }
        unsafe image += input.height &* rowByteCount
      }
    }
  }

  extension Channels {
    /// Requantizes the sums of the four channels from `first` on, or of those that there are, of
    /// two pixels: see `finishPairs`.
    @inline(never)
    mutating func finishFour(
      _ first: Int, _ sums: UnsafePointer<Int32>, _ scales: UnsafePointer<Int32>,
      _ target: UnsafeMutablePointer<Int8>, stride: Int, isPlain: Bool
    ) {
      if isPlain, first &+ 4 <= count {
        unsafe octet_finish_prepared(sums, scales, target, target + stride, 2 &* zeroPoint &+ 1)
      } else {
        unsafe finishPairs(first, min(first &+ 4, count), sums, target, stride: stride)
      }
    }
  }

  /// Two tiles.
  @safe private struct TransformedTiles {
    // Safety: the operator was validated, and the builder found room for the scratch.
    let prepared: PreparedLayer
    /// For each of 16 places a word for each channel, of two channels of both tiles in turn;
    /// INT32_MIN; eight sums, two a channel. INT32_MIN behind.
    let products: UnsafeMutablePointer<Int32>
    /// One pixel of zero points.
    let outside: UnsafeMutablePointer<Int8>
    /// A row of the input.
    let saved: UnsafeMutablePointer<Int8>
    let channelCount: Int
    let width: Int
    let height: Int
    /// Four rows of the input; nil where there is none.
    var rows: InlineArray<4, UnsafePointer<Int8>?>

    init(
      _ layer: Convolution, _ prepared: PreparedLayer, _ scratch: UnsafeMutableRawPointer
    ) {
      channelCount = layer.input.channels
      width = layer.input.width
      height = layer.input.height
      self.prepared = prepared
      unsafe products = scratch.assumingMemoryBound(to: Int32.self)
      let end = unsafe products + 16 &* (channelCount &+ 9)
      unsafe outside = UnsafeMutableRawPointer(end + 1).assumingMemoryBound(to: Int8.self)
      unsafe saved = outside + channelCount
      rows = unsafe InlineArray<4, UnsafePointer<Int8>?>(repeating: nil)
      var mark = unsafe products + channelCount
      while unsafe mark < end {
        unsafe mark[0] = .min
        unsafe mark += channelCount &+ 9
      }
      unsafe end[0] = .min
      for index in 0..<channelCount {
        unsafe outside[index] = Int8(truncatingIfNeeded: layer.input.zeroPoint)
      }
    }

    mutating func setRows(_ image: UnsafePointer<Int8>, from first: Int, _ rowByteCount: Int) {
      for index in 0..<4 {
        let row = first &+ index
        let isInside = row >= 0 && row < height
        unsafe rows[unchecked: index] = isInside ? image + row &* rowByteCount : nil
      }
      guard let top = unsafe rows[unchecked: 0] else { return }
      unsafe copyBytes(saved, top, count: rowByteCount)
      unsafe rows[unchecked: 0] = UnsafePointer(saved)
    }

    // MARK: V

    /// V of the tile whose pixels start at column `left`.
    @inline(never)
    mutating func transform(_ tile: Int, left: Int) {
      var pixels = unsafe InlineArray<16, UnsafePointer<Int8>>(repeating: UnsafePointer(outside))
      for row in 0..<4 {
        guard let start = unsafe rows[unchecked: row] else { continue }
        for column in 0..<4 where left &+ column >= 0 && left &+ column < width {
          unsafe pixels[unchecked: 4 &* row &+ column] =
            start + (left &+ column) &* channelCount
        }
      }
      var to = unsafe products + tile
      let end = unsafe to + channelCount
      // Of rows, columns, and even and odd channels.
      var between = InlineArray<32, Int32>(repeating: 0)
      var offset = 0
      repeat {
        for column in 0..<4 {
          let (a, b, c, d) = unsafe (
            load(pixels[unchecked: column] + offset),
            load(pixels[unchecked: column &+ 4] + offset),
            load(pixels[unchecked: column &+ 8] + offset),
            load(pixels[unchecked: column &+ 12] + offset)
          )
          let even = Transform(
            octet_widen_even(a), octet_widen_even(b), octet_widen_even(c), octet_widen_even(d))
          let odd = Transform(
            octet_widen_odd(a), octet_widen_odd(b), octet_widen_odd(c), octet_widen_odd(d))
          let place = 2 &* column
          between[unchecked: place] = even.a
          between[unchecked: place &+ 1] = odd.a
          between[unchecked: place &+ 8] = even.b
          between[unchecked: place &+ 9] = odd.b
          between[unchecked: place &+ 16] = even.c
          between[unchecked: place &+ 17] = odd.c
          between[unchecked: place &+ 24] = even.d
          between[unchecked: place &+ 25] = odd.d
        }
        var place = unsafe to
        for index in 0..<4 {
          for half in 0..<2 {
            let from = 8 &* index &+ half
            let row = Transform(
              between[unchecked: from], between[unchecked: from &+ 2],
              between[unchecked: from &+ 4], between[unchecked: from &+ 6])
            let step = channelCount &+ 9
            let out = unsafe place + 2 &* half
            unsafe out[0] = row.a
            unsafe out[step] = row.b
            unsafe out[2 &* step] = row.c
            unsafe out[3 &* step] = row.d
          }
          unsafe place += 4 &* (channelCount &+ 9)
        }
        offset &+= 4
        unsafe to += 4
      } while unsafe to < end
    }

    @inline(__always)
    private func load(_ place: UnsafePointer<Int8>) -> UInt32 {
      unsafe UnsafeRawPointer(place).loadUnaligned(as: UInt32.self)
    }

    /// Bᵀ · (a, b, c, d), of two int16 each.
    private struct Transform {
      let a, b, c, d: Int32

      @inline(__always)
      init(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) {
        self.a = octet_subtract_halves(a, c)
        self.b = octet_add_halves(b, c)
        self.c = octet_subtract_halves(c, b)
        self.d = octet_subtract_halves(b, d)
      }
    }

    // MARK: M

    /// All channels of the first `columnCount` pixels from `target` on, in two rows or, where
    /// `rowStride` is 0, one.
    @inline(never)
    func multiply(
      _ channels: inout Channels, _ target: UnsafeMutablePointer<Int8>, columnCount: Int,
      rowStride: Int
    ) {
      var weights = unsafe prepared.weights
      let step = channelCount &+ 9
      let stride = columnCount > 2 ? 2 &* channels.count : 0
      let beside = columnCount > 3 ? stride : 0
      var first = 0
      repeat {
        unsafe octet_add_prepared(products, weights)
        unsafe weights += 16 &* (4 &+ 2 &* channelCount)
        let sums = unsafe products + (channelCount &+ 1)
        finish(sums)
        var sum = unsafe sums
        var row = unsafe target + first
        var rowsLeft = rowStride > 0 ? 2 : 1
        repeat {
          unsafe channels.finishFour(
            first, sum, weights, row, stride: stride, isPlain: prepared.isPlain)
          unsafe sum += step
          if columnCount > 1 {
            unsafe channels.finishFour(
              first, sum, weights, row + channels.count, stride: beside,
              isPlain: prepared.isPlain)
          }
          unsafe sum += step
          unsafe row += rowStride
          rowsLeft &-= 1
        } while rowsLeft > 0
        unsafe weights += 8
        first &+= 4
      } while first < channels.count
    }

    /// Aᵀ · M · A, a quarter, of four channels and two tiles: in place of the first four of M.
    @inline(__always)
    private func finish(_ sums: UnsafeMutablePointer<Int32>) {
      let step = channelCount &+ 9
      var sum = unsafe sums
      let end = unsafe sums + 8
      repeat {
        var from = unsafe sum
        var (upper, lower) = unsafe column(&from)
        var (a, c) = (upper, lower)
        (upper, lower) = unsafe column(&from)
        var (b, d) = (upper, lower)
        a &+= upper
        c &+= lower
        (upper, lower) = unsafe column(&from)
        a &+= upper
        c &+= lower
        b &-= upper
        d &-= lower
        (upper, lower) = unsafe column(&from)
        b &-= upper
        d &-= lower
        unsafe sum[0] = a &>> 2
        unsafe sum[step] = b &>> 2
        unsafe sum[2 &* step] = c &>> 2
        unsafe sum[3 &* step] = d &>> 2
        unsafe sum += 1
      } while unsafe sum < end
    }

    /// Aᵀ · a column of M, and steps to the next.
    @inline(__always)
    private func column(_ from: inout UnsafeMutablePointer<Int32>) -> (Int32, Int32) {
      let row = 4 &* (channelCount &+ 9)
      let (a, b, c, d) = unsafe (from[0], from[row], from[2 &* row], from[3 &* row])
      unsafe from += channelCount &+ 9
      return (a &+ b &+ c, b &- c &- d)
    }
  }
#endif
