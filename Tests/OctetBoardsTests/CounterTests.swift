import Foundation
import OctetBoards
import Testing

/// The plugin that counts, in a program that offers it one version of QEMU's interface.
@Suite(.enabled(if: isInstalled("clang"), "clang is not installed"))
struct CounterTests {
  /// Of a QEMU: the versions of the interface that it takes.
  private static let interfaces = [
    (name: "QEMU 7 and 8", minimum: 0, current: 1), (name: "QEMU 9.0", minimum: 2, current: 2),
    (name: "QEMU 9.1", minimum: 2, current: 3), (name: "QEMU 10", minimum: 2, current: 4),
    (name: "QEMU 10.2", minimum: 2, current: 5),
  ]

  @Test("It counts with every version of the interface", arguments: interfaces)
  func counts(interface: (name: String, minimum: Int, current: Int)) throws {
    try withTemporaryFolder { folder in
      let host = try Self.host(interface.minimum, interface.current, in: folder)
      // The mark at 104, two blocks of three and two instructions, the mark at 204.
      let blocks = "100 2 2 2 2\n110 4 2 4\n130 2 2\n110 4 2 4\n200 2 2 2\n"
      let text = try Self.run(host, ["begin=104", "end=204"], blocks, in: folder)
      #expect(text == "instructions 11\n", "\(interface.name)")
    }
  }

  @Test("Jumps and loads one after the other count across blocks")
  func countsAcrossBlocks() throws {
    try withTemporaryFolder { folder in
      let host = try Self.host(0, 1, in: folder)
      // At 110 a load, at 112 a load, at 114 a branch; all other code takes one cycle.
      var costs = [UInt8](repeating: 0, count: 120)
      for index in stride(from: 0, to: 120, by: 2) { costs[index] = 1 }
      costs.replaceSubrange(10..<16, with: [2, 128, 2, 128, 1, 2])
      try Data(costs).write(to: folder.appendingPathComponent("costs"))
      func cycles(_ blocks: String) throws -> String {
        let arguments = ["begin=100", "end=200", "base=100", "costs=\(folder.path)/costs"]
        return try Self.run(host, arguments, "100 2\n\(blocks)\n200 2\n", in: folder)
      }
      #expect(try cycles("110 2 2") == "instructions 2 cycles 3\n", "two loads in one block")
      #expect(try cycles("110 2\n112 2") == "instructions 2 cycles 3\n", "in two")
      #expect(try cycles("112 2\n110 2") == "instructions 2 cycles 4\n", "not in this order")
      #expect(try cycles("114 2\n116 2") == "instructions 2 cycles 2\n", "not taken")
      #expect(try cycles("114 2\n110 2") == "instructions 2 cycles 5\n", "taken, then a load")
      #expect(try cycles("114 2") == "instructions 1 cycles 3\n", "taken to the mark")
    }
  }

  private static func run(
    _ host: URL, _ arguments: [String], _ blocks: String, in folder: URL
  ) throws -> String {
    let file = folder.appendingPathComponent("blocks")
    try Data(blocks.utf8).write(to: file)
    let plugin = try EmulatedMachine.buildPlugin(in: folder)
    return try OctetBoardsTests.run(host.path, [file.path, plugin.path] + arguments, in: folder)
  }

  private static func host(_ minimum: Int, _ current: Int, in folder: URL) throws -> URL {
    let source = folder.appendingPathComponent("host.c")
    try Data(program.utf8).write(to: source)
    let host = folder.appendingPathComponent("host")
    try OctetBoardsTests.run(
      "clang",
      [
        "-std=gnu17", "-Wall", "-Werror", "-DMINIMUM=\(minimum)", "-DCURRENT=\(current)",
        "-rdynamic",
        source.path, "-o", host.path, "-ldl",
      ])
    return host
  }

  /// Loads a plugin as QEMU does, and executes blocks: an address and the sizes of instructions.
  private static let program = """
    #include <dlfcn.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    typedef void (*executed)(unsigned, void *);
    struct qemu_plugin_insn { uint64_t address; size_t size; executed call; void *data; };
    struct qemu_plugin_tb {
      size_t count; struct qemu_plugin_insn instructions[64]; executed call; void *data;
    };
    typedef void (*translated)(uint64_t, struct qemu_plugin_tb *);
    static translated translate;
    void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated call) { translate = call; }
    size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb) { return tb->count; }
    struct qemu_plugin_insn *qemu_plugin_tb_get_insn(struct qemu_plugin_tb *tb, size_t index) {
      return &tb->instructions[index];
    }
    uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *it) { return it->address; }
    size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *it) { return it->size; }
    void qemu_plugin_register_vcpu_tb_exec_cb(
        struct qemu_plugin_tb *tb, executed call, int flags, void *data) {
      tb->call = call, tb->data = data;
    }
    void qemu_plugin_register_vcpu_insn_exec_cb(
        struct qemu_plugin_insn *it, executed call, int flags, void *data) {
      it->call = call, it->data = data;
    }
    #if CURRENT < 2
    void qemu_plugin_register_vcpu_insn_exec_inline(void *it, int op, void *at, uint64_t by) {}
    #else
    void *qemu_plugin_scoreboard_new(size_t size) { return NULL; }
    #endif
    int main(int count, char **arguments) {
      FILE *blocks = fopen(arguments[1], "r");
      void *plugin = dlopen(arguments[2], RTLD_NOW);
      if (!plugin) return puts(dlerror()), 1;
      int version = *(int *)dlsym(plugin, "qemu_plugin_version");
      if (version < MINIMUM || version > CURRENT) return puts("requires another version"), 1;
      int (*install)(uint64_t, const void *, int, char **) = dlsym(plugin, "qemu_plugin_install");
      if (install(1, NULL, count - 3, arguments + 3)) return 1;
      char line[256];
      while (fgets(line, sizeof line, blocks)) {
        struct qemu_plugin_tb tb = {0};
        uint64_t address = strtoull(strtok(line, " "), NULL, 10);
        for (char *size; (size = strtok(NULL, " \\n")); address += atoi(size)) {
          tb.instructions[tb.count++] =
              (struct qemu_plugin_insn){.address = address, .size = atoi(size)};
        }
        translate(1, &tb);
        if (tb.call) tb.call(0, tb.data);
        for (size_t index = 0; index < tb.count; index++) {
          struct qemu_plugin_insn *it = &tb.instructions[index];
          if (it->call) it->call(0, it->data);
        }
      }
      return 0;
    }
    """
}
