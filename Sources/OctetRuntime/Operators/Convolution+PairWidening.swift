// Patches of two pixels, as prepared weights meet them: see PreparedTaps.

#if OCTET_WIDENED || OCTET_RECTIFIED || OCTET_SUMMED || OCTET_PAIRED
  internal import COctetKernels

  struct PairWidening {
    private let rowCount: Int
    /// Fours of a run, and values that are left of it.
    private let fourCount: Int
    private let looseCount: Int
    /// Words before those.
    private let looseStart: Int
    /// Taps with zeros between, a multiple of 4: words of two patches.
    let count: Int

    init(_ layer: Convolution) {
      let order = PreparedTaps(layer)
      rowCount = layer.word(Convolution.Word.kernelHeight)
      fourCount = order.fourCount
      looseCount = order.looseCount
      looseStart = 4 &* order.runCount &* order.fourCount
      count = order.count
    }

    /// Widens the patches at `a` and `b` to `widened`, `[count]` words. What is read beyond a run
    /// has weights of zero.
    @inline(__always)
    func widen(
      _ patches: inout Patches, _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>,
      _ widened: UnsafeMutablePointer<Int32>
    ) {
      var to = unsafe widened
      let beside = unsafe b - a
      var row = unsafe a
      var loose = unsafe UnsafeMutableRawPointer(widened + looseStart)
      var looseStep = 2
      var rowsLeft = rowCount
      repeat {
        var from = unsafe row
        #if !OCTET_SELECT || OCTET_TAPRUNS
          var run = unsafe row
          for _ in 1..<patches.runsPerRow {
            unsafe widenRun(from, beside, &to, &loose, &looseStep)
            unsafe run += patches.runStep
            unsafe from = run
          }
        #endif
        unsafe widenRun(from, beside, &to, &loose, &looseStep)
        unsafe row += patches.kernelRowStep
        rowsLeft &-= 1
      } while rowsLeft > 0
    }

    /// Widens a run: its fours to `to`, and what is left of it to `loose`, where a word has two
    /// and those of both patches take turns.
    @inline(__always)
    private func widenRun(
      _ run: UnsafePointer<Int8>, _ beside: Int, _ to: inout UnsafeMutablePointer<Int32>,
      _ loose: inout UnsafeMutableRawPointer, _ looseStep: inout Int
    ) {
      var from = unsafe run
      let end = unsafe to + 4 &* fourCount
      while unsafe to < end {
        let x = unsafe UnsafeRawPointer(from).loadUnaligned(as: UInt32.self)
        let y = unsafe UnsafeRawPointer(from + beside).loadUnaligned(as: UInt32.self)
        unsafe to[0] = octet_widen_even(x)
        unsafe to[1] = octet_widen_even(y)
        unsafe to[2] = octet_widen_odd(x)
        unsafe to[3] = octet_widen_odd(y)
        unsafe to += 4
        unsafe from += 4
      }
      var left = looseCount
      while left > 0 {
        unsafe loose.storeBytes(of: Int16(from[0]), as: Int16.self)
        unsafe loose.storeBytes(of: Int16(from[beside]), toByteOffset: 4, as: Int16.self)
        unsafe loose += looseStep
        looseStep ^= 4
        unsafe from += 1
        left &-= 1
      }
    }
  }
#endif
