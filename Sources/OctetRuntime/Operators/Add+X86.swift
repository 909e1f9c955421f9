// Addition for AVX2 and AVX-512: see x86_elementwise.h.
#if arch(x86_64) && !hasFeature(Embedded)
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
        first.hasSameShape(as: second), !first.isConstant, !second.isConstant
      else { return nil }
      var layer = octet_x86_layer()
      layer.kind = Int64(OCTET_X86_ADD)
      layer.input = Int64(first.dataOffset)
      layer.input_b = Int64(second.dataOffset)
      layer.output = Int64(broadcast.output.dataOffset)
      layer.row_count = Int32(broadcast.output.elementCount)
      layer.left_shift = leftShift
      layer.lower = view.parameter(Word.lower)
      layer.upper = view.parameter(Word.upper)
      layer.is_rectified = layer.lower >= broadcast.output.zeroPoint ? 1 : 0
      return workspace.addAddition(layer, by: by, zeroPoint: broadcast.output.zeroPoint) { value in
        requantize((value &- second.zeroPoint) &<< leftShift, byOther)
          &- first.zeroPoint &<< (leftShift &- 1)
      }
    }
  }

  extension X86Workspace {
    /// A layer of an addition, with `table` of each int8 of the second input.
    fileprivate mutating func addAddition(
      _ layer: octet_x86_layer, by: FixedPointMultiplier, zeroPoint: Int32,
      table: (Int32) -> Int32
    ) -> Int {
      let place = reserve(MemoryLayout<octet_x86_layer>.size)
      let constants = reserve(OCTET_X86_CONSTANTS &* vectorByteCount)
      let tableOffset = reserve(4 &* 256)
      guard let base = unsafe base else { return place }
      for lane in 0..<lanes {
        writeConstants(at: constants, lane: lane, bias: 0, by: by, zeroPoint)
      }
      let bytes = unsafe (base + tableOffset).assumingMemoryBound(to: UInt8.self)
      for index in 0..<256 {
        let value = table(Int32(Int8(truncatingIfNeeded: index)))
        for byte in 0..<4 {
          // AVX-512 looks up one byte of the values after the other.
          let position = backend == .avx2 ? 4 &* index &+ byte : 256 &* byte &+ index
          unsafe bytes[position] = UInt8(truncatingIfNeeded: value &>> Int32(8 &* byte))
        }
      }
      var layer = layer
      layer.constants = Int64(constants &- place)
      layer.weights = Int64(tableOffset &- place)
      unsafe base.storeBytes(of: layer, toByteOffset: place, as: octet_x86_layer.self)
      return place
    }
  }
#endif
