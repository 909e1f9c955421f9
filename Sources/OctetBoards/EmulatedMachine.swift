import Foundation
import OctetSystem

/// Firmware in QEMU.
package struct EmulatedMachine: Machine {
  let firmware: Firmware
  let emulator: URL
  private let temporary: TemporaryFolder
  private var folder: URL { temporary.url }

  package init(_ firmware: Firmware) throws(BoardError) {
    let package = firmware.board.family == .linux ? "qemu-user" : "qemu-system-arm"
    emulator = try Command.find(
      firmware.board.emulator[0],
      remedy: "install QEMU 7 or later (on Debian and Ubuntu: apt-get install \(package))")
    self.firmware = firmware
    temporary = try makeTemporaryFolder()
  }

  package func close() { temporary.remove() }

  package func run(inputs: [UInt8]?, isTracing: Bool) throws(BoardError) -> MachineRun {
    let (command, text) = try execute(inputs: inputs, isTracing: isTracing)
    return try MachineRun(folder: folder, command: command, text: text)
  }

  package func instructionCounts(
    inputs: [UInt8], isTracing: Bool
  ) throws(BoardError) -> [Int] {
    let image = try Image(firmware.elf)
    guard let begin = image.symbol("board_count_begin"), let end = image.symbol("board_count_end"),
      let plugin = try buildPlugin()
    else { return [] }
    // ARM symbols of Thumb code have their lowest bit set, addresses do not.
    let mask = firmware.board.triple.hasPrefix("arm") ? ~1 : ~0
    let arguments = [
      "-plugin", "\(plugin.path),begin=\(begin.address & mask),end=\(end.address & mask)",
    ]
    let (_, text) = try execute(inputs: inputs, isTracing: isTracing, plugin: arguments)
    return text.split(separator: "\n").filter { $0.hasPrefix("instructions ") }
      .compactMap { Int($0.dropFirst(13)) }
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
      if isTracing { command.arguments.append(MachineRun.File.trace) }
    case .cortexM:
      // The firmware traces when the file is there.
      if isTracing { try folder.appendingPathComponent(MachineRun.File.trace).write([]) }
    }
    return (command, try command.run().text)
  }

  /// Nil when the plugin cannot be built here: then nothing is counted, and all else works.
  private func buildPlugin() throws(BoardError) -> URL? {
    let source = try PackageSources.find().firmware.appendingPathComponent("Emulator/counter.c")
    let plugin = folder.appendingPathComponent("counter.so")
    let outcome = try Command(
      executable: try Toolchain.find().clang,
      arguments: [
        "-std=c17", "-O2", "-ffreestanding", "-fPIC", "-shared", "-nostdlib", "-fuse-ld=lld",
        source.path, "-o", plugin.path,
      ]
    ).run()
    return outcome.status == 0 ? plugin : nil
  }
}
