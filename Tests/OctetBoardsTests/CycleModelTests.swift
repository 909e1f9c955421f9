import Foundation
import OctetBoards
import Testing

/// Cycles against sums by hand from the manuals' tables.
struct CycleModelTests {
  typealias Cost = CycleModel.Cost

  /// A halfword or two; the kind; the cost on M0+, M3 and M4, nil where the core has it not.
  private static let encodings: [Encoding] = [
    same("adds r0, r0, r1", [0x1840], Cost(cycleCount: 1)),
    same("muls r0, r1", [0x4348], Cost(cycleCount: 1)),
    same("it eq", [0xBF08], Cost(cycleCount: 1)),
    same("nop", [0xBF00], Cost(cycleCount: 1)),
    load("ldr r0, [r1]", [0x6808]), load("ldr r0, [pc, #4]", [0x4801]),
    load("ldrsb r0, [r1, r2]", [0x5688]), load("ldrh r0, [r1, r2]", [0x5A88]),
    load("ldr r0, [sp, #4]", [0x9801]), load("ldrb r0, [r1]", [0x7808]),
    store("str r0, [r1]", [0x6008]), store("strb r0, [r1, r2]", [0x5488]),
    store("strh r0, [r1]", [0x8008]), store("str r0, [sp]", [0x9000]),
    same("push {r4, r5, lr}", [0xB530], Cost(cycleCount: 4)),
    same("pop {r4, r5}", [0xBC30], Cost(cycleCount: 3)),
    same("pop {r4, pc}", [0xBD10], Cost(cycleCount: 3, jumpCycleCount: 2)),
    same("stm r0!, {r1-r3}", [0xC00E], Cost(cycleCount: 4)),
    same("ldm r0!, {r1-r4}", [0xC81E], Cost(cycleCount: 5)),
    branch("bne", [0xD1FD]), branch("b", [0xE7FE]), branch("cbz r0", [0xB100]),
    branch("cbnz r7", [0xBB3F]), branch("bx lr", [0x4770]), branch("blx r3", [0x4798]),
    branch("mov pc, r0", [0x4687]), branch("add pc, r1", [0x448F]),
    same("mov r8, r0", [0x4680], Cost(cycleCount: 1)),
    same("bl", [0xF000, 0xF801], Cost(cycleCount: 1, jumpCycleCount: 2)),
    wide("b.w", [0xF000, 0xB801], Cost(cycleCount: 1, jumpCycleCount: 2)),
    wide("bne.w", [0xF040, 0x8001], Cost(cycleCount: 1, jumpCycleCount: 2)),
    wide("tbb [pc, r1]", [0xE8DF, 0xF001], Cost(cycleCount: 2, jumpCycleCount: 2)),
    wide("movw r0, #1", [0xF240, 0x0001], Cost(cycleCount: 1)),
    wide("add.w r0, r1, r2", [0xEB01, 0x0002], Cost(cycleCount: 1)),
    wide("ldr.w r0, [r1, #4]", [0xF8D1, 0x0004], Cost(cycleCount: 2, isPipelinedLoad: true)),
    wide("ldrsb.w r0, [r1, #4]", [0xF991, 0x0004], Cost(cycleCount: 2, isPipelinedLoad: true)),
    wide("ldr.w pc, [sp], #4", [0xF85D, 0xFB04], Cost(cycleCount: 2, jumpCycleCount: 2)),
    wide("pld [r1]", [0xF891, 0xF000], Cost(cycleCount: 1)),
    wide("str.w r0, [r1, #4]", [0xF8C1, 0x0004], Cost(cycleCount: 1)),
    wide("ldrd r0, r1, [r2]", [0xE9D2, 0x0100], Cost(cycleCount: 3)),
    wide("strd r0, r1, [r2]", [0xE9C2, 0x0100], Cost(cycleCount: 3)),
    wide("ldmia.w r0!, {r1-r8}", [0xE8B0, 0x01FE], Cost(cycleCount: 9)),
    wide("push.w {r4-r11, lr}", [0xE92D, 0x4FF0], Cost(cycleCount: 10)),
    wide("pop.w {r4-r11, pc}", [0xE8BD, 0x8FF0], Cost(cycleCount: 10, jumpCycleCount: 2)),
    wide("udiv r0, r1, r2", [0xFBB1, 0xF0F2], Cost(cycleCount: 7)),
    wide("sdiv r0, r1, r2", [0xFB91, 0xF0F2], Cost(cycleCount: 7)),
    wide("mul.w r0, r1, r2", [0xFB01, 0xF002], Cost(cycleCount: 1)),
    wide("mla r0, r1, r2, r3", [0xFB01, 0x3002], Cost(cycleCount: 1), onM3: 2),
    wide("mls r0, r1, r2, r3", [0xFB01, 0x3012], Cost(cycleCount: 1), onM3: 2),
    wide("smlad r0, r1, r2, r3", [0xFB21, 0x3002], Cost(cycleCount: 1), onM3: 2),
    wide("smull r0, r1, r2, r3", [0xFB82, 0x0103], Cost(cycleCount: 1), onM3: 4),
    wide("smlal r0, r1, r2, r3", [0xFBC2, 0x0103], Cost(cycleCount: 1), onM3: 6),
    wide("vldr s0, [r0]", [0xED90, 0x0A00], Cost(cycleCount: 2, isPipelinedLoad: true)),
    wide("vldmia r0!, {s0-s3}", [0xECB0, 0x0A04], Cost(cycleCount: 5)),
    wide("vadd.f32 s0, s1, s2", [0xEE30, 0x0A81], Cost(cycleCount: 1)),
    wide("vdiv.f32 s0, s1, s2", [0xEE80, 0x0A81], Cost(cycleCount: 14)),
    wide("vsqrt.f32 s0, s1", [0xEEB1, 0x0AE0], Cost(cycleCount: 14)),
  ]

