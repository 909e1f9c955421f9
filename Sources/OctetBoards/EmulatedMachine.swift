import Foundation
import OctetSystem

/// Firmware in QEMU, or what else the board names to run it.
package struct EmulatedMachine: Machine {
  let firmware: Firmware
  let emulator: URL
  private let temporary: TemporaryFolder
  private var folder: URL { temporary.url }

  package init(_ firmware: Firmware) throws(BoardError) {
    emulator = try firmware.board.findEmulator()
    self.firmware = firmware
    temporary = try makeTemporaryFolder()
  }

  package func close() { temporary.remove() }

  package func attempt(inputs: [UInt8]?, isTracing: Bool) throws(BoardError) -> MachineRun {
    let (command, text) = try execute(inputs: inputs, isTracing: isTracing)
    return try MachineRun(folder: folder, command: command, text: text)
  }

  package func partialOutputs() -> [UInt8] {
    (try? folder.appendingPathComponent(MachineRun.File.output).read()) ?? []
  }

  package func counts(
    _ expected: Int, inputs: [UInt8], isTracing: Bool
  ) throws(BoardError) -> [ExecutionCount] {
    let image = try FirmwareImage(firmware.elf)
    guard let begin = image.symbol("board_count_begin"), let end = image.symbol("board_count_end")
    else { throw .invalidImage(path: firmware.elf.path, problem: "it has no marks to count at") }
    // ARM symbols of Thumb code have their lowest bit set, addresses do not.
    let mask = firmware.board.isARM ? ~1 : ~0
    let plugin = try Self.buildPlugin(in: folder)
    var options =
      "\(Self.escaped(plugin.path)),begin=\(begin.address & mask),end=\(end.address & mask)"
    if let model = CycleModel(firmware.board) {
      let (base, costs) = model.table(ThumbCode(image))
      let file = folder.appendingPathComponent("costs.raw")
      try file.write(costs)
      options += ",base=\(base),costs=\(Self.escaped(file.path))"
    }
    let (command, text) = try execute(
      inputs: inputs, isTracing: isTracing, plugin: ["-plugin", options])
    let counts = ExecutionCount.all(in: text)
    guard counts.count == expected, counts.allSatisfy({ $0.instructionCount > 0 }) else {
      throw .notCounted(command: command.line, output: text)
    }
    return counts
  }

  /// A path as a value among QEMU's options: a comma, which would end it, is doubled.
  private static func escaped(_ path: String) -> String {
    path.replacingOccurrences(of: ",", with: ",,")
  }

  private func execute(
    inputs: [UInt8]?, isTracing: Bool, plugin: [String] = []
  ) throws(BoardError) -> (command: Command, text: String) {
    for name in MachineRun.File.all { folder.appendingPathComponent(name).remove() }
    if let inputs { try folder.appendingPathComponent(MachineRun.File.input).write(inputs) }
    var command = Command(
      executable: emulator, arguments: plugin + firmware.board.emulator.dropFirst(),
      folder: folder)
    command.arguments.append(firmware.elf.path)
    switch firmware.board.family {
    case .linux:
      command.arguments += [
        firmware.model.path, inputs == nil ? "-" : MachineRun.File.input,
        MachineRun.File.output, MachineRun.File.report,
      ]
      if isTracing { command.arguments += [MachineRun.File.trace, MachineRun.File.times] }
    case .bareMetal, .wasi:
      // The firmware traces when the file is there.
      if isTracing { try folder.appendingPathComponent(MachineRun.File.trace).write([]) }
    }
    return (command, try command.run().text)
  }

  /// The counter of `Firmware/Emulator`, for this machine.
  package static func buildPlugin(in folder: URL) throws(BoardError) -> URL {
    let source = try PackageSources.find().firmware.appendingPathComponent("Emulator/counter.c")
    let plugin = folder.appendingPathComponent("counter.so")
    let toolchain = try Toolchain.find()
    let flags = [
      "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fPIC", "-shared",
      "-nostdlib", "-fuse-ld=lld", source.path,
    ]
    var key = Digest()
    key.add(toolchain.identity + flags)
    try key.add(files: [source])
    try BuildCache().take([plugin.lastPathComponent], for: key, into: folder) {
      () throws(BoardError) in
      try Command(executable: toolchain.clang, arguments: flags + ["-o", plugin.path])
        .run(step: "the emulator's plugin")
    }
    return plugin
  }
}

/// What the core executed between two marks.
package struct ExecutionCount: Equatable {
  package var instructionCount: Int
  /// Cycles by ``CycleModel``; nil for a board that has none.
  package var cycleCount: Int?

  /// The counts in what the plugin printed, a line for each.
  static func all(in text: String) -> [ExecutionCount] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count >= 2, words[0] == "instructions", let count = Int(words[1]) else {
        return nil
      }
      let cycles = words.count == 4 && words[2] == "cycles" ? Int(words[3]) : nil
      return ExecutionCount(instructionCount: count, cycleCount: cycles)
    }
  }
}
