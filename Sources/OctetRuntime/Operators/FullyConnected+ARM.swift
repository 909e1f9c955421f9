// Fully connected layers: which kernel runs.

internal import COctetKernels

extension Channels {
  /// target[c] = int8 of bias[c] + Σₖ (weights[c][k] − `weightZeroPoint`) · values[k].
  @inline(__always)
  func connect(
    _ values: UnsafePointer<Int8>, weightZeroPoint: Int32, _ target: UnsafeMutablePointer<Int8>,
    _ backend: Backend
  ) {
    #if arch(arm) || arch(arm64)
      #if arch(arm64) && !hasFeature(Embedded)
        if backend == .portable {
          return unsafe connectPortable(values, weightZeroPoint: weightZeroPoint, target)
        }
      #endif
      var offset: Int32 = 0
      if weightZeroPoint != 0 {
        for index in 0..<depth { unsafe offset &+= Int32(values[index]) }
        offset &*= weightZeroPoint
      }
      #if arch(arm64)
        if backend == .dotProduct {
          unsafe NEONFullyConnected<DotProducts>(self, values, offset: offset)(target)
        } else {
          unsafe NEONFullyConnected<LongProducts>(self, values, offset: offset)(target)
        }
      #else
        #if canImport(COctetKernels.NEON)
          if backend != .portable {
            unsafe NEONFullyConnected<LongProducts>(self, values, offset: offset)(target)
            return
          }
        #endif
        unsafe connectOnCore(values, offset: offset, target)
      #endif
    #else
      unsafe connectPortable(values, weightZeroPoint: weightZeroPoint, target)
    #endif
  }
}