  private typealias Encoding = (
    name: String, code: [UInt16], small: Cost?, three: Cost, four: Cost
  )

  private static func same(_ name: String, _ code: [UInt16], _ cost: Cost) -> Encoding {
    (name, code, cost, cost, cost)
  }

  private static func load(_ name: String, _ code: [UInt16]) -> Encoding {
    let pipelined = Cost(cycleCount: 2, isPipelinedLoad: true)
    return (name, code, Cost(cycleCount: 2), pipelined, pipelined)
  }

  private static func store(_ name: String, _ code: [UInt16]) -> Encoding {
    (name, code, Cost(cycleCount: 2), Cost(cycleCount: 1), Cost(cycleCount: 1))
  }

  private static func branch(_ name: String, _ code: [UInt16]) -> Encoding {
    let three = Cost(cycleCount: 1, jumpCycleCount: 2)
    return (name, code, Cost(cycleCount: 1, jumpCycleCount: 1), three, three)
  }

  private static func wide(
    _ name: String, _ code: [UInt16], _ cost: Cost, onM3: Int? = nil
  ) -> Encoding {
    var three = cost
    three.cycleCount = onM3 ?? cost.cycleCount
    return (name, code, nil, three, cost)
  }

  @Test("Each instruction takes what the manual says")
  func costsInstructions() {
    for encoding in Self.encodings {
      let code = ThumbCode(encoding.code, at: 0x100)
      #expect(code.instructions.count == 1, "\(encoding.name)")
      guard let instruction = code.instructions.first else { continue }
      if let small = encoding.small {
        #expect(CycleModel(.m0Plus).cost(instruction) == small, "\(encoding.name) on M0+")
      }
      #expect(CycleModel(.m3).cost(instruction) == encoding.three, "\(encoding.name) on M3")
      #expect(CycleModel(.m4).cost(instruction) == encoding.four, "\(encoding.name) on M4")
    }
  }

