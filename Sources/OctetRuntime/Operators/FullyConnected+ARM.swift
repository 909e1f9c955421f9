// Fully connected on ARM cores: which kernel runs.

#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  internal import COctetKernels

  extension FullyConnected {
    func runBlock(_ context: OperatorContext) {
      #if arch(arm64) && !hasFeature(Embedded)
        if context.backend == .portable { return runPortable(context) }
      #endif
      let channels = Channels(self)
      let weightZeroPoint = view.parameter(Word.weightZeroPoint)
      #if arch(arm) && OCTET_CONNECTED
        let prepared = PreparedLayer(view)
      #endif
      // Rows are counted by where they lie: of one row a division would cost what ten weights do.
      var source = unsafe context.input(0)
      var target = unsafe context.output(0) + channels.first
      let end = unsafe source + input.elementCount
      while unsafe source < end {
        defer {
          unsafe source += channels.depth
          unsafe target += output.channels
        }
        #if arch(arm) && OCTET_CONNECTED
          if let prepared {
            unsafe channels.connect(source, prepared, target)
            continue
          }
        #endif
        var offset: Int32 = 0
        if weightZeroPoint != 0 {
          for index in 0..<channels.depth { unsafe offset &+= Int32(source[index]) }
          offset &*= weightZeroPoint
        }
        unsafe channels.connect(
          source, offset: offset, target, context.backend, addsPairs: context.addsPairs)
      }
    }
  }

  extension Channels {
    /// target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k].
    @inline(__always)
    func connect(
      _ values: UnsafePointer<Int8>, offset: Int32, _ target: UnsafeMutablePointer<Int8>,
      _ backend: Backend, addsPairs: Bool
    ) {
      #if arch(arm64)
        if backend.hasDotProduct {
          return unsafe NEONFullyConnected<DotProducts>(self, values, offset: offset)(target)
        }
      #endif
      #if canImport(COctetKernels.NEON)
        if backend != .portable {
          return addsPairs
            ? unsafe NEONFullyConnected<PairedProducts>(self, values, offset: offset)(target)
            : unsafe NEONFullyConnected<LongProducts>(self, values, offset: offset)(target)
        }
      #endif
      #if canImport(COctetKernels.MVE) || canImport(COctetKernels.RVV)
        unsafe connectOnRows(values, offset: offset, target)
      #elseif arch(arm)
        unsafe connectOnCore(values, offset: offset, target)
      #endif
    }
  }
#else
  extension FullyConnected {
    func runBlock(_ context: OperatorContext) { runPortable(context) }
  }
#endif
