// Fully connected with NEON: four channels at a time.
//
//     target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k]

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension FullyConnected {
    @inline(__always)
    static func connect<By: Products>(
      _ products: By.Type, _ channels: octet_channels, _ values: UnsafePointer<Int8>,
      offset: Int32, _ target: UnsafeMutablePointer<Int8>
    ) {
      let depth = Int(unsafe channels.depth)
      let count = Int(unsafe channels.channels)
      // The values after the last 16, and zeros: the arena may end after them.
      var tail = SIMD16<Int8>()
      for k in depth & ~15..<depth { tail[k & 15] = unsafe values[k] }
      var index = 0
      while index < count {
        let first = unsafe channels.weights + index &* depth
        // The last channel again, where there are fewer.
        let last = min(count &- index, 4) &- 1
        var rows = unsafe Four(
          a: first, b: first + min(last, 1) &* depth, c: first + min(last, 2) &* depth,
          d: first + last &* depth)
        var sums = unsafe OneRow<By>(values, depth: depth)
        for _ in 0..<depth &>> 4 { sums.add(unsafe rows.next()) }
        if depth & 15 != 0 { sums.add(tail, unsafe rows.next()) }
        let sum = sums.transposed &- SIMD4(repeating: offset)
        if last == 3 {
          let finished = unsafe RowConstants<FourRows<By>>(channels, index)
          unsafe FourRows<By>.store(bytes: finished(sum), target + index)
        } else {
          for lane in 0...last {
            let finished = unsafe RowConstants<OneRow<By>>(channels, index &+ lane)
            unsafe OneRow<By>.store(
              bytes: finished(SIMD4(repeating: sum[lane])), target + (index &+ lane))
          }
        }
        index &+= 4
      }
    }
  }
#endif
