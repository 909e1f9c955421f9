// Depthwise convolution with Helium (MVE) and with the vectors of RISC-V: eight channels at a time,
// the last of which overlap those before when C is no multiple of eight.
//
//     for each output pixel, for each eight channels:
//       sums = bias + Σ over taps w[tap] · x[tap]         (padding reads as the zero point)
//       requantize, clamp, store

#if canImport(COctetKernels.MVE) || canImport(COctetKernels.RVV)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, where there is no kernel: eight channels must lie in the input.
    func runOnRows(_ context: OperatorContext) -> Bool {
      guard output.channels >= 8, input.channels == output.channels else { return false }
      let channels = Channels(self)
      let (rows, columns) = (rows, columns)
      let range = octet_range(channels)
      let imageByteCount = rows.input &* columns.input &* channels.count
      var image = unsafe context.input(0)
      var target = unsafe context.output(0)
      for _ in 0..<input.batch {
        for row in 0..<rows.output {
          let inRows = rows.taps(row)
          for column in 0..<columns.output {
            let inColumns = columns.taps(column)
            let start = rows.start(row) &* columns.input &+ columns.start(column)
            var window = unsafe octet_window(
              values: image + start &* channels.count, weights: channels.weights,
              rows: word(rows.kernel), columns: word(columns.kernel),
              top: word(inRows.lowerBound), bottom: word(inRows.upperBound),
              left: word(inColumns.lowerBound), right: word(inColumns.upperBound),
              row_step: word(rows.dilation &* columns.input &* channels.count),
              column_step: word(columns.dilation &* channels.count),
              channels: word(channels.count), padding: input.zeroPoint)
            unsafe compute(&window, channels, range, target)
            unsafe target += channels.count
          }
        }
        unsafe image += imageByteCount
      }
      return true
    }

    private func word(_ value: Int) -> Int32 { Int32(truncatingIfNeeded: value) }

    /// All channels of a window.
    @inline(never)
    private func compute(
      _ window: inout octet_window, _ channels: Channels, _ range: octet_range,
      _ target: UnsafeMutablePointer<Int8>
    ) {
      let (values, weights) = unsafe (window.values, window.weights)
      var first = 0
      while first < channels.count {
        first = min(first, channels.count &- 8)
        unsafe window.values = values + first
        unsafe window.weights = weights + first
        unsafe octet_compute_window(
          window,
          octet_eight(
            bias: channels.bias + first, multipliers: channels.multipliers + first,
            shifts: channels.shifts + first), range, target + first)
        first &+= 8
      }
    }
  }
#endif
