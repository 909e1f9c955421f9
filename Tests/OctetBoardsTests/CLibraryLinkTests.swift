import Foundation
import OctetBoards
import OctetCompiler
import Synchronization
import Testing

/// A C program's compiler and float ABI, and how to run what it makes.
struct CProgram: CustomTestStringConvertible, Sendable {
  var board: String
  var compiler: [String]
  /// The same core's GCC for clang, which brings no C library; nil for a compiler that has one.
  var libraries: [String]?
  var emulator: [String]
  var isBareMetal = false

  var testDescription: String { (compiler + [board]).joined(separator: " ") }

  var isBuildable: Bool {
    isInstalled(compiler[0]) && (libraries.map { isInstalled($0[0]) } ?? true)
      && isInstalled(emulator[0])
  }

  static let all =
    floatABIs.flatMap { [microcontrollerGCC($0), microcontrollerClang($0)] } + [
      linux("armv7", "arm-linux-gnueabihf", []), linux("armv7", "arm-linux-gnueabihf", ["-static"]),
      CProgram(
        board: "linux-armv7",
        compiler: [
          "clang", "--target=arm-linux-gnueabihf", "--gcc-toolchain=/usr", "-fuse-ld=lld",
        ], emulator: ["qemu-arm", "-cpu", "cortex-a8", "-L", "/usr/arm-linux-gnueabihf"]),
    ] + (allBoards ? others : [])

  /// All boards when this is set; otherwise those of hard floats, to be quick.
  private static let allBoards = ProcessInfo.processInfo.environment["OCTET_ALL_BOARDS"] != nil
  private static let others = [
    linux("armv6", "arm-linux-gnueabihf", []), linux("aarch64", "aarch64-linux-gnu", []),
    linux("riscv64", "riscv64-linux-gnu", []), microcontrollerGCC(["-mfloat-abi=soft"], core: "m0"),
    microcontrollerGCC(["-mfloat-abi=soft"], core: "m3"),
    microcontrollerGCC(["-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"], core: "m7"),
  ]

  private static let floatABIs = [
    ["-mfloat-abi=soft"], ["-mfloat-abi=softfp", "-mfpu=fpv4-sp-d16"],
    ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
  ]

  private static func microcontrollerGCC(_ flags: [String], core: String = "m4") -> CProgram {
    CProgram(
      board: "cortex-\(core)",
      compiler: ["arm-none-eabi-gcc", "-mcpu=cortex-\(core)", "-mthumb"] + flags,
      emulator: [
        "qemu-system-arm", "-M", core == "m7" ? "mps2-an500" : "mps2-an386", "-nographic",
        "-monitor", "none", "-serial", "none", "-semihosting-config",
        "enable=on,target=native,arg=example,arg=model.oct", "-kernel",
      ], isBareMetal: true)
  }

  private static func microcontrollerClang(_ flags: [String]) -> CProgram {
    var program = microcontrollerGCC(flags)
    program.libraries = program.compiler
    program.compiler =
      ["clang", "--target=thumbv7em-none-eabi", "-mcpu=cortex-m4"] + flags
      + ["-isystem", "/usr/include/newlib"]
    return program
  }

  private static func linux(_ name: String, _ triple: String, _ flags: [String]) -> CProgram {
    CProgram(
      board: "linux-\(name)", compiler: ["\(triple)-gcc"] + flags,
      emulator: ["qemu-\(name.hasPrefix("arm") ? "arm" : name)", "-L", "/usr/\(triple)"])
  }
}

@Suite(.serialized)
struct CLibraryLinkTests {
  @Test(
    "The library links into programs of every float ABI, without a warning, and runs there",
    arguments: CProgram.all)
  func links(program: CProgram) throws {
    if !program.isBuildable {
      try Test.cancel("\(program.compiler[0]) or its emulator is not installed")
    }
    let library = try Libraries.library(program.board)
    try withTemporaryFolder { folder in
      let blob = try LeNet.perceptron()
      try Data(blob.bytes).write(to: folder.appendingPathComponent("model.oct"))
      try link(program, library, in: folder)
      let runs = try run(
        program.emulator[0],
        program.emulator.dropFirst() + ["example"] + (program.isBareMetal ? [] : ["model.oct"]),
        in: folder)
      let lines = runs.split(separator: "\n")
      try #require(lines.count == 10)
      #expect(lines[0] == "open: arena \(try blob.model().arenaByteCount) bytes")
      #expect(lines[1] == "self-test: passed")
      #expect(lines[2].hasPrefix("output: "))
      #expect(lines[3] == "operator by operator: the same")
      #expect(lines[4...6] == ["timed: each", "with a workspace: the same", "header: read"])
    }
  }

