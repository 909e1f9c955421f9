// Layers of int16 activations for AVX2 and AVX-512 VNNI: see x86_int16.h.
#if arch(x86_64)
  internal import COctetKernels

  extension Convolution16 {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      guard !input.isConstant, groups == 1 else { return nil }
      workspace.isInt16 = true
      let weighted = Weighted16(view, first: Word.sumsNarrowly)
      return workspace.addConvolution(
        view, rows: X86Axis(rows), columns: X86Axis(columns), X86Parameters(weighted),
        channelStride: patchCount, weightStride: 1, lower: weighted.lower, upper: weighted.upper)
    }
  }

  extension DepthwiseConvolution16 {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      workspace.isInt16 = true
      let weighted = Weighted16(view, first: Word.sumsNarrowly)
      return workspace.addDepthwise(
        view, X86Axis(rows), X86Axis(columns), X86Parameters(weighted), lower: weighted.lower,
        upper: weighted.upper)
    }
  }

  /// A convolution of 1 × 1, each row a pixel.
  extension FullyConnected16 {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      guard !input.isConstant else { return nil }
      workspace.isInt16 = true
      let weighted = Weighted16(view, first: Word.sumsNarrowly)
      return workspace.addConvolution(
        view, batch: 1, rows: X86Axis(input: 1, output: 1),
        columns: X86Axis(input: rows, output: rows), X86Parameters(weighted),
        channelStride: depth, weightStride: 1, lower: weighted.lower, upper: weighted.upper)
    }
  }

  extension X86Parameters {
    /// Whether all multipliers have 15 bits, as TensorFlow Lite makes them for sums of 64.
    var hasShortMultipliers: Bool {
      for channel in 0..<period where multiplier(channel).multiplier & 0xFFFF != 0 { return false }
      return true
    }
  }

  extension X86Workspace {
    /// Words of a patch whose products 32 bits hold, of any input: all of `count`, or 240 products
    /// below 2²², which are whole words in threes and in parts.
    func runWordCount(_ patch: X86Patch, _ parameters: X86Parameters, of count: Int) -> Int {
      for channel in 0..<parameters.period
      where weightSum(patch, parameters, channel) >= 1 << 16 {
        return 120
      }
      return count
    }

    /// Writes a lane of the constants of sums of 64 bits; see octet_x86.h. No channel: a lane that
    /// is not stored.
    func writeLongConstants(
      _ parameters: X86Parameters, _ channel: Int?, at offset: Int, lane: Int
    ) {
      guard let base = unsafe base else { return }
      let start = unsafe base + offset
      let by = channel.map { parameters.multiplier($0) }
      let exponent = 15 &- (by?.shift ?? 0)
      func store(_ row: Int, _ value: Int64) {
        unsafe start.storeBytes(
          of: value, toByteOffset: (row &+ lane & 1) &* vectorByteCount &+ lane / 2 &* 8,
          as: Int64.self)
      }
      unsafe start.storeBytes(
        of: 0, toByteOffset: OCTET_X86_BIAS &* vectorByteCount &+ 4 &* lane, as: Int32.self)
      store(OCTET_X86_LONG_BIAS, channel.map { parameters.longBias($0) } ?? 0)
      store(OCTET_X86_LONG_MULTIPLIER, Int64((by?.multiplier ?? 0) &>> 16))
      store(OCTET_X86_LONG_HALF, 1 &<< Int64(exponent &- 1))
      store(OCTET_X86_LONG_SHIFT, Int64(exponent))
    }
  }
#endif
