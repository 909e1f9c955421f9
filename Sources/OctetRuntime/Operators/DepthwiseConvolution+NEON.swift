// Depthwise convolution with NEON: lanes are channels.
//
//     for each output row, for each 16 or 8 channels, for each output column:
//       sums = Σ over taps w[tap] · x[tap]                       (padding reads as the zero point)
//       add the bias, requantize, clamp, store
//
// 1. The last vector overlaps the one before when C is no multiple of it: some are computed twice.
// 2. Rows are finished in order, because the output may take the place of rows that are done with.
// 3. |w · x| fits int16; sums are int32.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, where there is no kernel: vectors of channels must lie in the
    /// input, or one channel serve all.
    func runOnNEON(_ context: OperatorContext) -> Bool {
      let isSpread = input.channels == 1
      guard output.channels >= 8, isSpread || input.channels == output.channels else {
        return false
      }
      let kernel = NEONDepthwise(self, context)
      // Constants, so that each becomes a kernel of its own.
      if isSpread {
        kernel.run(laneCount: 8, isSpread: true, batch: input.batch)
      } else if output.channels < 16 {
        kernel.run(laneCount: 8, isSpread: false, batch: input.batch)
      } else {
        kernel.run(laneCount: 16, isSpread: false, batch: input.batch)
      }
      return true
    }
  }

  @safe private struct NEONDepthwise {
    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private let channels: NEONChannels
    private let rows: Window
    private let columns: Window
    private let padding: SIMD16<Int8>

    init(_ layer: DepthwiseConvolution, _ context: OperatorContext) {
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      channels = NEONChannels(Channels(layer))
      rows = layer.rows
      columns = layer.columns
      padding = SIMD16(repeating: Int8(truncatingIfNeeded: layer.input.zeroPoint))
    }

    /// - Parameters:
    ///   - laneCount: 8 or 16.
    ///   - isSpread: whether one input channel serves all.
    @inline(__always)
    func run(laneCount: Int, isSpread: Bool, batch: Int) {
      let inputChannels = isSpread ? 1 : channels.count
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        for row in 0..<rows.output {
          var first = 0
          while first < channels.count {
            first = min(first, channels.count &- laneCount)
            for column in 0..<columns.output {
              let sums = unsafe accumulate(
                image, first, row: rows.start(row), column: columns.start(column),
                laneCount: laneCount, isSpread: isSpread)
              unsafe finish(sums, first, result + column &* channels.count, laneCount: laneCount)
            }
            first &+= laneCount
          }
          unsafe result += columns.output &* channels.count
        }
        unsafe image += rows.input &* columns.input &* inputChannels
      }
    }

    /// The sums of channels `first` ..< `first` + `laneCount` of the window at (`row`, `column`).
    @inline(__always)
    private func accumulate(
      _ image: UnsafePointer<Int8>, _ first: Int, row: Int, column: Int, laneCount: Int,
      isSpread: Bool
    ) -> Four<SIMD4<Int32>> {
      let inputChannels = isSpread ? 1 : channels.count
      let zero = SIMD4<Int32>()
      var sums = Four(a: zero, b: zero, c: zero, d: zero)
      var weight = unsafe channels.weights + first
      var y = row
      for _ in 0..<rows.kernel {
        // A row outside has no columns.
        let width = UInt(bitPattern: y >= 0 && y < rows.input ? columns.input : 0)
        let start = unsafe image + (y &* columns.input &* inputChannels &+ (isSpread ? 0 : first))
        var x = column
        for _ in 0..<columns.kernel {
          var values = padding
          // Unsigned, what is left of the row is beyond it.
          if UInt(bitPattern: x) < width {
            let pixel = unsafe start + x &* inputChannels
            values =
              isSpread
              ? SIMD16(repeating: unsafe pixel.pointee)
              : unsafe load(pixel, laneCount: laneCount)
          }
          let w = unsafe load(weight, laneCount: laneCount)
          let low = octet_multiply_low(w, values)
          sums.a = octet_add_low(sums.a, low)
          sums.b = octet_add_high(sums.b, low)
          if laneCount == 16 {
            let high = octet_multiply_high(w, values)
            sums.c = octet_add_low(sums.c, high)
            sums.d = octet_add_high(sums.d, high)
          }
          unsafe weight += channels.count
          x &+= columns.dilation
        }
        y &+= rows.dilation
      }
      return sums
    }

    @inline(__always)
    private func load(_ bytes: UnsafePointer<Int8>, laneCount: Int) -> SIMD16<Int8> {
      let raw = unsafe UnsafeRawPointer(bytes)
      if laneCount == 16 { return unsafe raw.loadUnaligned(as: SIMD16<Int8>.self) }
      let half = unsafe raw.loadUnaligned(as: SIMD8<Int8>.self)
      return SIMD16(lowHalf: half, highHalf: half)
    }

    @inline(__always)
    private func finish(
      _ sums: Four<SIMD4<Int32>>, _ first: Int, _ pixel: UnsafeMutablePointer<Int8>,
      laneCount: Int
    ) {
      unsafe finish(sums.a, first, pixel)
      unsafe finish(sums.b, first &+ 4, pixel)
      if laneCount == 16 {
        unsafe finish(sums.c, first &+ 8, pixel)
        unsafe finish(sums.d, first &+ 12, pixel)
      }
    }

    @inline(__always)
    private func finish(
      _ sum: SIMD4<Int32>, _ first: Int, _ pixel: UnsafeMutablePointer<Int8>
    ) {
      typealias Block = FourRows<LongProducts>
      let finished = RowConstants<Block>(channels, first)
      unsafe Block.store(bytes: finished(sum), pixel + first)
    }
  }
#endif
