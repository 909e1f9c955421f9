extension ThumbCode.Instruction {
  /// What instructions have in common that take the same time.
  package enum Kind: Equatable {
    case load, store
    /// LDR of the program counter.
    case loadCounter
    /// Load or store of `count` registers at once; `jumps` when it loads the program counter.
    case transfer(count: Int, jumps: Bool)
    /// Jump with or without a condition, to an address or to what a register says.
    case branch
    case call
    case tableBranch
    case multiplyAdd, longMultiply, longMultiplyAdd
    case divide, floatDivide
    /// Special registers and barriers.
    case system
    case other
  }

  package var kind: Kind { isWide ? wideKind(word >> 16, word & 0xFFFF) : narrowKind }

  /// A5.2 of the Armv7-M manual.
  private var narrowKind: Kind {
    let registers = Int((word & 0xFF).nonzeroBitCount)
    let isLinked = word & 0x100 != 0
    switch word >> 11 {
    case 0b01000:
      // Special data instructions: BX, BLX; ADD and MOV to the program counter.
      if word & 0xFF00 == 0x4700 { return .branch }
      let target = word >> 4 & 8 | word & 7
      let isMoveOrAdd = word & 0xFF00 == 0x4600 || word & 0xFF00 == 0x4400
      return isMoveOrAdd && target == 15 ? .branch : .other
    case 0b01001: return .load
    case 0b01010, 0b01011: return word >> 9 & 7 < 3 ? .store : .load
    case 0b01100, 0b01110, 0b10000, 0b10010: return .store
    case 0b01101, 0b01111, 0b10001, 0b10011: return .load
    case 0b10110, 0b10111:
      if word & 0xFE00 == 0xB400 {
        return .transfer(count: registers + (isLinked ? 1 : 0), jumps: false)
      }
      if word & 0xFE00 == 0xBC00 {
        return .transfer(count: registers + (isLinked ? 1 : 0), jumps: isLinked)
      }
      return word & 0xF500 == 0xB100 ? .branch : .other
    case 0b11000, 0b11001: return .transfer(count: registers, jumps: false)
    // Conditions 14 and 15 are not branches.
    case 0b11010, 0b11011: return word >> 8 & 15 < 14 ? .branch : .other
    case 0b11100: return .branch
    default: return .other
    }
  }

  /// A5.3.
  private func wideKind(_ first: UInt32, _ second: UInt32) -> Kind {
    let isLoad = first & 0x10 != 0
    switch first >> 9 {
    case 0b1110100:
      if first & 0x40 == 0 {
        let jumps = isLoad && second & 0x8000 != 0
        return .transfer(count: second.nonzeroBitCount, jumps: jumps)
      }
      if first & 0xFFF0 == 0xE8D0, second & 0xFFE0 == 0xF000 { return .tableBranch }
      // Exclusive accesses are of one register.
      let isSingle = first & 0xFFE0 == 0xE840 || first & 0xFFE0 == 0xE8C0
      if isSingle { return isLoad ? .load : .store }
      return .transfer(count: 2, jumps: false)
    case 0b1111000, 0b1111001, 0b1111010, 0b1111011:
      guard second & 0x8000 != 0 else { return .other }
      if second & 0xD000 == 0xD000 { return .call }
      if second & 0xD000 == 0x9000 { return .branch }
      return first & 0x0380 == 0x0380 ? .system : .branch
    case 0b1111100:
      guard isLoad else { return .store }
      let isWord = first & 0x60 == 0x40
      if second >> 12 == 15 { return isWord ? .loadCounter : .other }
      return .load
    case 0b1111101: return multiplyKind(first, second)
    case 0b1110110, 0b1110111: return floatKind(first, second)
    default: return .other
    }
  }

  private func multiplyKind(_ first: UInt32, _ second: UInt32) -> Kind {
    switch first & 0xFF80 {
    // MLA and MLS; the DSP extension's, which the M3 has not, add too.
    case 0xFB00:
      return first & 0x70 == 0 && second & 0x10 == 0 && second >> 12 == 15 ? .other : .multiplyAdd
    case 0xFB80:
      switch first >> 4 & 7 {
      case 0, 2: return .longMultiply
      case 1, 3: return .divide
      default: return .longMultiplyAdd
      }
    default: return .other
    }
  }

  private func floatKind(_ first: UInt32, _ second: UInt32) -> Kind {
    guard second >> 8 & 14 == 10 else { return .other }
    if first & 0xFE00 == 0xEC00 {
      // VLDR and VSTR have an offset without writing it back.
      let isLoad = first & 0x10 != 0
      if first & 0xFF20 == 0xED00 { return isLoad ? .load : .store }
      // Two core registers to or from the unit.
      if first & 0xFFE0 == 0xEC40 { return .other }
      return .transfer(count: Int(second & 0xFF), jumps: false)
    }
    let isDivide = first & 0xFFB0 == 0xEE80 && second & 0x50 == 0
    let isRoot = first & 0xFFBF == 0xEEB1 && second & 0xD0 == 0xC0
    return isDivide || isRoot ? .floatDivide : .other
  }
}
