#if canImport(COctetKernels.NEON)
  /// `Channels` for NEON. A copy on purpose: the compiler cannot know that stores to the arena
  /// leave the original be, and would read it again after each.
  @safe struct NEONChannels {
    // Safety: as `Channels`.
    let weights: UnsafePointer<Int8>
    let bias: UnsafePointer<Int32>
    let multipliers: UnsafePointer<Int32>
    let shifts: UnsafePointer<Int8>
    let count: Int
    let depth: Int
    let zeroPoint: SIMD4<Int32>
    let lower: SIMD4<Int32>
    let upper: SIMD4<Int32>
    let range: ResultRange
    /// Whether all shifts are to the right, by one and more.
    let shiftsRight: Bool

    @inline(__always)
    init(_ channels: Channels, shiftsRight: Bool = false) {
      unsafe weights = channels.weights
      unsafe bias = channels.bias
      unsafe multipliers = channels.multipliers
      unsafe shifts = channels.shifts
      count = channels.count
      depth = channels.depth
      zeroPoint = SIMD4(repeating: channels.zeroPoint)
      lower = SIMD4(repeating: channels.lower)
      upper = SIMD4(repeating: channels.upper)
      range = ResultRange(channels.zeroPoint, channels.lower, channels.upper)
      self.shiftsRight = shiftsRight
    }
  }

  extension Channels {
    /// Whether all shifts are to the right, by one and more: nearly every layer's.
    var shiftsRight: Bool {
      for index in 0..<count where unsafe shifts[index] >= 0 { return false }
      return true
    }
  }
#endif
