// Fully connected on ARM cores: which kernel runs.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension FullyConnected {
    func run(_ context: OperatorContext) {
      #if arch(arm64) && !hasFeature(Embedded)
        if context.backend == .portable { return runPortable(context) }
      #endif
      let channels = Channels(self, context)
      let weightZeroPoint = view.parameter(Word.weightZeroPoint)
      for row in 0..<rows {
        let source = unsafe context.input(0) + row &* depth
        let target = unsafe context.output(0) + row &* output.channels
        var offset: Int32 = 0
        if weightZeroPoint != 0 {
          for index in 0..<depth { unsafe offset &+= Int32(source[index]) }
          offset &*= weightZeroPoint
        }
        #if arch(arm64)
          if context.backend == .dotProduct {
            unsafe NEONFullyConnected<DotProducts>(channels, source, offset: offset)(target)
          } else {
            unsafe NEONFullyConnected<LongProducts>(channels, source, offset: offset)(target)
          }
        #else
          #if canImport(COctetKernels.NEON)
            if context.backend != .portable {
              unsafe NEONFullyConnected<LongProducts>(channels, source, offset: offset)(target)
              continue
            }
          #endif
          unsafe connectOnCore(channels, source, offset: offset, target)
        #endif
      }
    }
  }
#else
  extension FullyConnected {
    func run(_ context: OperatorContext) { runPortable(context) }
  }
#endif
