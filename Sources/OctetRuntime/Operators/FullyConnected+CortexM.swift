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
        // Single rows are computed four times.
        let end = index &+ 4 <= count ? index &+ 4 : index &+ 1
        var sums = unsafe Taps.multiplyRows(
          weights + index &* depth, stride: end &- index == 4 ? depth : 0, values, count: depth)
        unsafe withUnsafePointer(to: &sums) { start in
          var sum = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: Int32.self)
          repeat {
            let by = multiplier(index)
            let value = unsafe sum[0] &+ bias[index] &- offset
            if let scale = HalvesMultiplier(by) {
              unsafe target[index] = clamp(scale(value) &+ zeroPoint, lower, upper)
            } else if Taps.areHalves {
              unsafe target[index] = quantizedRarely(value, by)
            } else {
              unsafe target[index] = quantized(value, by)
            }
            unsafe sum += 1
            index &+= 1
          } while index < end
        }
      }
    }
  }
#endif
