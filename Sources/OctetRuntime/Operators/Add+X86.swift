// Addition for AVX2 and AVX-512: see x86_elementwise.h.
#if arch(x86_64) && !hasFeature(Embedded)
  internal import COctetKernels

  extension Add {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let broadcast = sum.broadcast
      let view = broadcast.view
      let by = [
        view.multiplier(Word.multiplierA, shift: Word.shiftA),
        view.multiplier(Word.multiplierB, shift: Word.shiftB),
        view.multiplier(Word.multiplier, shift: Word.shift),
      ]
      guard broadcast.a.hasSameShape(as: broadcast.b), !broadcast.a.isConstant,
        !broadcast.b.isConstant, by.allSatisfy({ $0.shift <= 0 })
      else { return nil }
      let leftShift = view.parameter(Word.leftShift)
      var layer = octet_x86_layer()
      layer.kind = Int64(OCTET_X86_ADD)
      layer.input = Int64(broadcast.a.dataOffset)
      layer.input_b = Int64(broadcast.b.dataOffset)
      layer.output = Int64(broadcast.output.dataOffset)
      layer.row_count = Int32(broadcast.output.elementCount)
      layer.padding = broadcast.a.zeroPoint
      layer.padding_b = broadcast.b.zeroPoint
      layer.left_shift = leftShift
      layer.halved_a = isHalf(by[0], leftShift) ? 1 : 0
      layer.halved_b = isHalf(by[1], leftShift) ? 1 : 0
      layer.lower = view.parameter(Word.lower)
      layer.upper = view.parameter(Word.upper)
      return workspace.add(layer, by, zeroPoints: [0, 0, broadcast.output.zeroPoint])
    }

    /// Whether halving `x · 2^leftShift` is exact: the multiplier of the input of larger scale.
    private func isHalf(_ by: FixedPointMultiplier, _ leftShift: Int32) -> Bool {
      by.multiplier == 1 << 30 && by.shift == 0 && leftShift > 0
    }
  }

  extension X86Workspace {
    /// A layer that requantizes all its elements alike.
    mutating func add(
      _ layer: octet_x86_layer, _ by: [FixedPointMultiplier], zeroPoints: [Int32]
    ) -> Int {
      let place = reserve(MemoryLayout<octet_x86_layer>.size)
      let byteCount = OCTET_X86_CONSTANTS &* vectorByteCount
      let constants = reserve(by.count &* byteCount)
      guard let base = unsafe base else { return place }
      for index in by.indices {
        for lane in 0..<lanes {
          writeConstants(
            at: constants &+ index &* byteCount, lane: lane, bias: 0, by: by[index],
            zeroPoints[index])
        }
      }
      var layer = layer
      layer.constants = Int64(constants &- place)
      unsafe base.storeBytes(of: layer, toByteOffset: place, as: octet_x86_layer.self)
      return place
    }
  }
#endif
