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
      var index = first
      while index < count {
        // Single rows are computed four times.
        let isWhole = index &+ 4 <= count
        let sums = unsafe WidenedTaps.multiplyRows(
          weights + index &* depth, stride: isWhole ? depth : 0, values, count: depth)
        store(sums.a)
        if isWhole {
          store(sums.b)
          store(sums.c)
          store(sums.d)
        }
      }

      func store(_ sum: Int32) {
        let by = multiplier(index)
        let value = unsafe sum &+ bias[index] &- offset
        if let scale = HalvesMultiplier(by) {
          unsafe target[index] = clamp(scale(value) &+ zeroPoint, lower, upper)
        } else if WidenedTaps.areHalves {
          unsafe target[index] = quantizedRarely(value, by)
        } else {
          unsafe target[index] = quantized(value, by)
        }
        index &+= 1
      }
    }
  }
#endif
