// Fully connected on ARM cores, with the C kernels of arm_core.c and arm_neon.c.

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
        var cChannels = unsafe octet_channels(channels)
        #if arch(arm64)
          if context.backend == .dotProduct {
            unsafe octet_dot_connect(&cChannels, source, offset, target)
          } else {
            unsafe octet_neon_connect(&cChannels, source, offset, target)
          }
        #else
          if octet_may_have_neon(), context.backend != .portable {
            unsafe octet_neon_connect(&cChannels, source, offset, target)
          } else {
            unsafe connectOnCore(channels, source, offset: offset, target)
          }
        #endif
      }
    }
  }
#else
  extension FullyConnected {
    func run(_ context: OperatorContext) { runPortable(context) }
  }
#endif
