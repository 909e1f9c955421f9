// Fully connected on ARM cores without vectors: four rows of weights at a time.

#if arch(arm)
  internal import COctetKernels

  extension FullyConnected {
    /// target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k].
    @inline(__always)
    func connectOnCore(
      _ channels: Channels, _ values: UnsafePointer<Int8>, offset: Int32,
      _ target: UnsafeMutablePointer<Int8>
    ) {
      let depth = channels.depth
      var index = 0
      while index < channels.count {
        let isWhole = index &+ 4 <= channels.count
        // A single row is computed four times.
        let sums = unsafe Taps.multiplyRows(
          channels.weights + index &* depth, stride: isWhole ? depth : 0, values, count: depth)
        store(sums.a)
        if isWhole {
          store(sums.b)
          store(sums.c)
          store(sums.d)
        }
      }

      func store(_ sum: Int32) {
        unsafe target[index] = channels.quantized(
          sum &+ channels.bias[index] &- offset, channels.multiplier(index))
        index &+= 1
      }
    }
  }
#endif