  @Test(
    "The library asks for memory functions and the compiler's integer arithmetic, nothing more",
    arguments: Set(CProgram.all.map(\.board)).sorted())
  func needsLittle(board: String) throws {
    let text = try run(
      "llvm-nm", ["--undefined-only", "--just-symbol-name", Libraries.library(board).archive])
    let needed = text.split(separator: "\n").filter { !$0.hasSuffix(":") }.map {
      $0.hasPrefix("__aeabi_") ? String($0.dropFirst(8)) : String($0)
    }
    let integers = ["uidiv", "uidivmod", "idiv", "idivmod", "lmul", "llsl", "llsr", "lasr"]
    let memory = ["memcpy", "memmove", "memset", "memclr", "memcmp", "strlen"]
    let known = integers + memory + memory.flatMap { ["\($0)4", "\($0)8"] } + ["getauxval"]
    #expect(needed.filter { !known.contains($0) } == [])
    #expect(!needed.isEmpty, "the symbols were read")
  }

  @Test(
    "The library links with nothing but six functions, and only what is used",
    arguments: CProgram.all.filter { $0.compiler[0] != "clang" })
  func linksAlone(program: CProgram) throws {
    if !program.isBuildable { try Test.cancel("\(program.compiler[0]) is not installed") }
    let library = try Libraries.library(program.board)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../..")
    try withTemporaryFolder { folder in
      // The memory functions are those of the example for microcontrollers; Linux has one more.
      let source = """
        #include "octet.h"
        unsigned long getauxval(unsigned long type) { return type * 0; }
        int raise(int signal) { return signal; }  // What libgcc's division by zero asks of Linux.
        int _start(octet_session *session) { return octet_run_in_place(session); }
        """
      try Data(source.utf8).write(to: folder.appendingPathComponent("alone.c"))
      let memory = root.appendingPathComponent("Firmware/Sources/Board/memory.c").path
      let nothing = [
        "-nostdlib", "-nodefaultlibs", "-static", "-ffreestanding", "-fno-builtin", "-O1",
        "-ffunction-sections", "-Wl,--gc-sections", "-I",
        URL(fileURLWithPath: library.header).deletingLastPathComponent().path, "alone.c", memory,
      ]
      let gcc = program.compiler
      try run(
        gcc[0], gcc.dropFirst() + nothing + [library.archive, "-lgcc", "-o", "used"], in: folder,
        withErrors: true)
      let names = try run("llvm-nm", ["used"], in: folder)
      #expect(names.contains("octet_run_in_place"))
      #expect(!names.contains("octet_run_timed") && !names.contains("octet_update"))
      // All of it asks for no more.
      try run(
        gcc[0],
        gcc.dropFirst() + nothing + [
          "-Wl,--whole-archive", library.archive, "-Wl,--no-whole-archive", "-lgcc", "-o", "all",
        ], in: folder, withErrors: true)
    }
  }

  @Test("Updates are 3,200 bytes of code on a Cortex-M4 at most")
  func updatesAreSmall() throws {
    let text = try run("llvm-size", [Libraries.library("cortex-m4").archive])
    let row = try #require(text.split(separator: "\n").first { $0.contains("octet_update.o") })
    let sizes = row.split { $0 == " " || $0 == "\t" }.compactMap { Int($0) }
    #expect(sizes[0] > 1000 && sizes[0] <= 3200, "\(sizes[0]) bytes")
    #expect(sizes[1] == 0 && sizes[2] == 0, "no variables")
  }

