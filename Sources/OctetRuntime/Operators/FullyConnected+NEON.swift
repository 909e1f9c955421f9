// Fully connected with NEON.
//
//     for each four channels c, and then for each one:
//       target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k]

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  @safe struct NEONFullyConnected<By: Products> {
    // Safety: the operator was validated, so every pointer has what is read and written behind it;
    // 16 bytes end every blob's weights.
    private let channels: NEONChannels
    /// `[depth]`.
    private let values: UnsafePointer<Int8>
    private let depth: Int
    private let offset: SIMD4<Int32>
    /// The values after the last 16, and zeros: the arena may end after them.
    private var tail = SIMD16<Int8>()

    @inline(__always)
    init(_ channels: Channels, _ values: UnsafePointer<Int8>, offset: Int32) {
      self.channels = NEONChannels(channels)
      unsafe self.values = values
      self.offset = SIMD4(repeating: offset)
      depth = channels.depth
      for k in depth & ~15..<depth { tail[k & 15] = unsafe values[k] }
    }

    /// Computes all channels.
    @inline(__always)
    func callAsFunction(_ target: UnsafeMutablePointer<Int8>) {
      let count = channels.count
      var index = 0
      while index &+ 4 <= count {
        let constants = RowConstants<FourRows<By>>(channels, index)
        let sums = unsafe four(channels.weights + index &* depth)
        unsafe FourRows<By>.store(bytes: constants(sums &- offset), target + index)
        index &+= 4
      }
      while index < count {
        let constants = RowConstants<OneRow<By>>(channels, index)
        let sum = unsafe one(channels.weights + index &* depth)
        unsafe OneRow<By>.store(bytes: constants(sum &- offset), target + index)
        index &+= 1
      }
    }

    /// The sums of four rows, which are here the patches that the values are multiplied with.
    @inline(__always)
    private func four(_ first: UnsafePointer<Int8>) -> SIMD4<Int32> {
      let third = unsafe first + 2 &* depth
      var rows = unsafe Four(a: first, b: first + depth, c: third, d: third + depth)
      var sums = unsafe OneRow<By>(values, depth: depth)
      for _ in 0..<depth &>> 5 {
        let (low, high) = unsafe rows.nextTwo()
        sums.add(low, high)
      }
      if depth & 16 != 0 { sums.add(unsafe rows.next()) }
      if depth & 15 != 0 { sums.add(tail, unsafe rows.next()) }
      return sums.transposed
    }

    /// The sum of one row, in the first lane.
    @inline(__always)
    private func one(_ first: UnsafePointer<Int8>) -> SIMD4<Int32> {
      var row = unsafe first
      var source = unsafe values
      var sum = SIMD4<Int32>()
      for _ in 0..<depth &>> 4 {
        sum = By.add(sum, unsafe loadNext(&row), unsafe loadNext(&source))
      }
      if depth & 15 != 0 { sum = By.add(sum, unsafe loadNext(&row), tail) }
      return OneRow<By>.gathered(sum)
    }
  }
#endif