  @Test("A return that its condition skips takes what a branch not taken does")
  func costsSkippedReturns() {
    let popOnce: [UInt16] = [0xE8BD, 0x8010]  // pop.w {r4, pc}
    let ldrOnce: [UInt16] = [0xF85D, 0xFB04]  // ldr pc, [sp], #4
    let add: [UInt16] = [0x1840]
    func costs(_ code: [UInt16]) -> [Cost] {
      ThumbCode(code, at: 0x100).instructions.map(CycleModel(.m3).cost)
    }
    let one = Cost(cycleCount: 1)
    let pop = Cost(cycleCount: 3, jumpCycleCount: 2)
    let skippedPop = Cost(cycleCount: 1, jumpCycleCount: 4)
    // IT CS, ITT CS and ITE CS; the instruction after the last has no condition.
    #expect(costs([0xBF28] + popOnce + popOnce) == [one, skippedPop, pop])
    #expect(costs([0xBF24] + add + popOnce + popOnce) == [one, one, skippedPop, pop])
    #expect(costs([0xBF2C] + add + popOnce + popOnce) == [one, one, skippedPop, pop])
    #expect(
      costs([0xBF28] + ldrOnce + ldrOnce)
        == [
          one, Cost(cycleCount: 1, jumpCycleCount: 3), Cost(cycleCount: 2, jumpCycleCount: 2),
        ])
    // NOP is encoded as an IT without instructions.
    #expect(costs([0xBF00] + popOnce) == [one, pop])
  }

  /// For M4, then M0+: 1 + 100 (2 + 1|2 + 1 + 1 + 1|2 + 1) + 99 (3|2) + 1 for the loop, 3 + 3 + 5
  /// for the call, 3|2 for the branch and 2 for the last load.
  private static let program = """
      .syntax unified
      .section .vectors, "a"
      .word 0x20001000, reset
      .text
      .global reset, board_count_begin, board_count_end
      .thumb_func
    reset:
      ldr r0, =0x20000000
    board_count_begin:
      nop
      movs r3, #100
    1:
      ldr r1, [r0]
      ldr r2, [r0, #4]
      adds r1, r1, r2
      muls r1, r2, r1
      str r1, [r0]
      subs r3, #1
      bne 1b
      bl called
      b 2f
      nop
    2:
      ldr r1, [r0]
    board_count_end:
      nop
      movs r0, #0x18
      ldr r1, =0x20026
      bkpt 0xAB
      .thumb_func
    called:
      push {r4, lr}
      pop {r4, pc}

    """

  @Test(
    "A loop in the emulator takes what a sum by hand gives",
    .enabled(if: emulatorsAreInstalled, "QEMU is not installed"),
    arguments: [(CycleModel.Core.m4, 1015), (.m0Plus, 1115)])
  func countsLoop(core: CycleModel.Core, cycles: Int) throws {
    try withTemporaryFolder { folder in
      try Data(Self.program.utf8).write(to: folder.appendingPathComponent("loop.s"))
      try run(
        "clang", ["-target", "armv6m-none-none-eabi", "-c", "loop.s", "-o", "loop.o"], in: folder)
      let script = "SECTIONS { .text : { *(.vectors) *(.text) } }"
      try Data(script.utf8).write(to: folder.appendingPathComponent("loop.ld"))
      try run(
        "ld.lld",
        ["-T", "loop.ld", "-e", "reset", "loop.o", "-o", "loop.elf"],
        in: folder)
      let image = try FirmwareImage(folder.appendingPathComponent("loop.elf"))
      let (base, costs) = CycleModel(core).table(ThumbCode(image))
      try Data(costs).write(to: folder.appendingPathComponent("costs"))
      let plugin = try EmulatedMachine.buildPlugin(in: folder)
      let begin = try #require(image.symbol("board_count_begin")).address & ~1
      let end = try #require(image.symbol("board_count_end")).address & ~1
      let text = try run(
        "qemu-system-arm",
        [
          "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
          "-semihosting-config", "enable=on,target=native", "-plugin",
          "\(plugin.path),begin=\(begin),end=\(end),base=\(base),costs=costs", "-kernel",
          "loop.elf",
        ], in: folder)
      #expect(text == "instructions 706 cycles \(cycles)\n")
    }
  }
}
