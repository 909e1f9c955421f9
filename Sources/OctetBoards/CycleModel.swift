/// How many cycles an instruction of a Cortex-M takes, by the tables of Arm's manuals, with memory
/// that never lets the core wait.
///
/// | | M0+ (DDI 0484) | M3 (DDI 0337) | M4 (DDI 0439) |
/// |---|---|---|---|
/// | load | 2 | 2, directly after a load 1 | as M3 |
/// | store | 2 | 1 | 1 |
/// | N registers: LDM, STM, PUSH, POP, LDRD, STRD | 1 + N | 1 + N | 1 + N |
/// | branch not taken / taken | 1 / 2 | 1 / 3 | 1 / 3 |
/// | BL / POP with PC | 3 / 3 + N | 3 / 3 + N | 3 / 3 + N |
/// | table branch | – | 2 + 2 | 2 + 2 |
/// | multiply / and add | 1 / – | 1 / 2 | 1 / 1 |
/// | long multiply / and add | – | 4 / 6 (3…5, 4…7) | 1 / 1 |
/// | integer / float divide, root | – | 7 (2…12) / – | 7 (2…12) / 14 |
/// | everything else | 1 | 1 | 1 |
///
/// Where the manual has a range that depends on values, it is its middle. What a condition skips
/// (IT) counts as if executed, but a load of the program counter as a branch not taken. Arm
/// publishes no table for the M7, so it is counted as an M4, which issues one instruction at a
/// time: more than it takes.
package struct CycleModel: Sendable {
  package enum Core: String, Sendable, CaseIterable {
    case m0Plus = "m0plus"
    case m3, m4
  }

  /// What one instruction takes.
  package struct Cost: Equatable {
    package var cycleCount: Int
    /// More when what is executed next is not what follows.
    package var jumpCycleCount = 0
    /// Takes one cycle less directly after another that does.
    package var isPipelinedLoad = false

    package init(cycleCount: Int, jumpCycleCount: Int = 0, isPipelinedLoad: Bool = false) {
      self.cycleCount = cycleCount
      self.jumpCycleCount = jumpCycleCount
      self.isPipelinedLoad = isPipelinedLoad
    }
  }

  let core: Core

  package init(_ core: Core) { self.core = core }

  /// The model of a board's core; nil where there is none.
  package init?(_ board: Board) {
    guard let core = board.cycleModel else { return nil }
    self.core = core
  }

  package func cost(_ instruction: ThumbCode.Instruction) -> Cost {
    let isSmall = core == .m0Plus
    switch instruction.kind {
    case .load: return Cost(cycleCount: 2, isPipelinedLoad: !isSmall)
    case .loadCounter: return jump(cycleCount: 2, instruction)
    case .store: return Cost(cycleCount: isSmall ? 2 : 1)
    case .transfer(let count, let jumps):
      return jumps ? jump(cycleCount: 1 + count, instruction) : Cost(cycleCount: 1 + count)
    case .branch: return Cost(cycleCount: 1, jumpCycleCount: isSmall ? 1 : 2)
    case .call: return Cost(cycleCount: 1, jumpCycleCount: 2)
    case .tableBranch: return Cost(cycleCount: 2, jumpCycleCount: 2)
    case .multiplyAdd: return Cost(cycleCount: core == .m3 ? 2 : 1)
    case .longMultiply: return Cost(cycleCount: core == .m3 ? 4 : 1)
    case .longMultiplyAdd: return Cost(cycleCount: core == .m3 ? 6 : 1)
    case .divide: return Cost(cycleCount: 7)
    case .floatDivide: return Cost(cycleCount: 14)
    case .system: return Cost(cycleCount: isSmall ? 3 : 1)
    case .other: return Cost(cycleCount: 1)
    }
  }

  /// A load of the program counter. One that its condition skips takes a cycle, as a branch does.
  private func jump(cycleCount: Int, _ instruction: ThumbCode.Instruction) -> Cost {
    let skippedCount = instruction.isConditional ? 1 : cycleCount
    return Cost(cycleCount: skippedCount, jumpCycleCount: cycleCount + 2 - skippedCount)
  }

  /// For the emulator's plugin: two bytes for each two bytes of code from the address `base` on.
  package func table(_ code: ThumbCode) -> (base: Int, bytes: [UInt8]) {
    guard let first = code.instructions.map(\.address).min(),
      let end = code.instructions.map({ $0.address + $0.byteCount }).max()
    else { return (0, []) }
    var bytes = [UInt8](repeating: 0, count: end - first)
    for instruction in code.instructions {
      let cost = cost(instruction)
      let index = instruction.address - first
      bytes[index] = UInt8(cost.cycleCount)
      bytes[index + 1] = UInt8(cost.jumpCycleCount) | (cost.isPipelinedLoad ? 128 : 0)
    }
    return (first, bytes)
  }
}
