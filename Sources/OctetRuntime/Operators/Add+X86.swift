// Addition for AVX2 and AVX-512: see x86_layer.h.
#if arch(x86_64)
  internal import COctetKernels

  extension Add {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let broadcast = sum.broadcast
      let view = broadcast.view
      let leftShift = view.parameter(Word.leftShift)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      // The multiplier of the input of larger scale is 1/2, and halving x · 2^leftShift is exact.
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      let (first, second, byOther) =
        byA == half ? (broadcast.a, broadcast.b, byB) : (broadcast.b, broadcast.a, byA)
      guard byA == half || byB == half, leftShift > 0, by.shift <= 0,
        byOther.shift <= 0, leftShift &+ byOther.shift >= 9, first.hasSameShape(as: second),
        !first.isConstant, !second.isConstant
      else { return nil }
      var layer = X86Layer()
      layer.kind = .addition
      layer.isAVX2 = workspace.backend == .avx2
      layer.input = first.dataOffset
      layer.secondInput = second.dataOffset
      layer.output = broadcast.output.dataOffset
      layer.kernel.row_count = Int32(broadcast.output.elementCount)
      layer.kernel.left_shift = leftShift
      layer.kernel.lower = view.parameter(Word.lower)
      layer.kernel.upper = view.parameter(Word.upper)
      layer.kernel.is_rectified = layer.kernel.lower >= broadcast.output.zeroPoint ? 1 : 0
      let place = workspace.reserve(MemoryLayout<X86Layer>.size)
      let constants = workspace.reserve(
        OCTET_X86_ADDITION_CONSTANTS &* workspace.vectorByteCount)
      layer.constants = constants &- place
      for lane in 0..<workspace.lanes {
        workspace.writeConstants(
          at: constants, lane: lane, bias: 0 &- first.zeroPoint &<< (leftShift &- 1), by: by,
          broadcast.output.zeroPoint)
      }
      workspace.writeAddend(
        at: constants, zeroPoint: second.zeroPoint, by: byOther, leftShift: leftShift)
      unsafe workspace.base?.storeBytes(of: layer, toByteOffset: place, as: X86Layer.self)
      return place
    }
  }

  extension X86Workspace {
    /// How the second input is multiplied in 32 bits, see octet_x86.h: its distance from the zero
    /// point is below 2⁸, so a shift of at most 22 leaves room for the product's low part.
    fileprivate func writeAddend(
      at offset: Int, zeroPoint: Int32, by: FixedPointMultiplier, leftShift: Int32
    ) {
      guard let base = unsafe base else { return }
      let words = unsafe (base + offset).assumingMemoryBound(to: Int32.self)
      func store(_ row: Int, _ value: Int32) {
        for lane in 0..<lanes { unsafe words[row &* lanes &+ lane] = value }
      }
      let shift = 31 &- by.shift &- leftShift
      let isShifted = by.shift < 0
      let high = by.multiplier &>> shift
      store(OCTET_X86_ADDEND_ZERO, zeroPoint)
      store(OCTET_X86_ADDEND_HIGH, high)
      store(OCTET_X86_ADDEND_LOW, by.multiplier &- high &<< shift)
      store(
        OCTET_X86_ADDEND_OFFSET,
        1 &<< (30 &- leftShift) &+ (isShifted ? 1 &<< (shift &- 1) : 0))
      store(OCTET_X86_ADDEND_TIE, isShifted ? 1 &<< (31 &- leftShift) : 0)
      store(OCTET_X86_ADDEND_SHIFT, shift)
    }
  }
#endif
