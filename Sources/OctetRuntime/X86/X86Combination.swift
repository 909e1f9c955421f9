// Sums, differences and products of two inputs for AVX2 and AVX-512: see x86_layer.h.
#if arch(x86_64)
  internal import COctetKernels

  extension Add {
    func prepare(_ workspace: inout X86Workspace) -> Int? { sum.prepare(&workspace, sign: 1) }
  }

  extension Subtract {
    func prepare(_ workspace: inout X86Workspace) -> Int? { sum.prepare(&workspace, sign: -1) }
  }

  extension Multiply {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      // |product| < 2¹⁶ is doubled and shifted.
      guard by.shift <= 14,
        var layer = X86Layer(broadcast, isSwapped: false, &workspace)
      else { return nil }
      layer.limit(to: view.parameter(Word.lower)...view.parameter(Word.upper))
      layer.kernel.is_product = 1
      return workspace.add(layer, broadcast, isSwapped: false) { workspace, constants in
        for lane in 0..<workspace.lanes {
          workspace.writeConstants(
            at: constants, lane: lane, bias: 0, by: by, broadcast.output.zeroPoint)
        }
        workspace.fill(constants, OCTET_X86_FIRST_ZERO, broadcast.a.zeroPoint)
        workspace.fill(constants, OCTET_X86_SECOND_ZERO, broadcast.b.zeroPoint)
      }
    }
  }

  extension ScaledSum {
    /// a + sign · b.
    fileprivate func prepare(_ workspace: inout X86Workspace, sign: Int32) -> Int? {
      let leftShift = view.parameter(Word.leftShift)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      // The multiplier of the input of larger scale is 1/2, and halving x · 2^leftShift is exact.
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      let isSwapped = byA != half
      let (first, second) = isSwapped ? (broadcast.b, broadcast.a) : (broadcast.a, broadcast.b)
      let byOther = isSwapped ? byA : byB
      guard byA == half || byB == half, leftShift > 0, by.shift <= 0,
        byOther.shift <= 0, leftShift &+ byOther.shift >= 9,
        var layer = X86Layer(broadcast, isSwapped: isSwapped, &workspace)
      else { return nil }
      layer.limit(to: view.parameter(Word.lower)...view.parameter(Word.upper))
      let signs = isSwapped ? (sign, 1) : (1, sign)
      let terms = X86Terms(
        zeroPoints: (first.zeroPoint, second.zeroPoint, broadcast.output.zeroPoint), signs: signs,
        by: by, byOther: byOther, leftShift: leftShift)
      return workspace.add(layer, broadcast, isSwapped: isSwapped) { workspace, constants in
        terms.write(workspace, at: constants)
      }
    }
  }

  /// A sum or difference, of which the first input's multiplier is 1/2.
  private struct X86Terms {
    /// Those of the two inputs and of the output.
    let zeroPoints: (Int32, Int32, Int32)
    let signs: (Int32, Int32)
    let by: FixedPointMultiplier
    let byOther: FixedPointMultiplier
    let leftShift: Int32

    func write(_ workspace: X86Workspace, at offset: Int) {
      let factor = signs.0 &* 1 &<< (leftShift &- 1)
      for lane in 0..<workspace.lanes {
        workspace.writeConstants(
          at: offset, lane: lane, bias: 0 &- zeroPoints.0 &* factor, by: by, zeroPoints.2)
      }
      workspace.fill(offset, OCTET_X86_FIRST_FACTOR, factor)
      workspace.fill(offset, OCTET_X86_SECOND_ZERO, zeroPoints.1)
      // How the second input is multiplied in 32 bits, see octet_x86.h: its distance from the zero
      // point is below 2⁸, so a shift of at most 22 leaves room for the product's low part.
      let shift = 31 &- byOther.shift &- leftShift
      let isShifted = byOther.shift < 0
      let high = byOther.multiplier &>> shift
      workspace.fill(offset, OCTET_X86_ADDEND_HIGH, high)
      workspace.fill(offset, OCTET_X86_ADDEND_LOW, byOther.multiplier &- high &<< shift)
      workspace.fill(
        offset, OCTET_X86_ADDEND_OFFSET,
        1 &<< (30 &- leftShift) &+ (isShifted ? 1 &<< (shift &- 1) : 0))
      workspace.fill(offset, OCTET_X86_ADDEND_TIE, isShifted ? 1 &<< (31 &- leftShift) : 0)
      workspace.fill(offset, OCTET_X86_ADDEND_SHIFT, shift)
      workspace.fill(offset, OCTET_X86_ADDEND_SIGN, signs.1 &>> 31)
      writeFast(workspace, at: offset)
    }

    /// The sum with one rounding, and how far it may then be from the law's.
    private func writeFast(_ workspace: X86Workspace, at offset: Int) {
      func real(_ by: FixedPointMultiplier) -> Double {
        Double(sign: .plus, exponent: Int(by.shift) - 31, significand: Double(by.multiplier))
      }
      let unit = real(by)
      let input = Double(sign: .plus, exponent: Int(leftShift), significand: unit)
      let first = 0.5 * input * Double(signs.0)
      let second = real(byOther) * input * Double(signs.1)
      // The fraction's bits are as many as keep every sum below 2³⁰.
      let most = 255 * (first.magnitude + second.magnitude) + 256
      let bits = min(24, 30 - max(0, Int(most.exponent) + 1))
      let one = Double(sign: .plus, exponent: bits, significand: 1)
      // Roundings: of the factors, of what they multiply and of HALF; the second input's two, each
      // of half a unit; and between the two of the result.
      let last = by.shift < 0 ? Double(sign: .plus, exponent: Int(by.shift) - 1, significand: 1) : 0
      let error = 131 + one * (unit + last)
      let window = 1 << (min(24, Int(error.exponent)) + 1)
      let isWorthwhile = bits > 3 && 8 * window <= 1 << bits
      func fill(_ row: Int, _ value: Double) {
        workspace.fill(offset, row, isWorthwhile ? Int32(value < 0 ? value - 0.5 : value + 0.5) : 0)
      }
      fill(OCTET_X86_FIRST, first * one)
      fill(OCTET_X86_SECOND, second * one)
      let zero =
        Double(zeroPoints.2) + 0.5 - first * Double(zeroPoints.0) - second * Double(zeroPoints.1)
      fill(OCTET_X86_HALF, zero * one + Double(window))
      fill(OCTET_X86_FRACTION, Double(bits))
      // Without, every sum is near.
      fill(OCTET_X86_NEAR, one - Double(2 * window))
    }
  }

  extension X86Layer {
    /// Rows of two inputs, of which one has the output's shape, and the other as well or one value
    /// for each channel; nil for other shapes.
    fileprivate init?(_ broadcast: Broadcast, isSwapped: Bool, _ workspace: inout X86Workspace) {
      let (first, second) = isSwapped ? (broadcast.b, broadcast.a) : (broadcast.a, broadcast.b)
      let output = broadcast.output
      let channels = output.channels
      func isWhole(_ tensor: TensorRecord) -> Bool { tensor.hasSameShape(as: output) }
      func isRow(_ tensor: TensorRecord) -> Bool {
        tensor.channels == channels && tensor.elementCount == channels
      }
      let isOneRow = isWhole(first) && isWhole(second)
      guard isWhole(first) || isRow(first), isWhole(second) || isRow(second),
        isWhole(first) || isWhole(second)
      else { return nil }
      self.init()
      kind = .combination
      isAVX2 = workspace.backend == .avx2
      self.output = output.dataOffset
      kernel.row_count = Int32(isOneRow ? output.elementCount : channels)
      kernel.height = Int32(output.elementCount) / kernel.row_count
      kernel.horizontal_step = isWhole(first) ? kernel.row_count : 0
      kernel.vertical_step = isWhole(second) ? kernel.row_count : 0
    }

    /// Combines the layer's inputs.
    func combine(_ place: UnsafeRawPointer, _ arena: UnsafeMutablePointer<Int8>) {
      let core = unsafe place.assumingMemoryBound(to: octet_x86_layer.self)
      let values = unsafe place.assumingMemoryBound(to: Int8.self)
      let first = unsafe input < 0 ? values + ~input : UnsafePointer(arena + input)
      let second =
        unsafe secondInput < 0 ? values + ~secondInput : UnsafePointer(arena + secondInput)
      isAVX2
        ? unsafe octet_combine_avx2(core, place + constants, first, second, arena + output)
        : unsafe octet_combine_avx512vnni(core, place + constants, first, second, arena + output)
    }
  }

  extension X86Workspace {
    /// Writes the layer with its inputs, and the constants that `write` writes.
    fileprivate mutating func add(
      _ layer: X86Layer, _ broadcast: Broadcast, isSwapped: Bool,
      _ write: (X86Workspace, Int) -> Void
    ) -> Int {
      var layer = layer
      let place = reserve(MemoryLayout<X86Layer>.size)
      let constants = reserve(OCTET_X86_COMBINED_CONSTANTS &* vectorByteCount)
      layer.constants = constants &- place
      let first = isSwapped ? broadcast.b : broadcast.a
      let second = isSwapped ? broadcast.a : broadcast.b
      layer.input = source(first, from: place)
      layer.secondInput = source(second, from: place)
      if unsafe base != nil {
        for row in 0..<OCTET_X86_COMBINED_CONSTANTS { fill(constants, row, 0) }
        write(self, constants)
      }
      unsafe base?.storeBytes(of: layer, toByteOffset: place, as: X86Layer.self)
      return place
    }

    /// Where the layer at `place` finds the tensor: see `X86Layer.input`.
    private mutating func source(_ tensor: TensorRecord, from place: Int) -> Int {
      guard tensor.isConstant else { return tensor.dataOffset }
      let copy = reserve(tensor.byteCount)
      if let base = unsafe base {
        unsafe (base + copy).copyMemory(
          from: tensor.blob.pointer(tensor.dataOffset), byteCount: tensor.byteCount)
      }
      return ~(copy &- place)
    }

    /// Writes `value` to all lanes of a row of constants.
    fileprivate func fill(_ offset: Int, _ row: Int, _ value: Int32) {
      guard let base = unsafe base else { return }
      let words = unsafe (base + offset).assumingMemoryBound(to: Int32.self)
      for lane in 0..<lanes { unsafe words[row &* lanes &+ lane] = value }
    }
  }
#endif
