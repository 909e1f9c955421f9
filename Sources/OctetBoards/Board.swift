/// A board that firmware can be built for.
///
/// What the compilers need to know stands in `Firmware/Boards/NAME`; this says how to emulate it.
public struct Board: Sendable, Equatable {
  /// The name that `--board` takes, e.g. `cortex-m4`.
  public var name: String
  /// What it is, for a person who chooses.
  public var summary: String
  /// How its programs start and speak to the host.
  public var family: Family
  /// The triple of the Embedded Swift modules that are used.
  public var triple: String
  /// The emulator and its arguments; the image follows.
  public var emulator: [String]

  /// Linux or bare metal.
  public enum Family: String, Sendable {
    /// A static program without libc; the model is a file.
    case linux = "Linux"
    /// Bare metal; the model is linked into flash.
    case cortexM = "CortexM"
  }

  /// What must be there to build and to emulate.
  public var needs: String {
    switch family {
    case .linux: "Swift toolchain; \(emulator[0]) (package qemu-user) or a board with ssh"
    case .cortexM: "Swift toolchain; \(emulator[0]) (package qemu-system-arm)"
    }
  }

  /// Every board, as `octet board list` prints them.
  public static let all: [Board] = [
    linux("aarch64", "Raspberry Pi 3 and later with a 64-bit system", "aarch64-none-none-elf"),
    linux("armv7", "BeagleBone, Raspberry Pi 2", "armv7-none-none-eabi", emulator: "arm"),
    linux("armv6", "Raspberry Pi 1 and Zero", "armv6-none-none-eabi", emulator: "arm"),
    linux("riscv64", "64-bit RISC-V boards (RV64GC)", "riscv64-none-none-eabi"),
    cortexM("m0", "Cortex-M0 and M0+: no division, no long multiplication", "armv6m", "an385"),
    cortexM("m3", "Cortex-M3", "armv7em", "an385"),
    cortexM("m4", "Cortex-M4: DSP instructions", "armv7em", "an386"),
    cortexM("m7", "Cortex-M7: DSP instructions, dual issue", "armv7em", "an500"),
  ]

  /// The board of that name.
  ///
  /// - Throws: `unknownBoard` with the name.
  public static func named(_ name: String) throws(BoardError) -> Board {
    guard let board = all.first(where: { $0.name == name }) else { throw .unknownBoard(name) }
    return board
  }

  /// The processor that is emulated, where the emulator has a choice.
  public var emulatedProcessor: String? {
    emulator.firstIndex(of: "-cpu").map { emulator[$0 + 1] }
  }

  /// The board with another processor in the emulator, by QEMU's name: one that has more
  /// instructions shows kernels that are chosen at run time.
  public func emulating(_ processor: String) -> Board {
    var board = self
    if let index = emulator.firstIndex(of: "-cpu") {
      board.emulator[index + 1] = processor
    } else {
      board.emulator.insert(contentsOf: ["-cpu", processor], at: 1)
    }
    return board
  }

  private static func linux(
    _ name: String, _ summary: String, _ triple: String, emulator: String? = nil
  ) -> Board {
    Board(
      name: "linux-\(name)", summary: summary, family: .linux, triple: triple,
      emulator: ["qemu-\(emulator ?? name)"] + (processors[name].map { ["-cpu", $0] } ?? []))
  }

  /// The emulated processors of Linux boards: no more than the board has.
  private static let processors = [
    "aarch64": "cortex-a53", "armv7": "cortex-a8", "armv6": "arm1176", "riscv64": "rv64",
  ]

  private static func cortexM(
    _ name: String, _ summary: String, _ architecture: String, _ machine: String
  ) -> Board {
    Board(
      name: "cortex-\(name)", summary: summary, family: .cortexM,
      triple: "\(architecture)-none-none-eabi",
      emulator: [
        "qemu-system-arm", "-M", "mps2-\(machine)", "-nographic", "-monitor", "none", "-serial",
        "none", "-semihosting-config", "enable=on,target=native", "-kernel",
      ])
  }
}