  @Test("C++ takes the header")
  func compilesAsCPlusPlus() throws {
    try withTemporaryFolder { folder in
      let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Firmware/CLibrary/include")
      let file = folder.appendingPathComponent("main.cpp")
      let source = """
        #include "octet.h"
        #include "octet_update.h"
        int main() {
          octet_session session = {};
          return octet_self_test(&session) == OCTET_ERROR_NOT_OPEN && *octet_error_text(OCTET_OK);
        }
        """
      try Data(source.utf8).write(to: file)
      try run(
        "clang++",
        [
          "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Wno-c99-extensions", "-Werror",
          "-fsyntax-only", "-I", header.path, file.path,
        ], withErrors: true)
    }
  }

  private func link(_ program: CProgram, _ library: CLibrary, in folder: URL) throws {
    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Firmware/CLibrary/Example/main.c").path
    let include = URL(fileURLWithPath: library.header).deletingLastPathComponent().path
    var flags = ["-Wall", "-Wextra", "-Werror", "-O1", "-I", include]
    var sources = [example]
    if program.isBareMetal {
      try Data(BareMetal.startup.utf8).write(to: folder.appendingPathComponent("start.c"))
      try Data(BareMetal.linkerScript.utf8).write(to: folder.appendingPathComponent("link.ld"))
      sources.append("start.c")
    }
    let text: String
    if let gcc = program.libraries {
      for source in sources {
        try run(
          program.compiler[0], program.compiler.dropFirst() + flags + ["-c", source], in: folder)
      }
      let part = { (name: String) in
        try run(gcc[0], gcc.dropFirst() + ["-print-file-name=\(name)"])
          .trimmingCharacters(in: .newlines)
      }
      text = try run(
        "ld.lld",
        [
          "--fatal-warnings", "-T", "link.ld", "-o", "example", part("rdimon-crt0.o"),
          part("crti.o"), "start.o", "main.o", library.archive, "--start-group", part("libc.a"),
          part("librdimon.a"), part("libgcc.a"), "--end-group", part("crtn.o"),
        ], in: folder, withErrors: true)
    } else {
      if program.isBareMetal { flags += ["--specs=rdimon.specs", "-T", "link.ld"] }
      text = try run(
        program.compiler[0],
        program.compiler.dropFirst() + flags + ["-Wl,--fatal-warnings"] + sources
          + [library.archive, "-o", "example"], in: folder, withErrors: true)
    }
    #expect(text == "", "a linker has nothing to say")
  }
}

/// What a bare-metal program of newlib needs to run in the emulator.
private enum BareMetal {
  static let startup = """
    #include <stdint.h>
    void _start(void);
    static void reset(void) {
    #if defined(__ARM_FP)
      *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
      __asm volatile("dsb\\n isb" ::: "memory");
    #endif
      _start();
    }
    __attribute__((section(".vectors"), used)) static const void *const vectors[] = {
        (void *)0x300000, (void *)reset};
    """

  static let linkerScript = """
    ENTRY(_start)
    SECTIONS {
      .text : {
        KEEP(*(.vectors)) KEEP(*(.init)) KEEP(*(.fini)) *(.text .text.*) *(.rodata .rodata.*)
      }
      .ARM.exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; }
      .init_array : {
        __preinit_array_start = .; *(.preinit_array) __preinit_array_end = .;
        __init_array_start = .; *(.init_array*) __init_array_end = .;
        __fini_array_start = .; *(.fini_array*) __fini_array_end = .;
      }
      .data : { *(.data .data.*) *(.got*) }
      .bss : { __bss_start__ = .; *(.bss .bss.* COMMON) __bss_end__ = .; }
      end = .; __end__ = .;
    }
    """
}

/// The whole library of a board, built once.
private enum Libraries {
  private static let cache = Mutex<[String: CLibrary]>([:])

  static func library(_ board: String) throws -> CLibrary {
    try cache.withLock { cache in
      if let library = cache[board] { return library }
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "octet-tests-built/library-\(board)")
      let library = try CLibraryBuilder(try Board.named(board)).build(into: folder)
      cache[board] = library
      return library
    }
  }
}
