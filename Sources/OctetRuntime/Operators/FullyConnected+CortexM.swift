// Fully connected on ARM cores without vectors: four rows of weights at a time.

#if arch(arm)
  internal import COctetKernels

  #if OCTET_CONNECTED
    extension Channels {
      /// The same with weights that the firmware holds for it, and the last up to three channels
      /// without.
      @inline(__always)
      func connect(
        _ values: UnsafePointer<Int8>, _ prepared: PreparedLayer,
        _ target: UnsafeMutablePointer<Int8>
      ) {
        // Up to 15 values after the last are read, which meet zeros.
        unsafe octet_connect_prepared(
          values, values + ((depth &+ 15) & ~15), prepared.weights, target, 2 &* zeroPoint &+ 1)
        unsafe connectOnCore(values, offset: 0, target, from: count & ~3)
      }
    }
  #endif

  extension Channels {
    /// target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k] for c from `first` on.
    @inline(__always)
    func connectOnCore(
      _ values: UnsafePointer<Int8>, offset: Int32, _ target: UnsafeMutablePointer<Int8>,
      from first: Int = 0
    ) {
      #if !OCTET_SELECT || OCTET_SHALLOW
        if WidenedTaps.areHalves {
          return unsafe connectShallow(values, offset, target, from: first)
        }
      #endif
      var index = first
      while index < count {
        // The last four rows overlap those before; of fewer than four each is computed four times.
        let isWhole = count >= 4
        let start = isWhole ? min(index, count &- 4) : index
        var sums = unsafe WidenedTaps.multiplyRows(
          weights + start &* depth, stride: isWhole ? depth : 0, values, count: depth)
        let end = isWhole ? start &+ 4 : index &+ 1
        unsafe finish(&sums, offset, start, index..<end, target)
        index = end
      }
    }

    /// Results of channels `range`; `sums` are those of `start` and the next three.
    @inline(__always)
    private func finish(
      _ sums: inout octet_sums, _ offset: Int32, _ start: Int, _ range: Range<Int>,
      _ target: UnsafeMutablePointer<Int8>
    ) {
      if offset != 0 {
        sums.a &-= offset
        sums.b &-= offset
        sums.c &-= offset
        sums.d &-= offset
      }
      unsafe withUnsafePointer(to: &sums) { sums in
        let sum = unsafe UnsafeRawPointer(sums).assumingMemoryBound(to: Int32.self)
        var index = range.lowerBound
        if WidenedTaps.areHalves, lower == -128, upper == 127 {
          var results = unsafe octet_row_results(
            sum: sum + (index &- start), end: sum + (range.upperBound &- start),
            bias: bias + index, multiplier: multipliers + index, shift: shifts + index,
            to: target + index)
          unsafe octet_requantize_row(&results, 2 &* zeroPoint &+ 1)
          unsafe index = range.upperBound &- (results.end - results.sum)
        }
        while index < range.upperBound {
          unsafe finish(sum[index &- start], index, target)
          index &+= 1
        }
      }
    }

    /// target[`index`] = int8 of a channel's sum and its bias.
    @inline(__always)
    private func finish(_ sum: Int32, _ index: Int, _ target: UnsafeMutablePointer<Int8>) {
      let by = multiplier(index)
      let value = unsafe sum &+ bias[index]
      if let scale = HalvesMultiplier(by) {
        unsafe target[index] = clamp(scale(value) &+ zeroPoint, lower, upper)
      } else if WidenedTaps.areHalves {
        unsafe target[index] = quantizedRarely(value, by)
      } else {
        unsafe target[index] = quantized(value, by)
      }
    }
  }

  // MARK: Rows that are short, with SMLAD: results take as long as products

  #if !OCTET_SELECT || OCTET_SHALLOW
    extension Channels {
      /// The same by fours with their results in one leaf, then by twos.
      @inline(__always)
      private func connectShallow(
        _ values: UnsafePointer<Int8>, _ offset: Int32, _ target: UnsafeMutablePointer<Int8>,
        from first: Int
      ) {
        var index = first
        while index < count {
          if index &+ 4 <= count, depth >= 4 {
            index &+= unsafe connectFours(values, offset, target, index)
            if index == count { return }
          }
          // Of a single row both sums are the same.
          let isPair = index &+ 1 < count
          let sums = unsafe connectTwo(
            weights + index &* depth, stride: isPair ? depth : 0, values)
          unsafe finish(sums.a &- offset, index, target)
          index &+= 1
          if isPair {
            unsafe finish(sums.b &- offset, index, target)
            index &+= 1
          }
        }
      }

      /// Results of fours of channels from `first` on, up to one whose multiplier or shift needs
      /// other steps: how many.
      @inline(__always)
      private func connectFours(
        _ values: UnsafePointer<Int8>, _ offset: Int32, _ target: UnsafeMutablePointer<Int8>,
        _ first: Int
      ) -> Int {
        let rest = depth & 3
        let count = (count &- first) & ~3
        var rows = unsafe octet_connection(
          weights: weights + first &* depth, stride: Int32(truncatingIfNeeded: depth),
          values: values, whole_end: values + (depth &- rest), bias: bias + first,
          multiplier: multipliers + first, shift: shifts + first, to: target + first,
          offset: 2 &* zeroPoint &+ 1, left: Int32(truncatingIfNeeded: count),
          start: 0 &- offset,
          mask: rest == 0 ? 0 : -1 &<< Int32(truncatingIfNeeded: 32 &- 8 &* rest),
          back: Int32(truncatingIfNeeded: 4 &- rest))
        unsafe octet_connect_rows(&rows)
        let done = unsafe count &- Int(rows.left)
        if lower != -128 || upper != 127 {
          for index in first..<first &+ done {
            unsafe target[index] = clamp(Int32(target[index]), lower, upper)
          }
        }
        return done
      }

      /// The sums of two rows of weights, `row` and `stride` behind it.
      @inline(__always)
      private func connectTwo(
        _ row: UnsafePointer<Int8>, stride: Int, _ values: UnsafePointer<Int8>
      ) -> octet_sums {
        var sums = octet_sums()
        let whole = depth & ~3
        if whole > 0 {
          unsafe octet_connect_two(
            &sums, row, Int32(truncatingIfNeeded: stride), values, values + whole)
        }
        var index = whole
        while index < depth {
          let value = unsafe Int32(values[index])
          unsafe sums.a &+= value &* Int32(row[index])
          unsafe sums.b &+= value &* Int32(row[stride &+ index])
          index &+= 1
        }
        return sums
      }
    }
  #endif

  // MARK: Weights of four bits, with SMLAD

  extension FullyConnected {
    /// False, with nothing done, where weights have to be widened before: each value, widened once,
    /// meets three rows of weights as they are. Rows must start with a byte.
    func runNarrow(_ context: OperatorContext) -> Bool {
      let count = (depth &+ 7) & ~7
      guard WidenedTaps.areHalves, depth & 1 == 0, 2 &* count &+ 4 <= view.scratchByteCount else {
        return false
      }
      let values = unsafe context.scratch.assumingMemoryBound(to: Int32.self)
      let channels = Channels(self)
      let step = view.parameter(Word.weightZeroPoint) &+ 8
      for row in 0..<rows {
        let source = unsafe context.input(0) + row &* depth
        let sum = unsafe widen(source, to: values)
        unsafe channels.connectNarrow(
          values, offset: sum &* step,
          context.output(0) + row &* channels.count)
      }
      return true
    }

    /// Widens a row of values: of eight the words (0, 4), (1, 5), (2, 6) and (3, 7), zeros behind
    /// the last and INT32_MIN; their sum.
    @inline(never)
    private func widen(_ source: UnsafePointer<Int8>, to target: UnsafeMutablePointer<Int32>)
      -> Int32
    {
      var to = unsafe target
      var sum: Int32 = 0
      var index = 0
      while index < depth {
        var words: (UInt32, UInt32) = (0, 0)
        for place in 0..<min(8, depth &- index) {
          let value = unsafe source[index &+ place]
          sum &+= Int32(value)
          let bits =
            UInt32(UInt8(bitPattern: value)) &<< UInt32(truncatingIfNeeded: 8 &* (place & 3))
          if place < 4 { words.0 |= bits } else { words.1 |= bits }
        }
        let (evenA, oddA) = (octet_widen_even(words.0), octet_widen_odd(words.0))
        let (evenB, oddB) = (octet_widen_even(words.1), octet_widen_odd(words.1))
        unsafe octet_store_four(
          &to, WidenedTaps.lows(evenA, evenB), WidenedTaps.lows(oddA, oddB),
          WidenedTaps.highs(evenA, evenB), WidenedTaps.highs(oddA, oddB))
        index &+= 8
      }
      unsafe to[0] = .min
      return sum
    }
  }

  extension Channels {
    /// target[c] = int8 of bias[c] − offset + Σₖ (weights[c][k] + 8) · values[k].
    @inline(never)
    fileprivate func connectNarrow(
      _ values: UnsafePointer<Int32>, offset: Int32, _ target: UnsafeMutablePointer<Int8>
    ) {
      let stride = depth &>> 1
      var row = unsafe UnsafeRawPointer(weights).assumingMemoryBound(to: UInt8.self)
      var index = 0
      while index < count {
        // Single rows are computed three times.
        let isWhole = index &+ 3 <= count
        let sums = unsafe octet_multiply_narrow(
          row, isWhole ? Int32(truncatingIfNeeded: stride) : 0, values)
        unsafe finish(sums.a &- offset, index, target)
        if isWhole {
          unsafe finish(sums.b &- offset, index &+ 1, target)
          unsafe finish(sums.c &- offset, index &+ 2, target)
        }
        index &+= isWhole ? 3 : 1
        unsafe row += (isWhole ? 3 : 1) &* stride
      }
    }
  }
#endif
