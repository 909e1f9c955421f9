// Fully connected on ARM cores without vectors: four rows of weights at a time.

#if arch(arm)
  internal import COctetKernels

  extension Channels {
    /// target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k].
    @inline(__always)
    func connectOnCore(
      _ values: UnsafePointer<Int8>, offset: Int32, _ target: UnsafeMutablePointer<Int8>
    ) {
      var index = 0
      while index < count {
        let isWhole = index &+ 4 <= count
        // A single row is computed four times.
        let sums = unsafe Taps.multiplyRows(
          weights + index &* depth, stride: isWhole ? depth : 0, values, count: depth)
        store(sums.a)
        if isWhole {
          store(sums.b)
          store(sums.c)
          store(sums.d)
        }
      }

      func store(_ sum: Int32) {
        unsafe target[index] = quantized(
          sum &+ bias[index] &- offset, multiplier(index))
        index &+= 1
      }
    }
  }
#endif
