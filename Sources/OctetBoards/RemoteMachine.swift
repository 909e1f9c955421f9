import Foundation
import OctetSystem

/// A Linux board that is reached by ssh. Nothing is installed on it; its files are removed after.
package struct RemoteMachine: Machine {
  let firmware: Firmware
  let host: String
  private let ssh: URL
  private let scp: URL
  private let temporary: TemporaryFolder
  private var folder: URL { temporary.url }
  /// The path of this run's folder on the board.
  private let remoteFolder: String

  package init(_ firmware: Firmware, host: String) throws(BoardError) {
    let remedy = "install an OpenSSH client"
    ssh = try Command.find("ssh", remedy: remedy)
    scp = try Command.find("scp", remedy: remedy)
    self.firmware = firmware
    self.host = host
    temporary = try makeTemporaryFolder()
    remoteFolder = "/tmp/octet-\(UUID().uuidString)"
    try shell("mkdir \(remoteFolder)")
    try copy([firmware.elf.path, firmware.model.path], to: "\(host):\(remoteFolder)/")
  }

  package func close() {
    _ = try? shell("rm -r \(remoteFolder)")
    temporary.remove()
  }

  package func attempt(inputs: [UInt8]?, isTracing: Bool) throws(BoardError) -> MachineRun {
    for name in MachineRun.File.all { folder.appendingPathComponent(name).remove() }
    if let inputs {
      let file = folder.appendingPathComponent(MachineRun.File.input)
      try file.write(inputs)
      try copy([file.path], to: "\(host):\(remoteFolder)/")
    }
    var arguments = [
      "./firmware.elf", "model.oct", inputs == nil ? "-" : MachineRun.File.input,
      MachineRun.File.output, MachineRun.File.report,
    ]
    if isTracing { arguments += [MachineRun.File.trace, MachineRun.File.times] }
    let command = shellCommand("cd \(remoteFolder) && " + arguments.joined(separator: " "))
    let text = try command.run().text
    var results = [MachineRun.File.report]
    if inputs != nil { results.append(MachineRun.File.output) }
    if isTracing { results += [MachineRun.File.trace, MachineRun.File.times] }
    for name in results {
      // A program that refused leaves no output; the report says why.
      _ = try? copy(["\(host):\(remoteFolder)/\(name)"], to: folder.path)
    }
    return try MachineRun(folder: folder, command: command, text: text)
  }

  package func partialOutputs() -> [UInt8] {
    (try? folder.appendingPathComponent(MachineRun.File.output).read()) ?? []
  }

  package func counts(
    _ expected: Int, inputs: [UInt8], isTracing: Bool
  ) throws(BoardError) -> [ExecutionCount] { [] }

  private func shellCommand(_ line: String) -> Command {
    Command(executable: ssh, arguments: ["-o", "BatchMode=yes", "--", host, line])
  }

  private func shell(_ line: String) throws(BoardError) {
    try require(shellCommand(line))
  }

  private func copy(_ sources: [String], to target: String) throws(BoardError) {
    try require(
      Command(
        executable: scp, arguments: ["-q", "-o", "BatchMode=yes", "--"] + sources + [target]))
  }

  private func require(_ command: Command) throws(BoardError) {
    let outcome = try command.run()
    guard outcome.status == 0 else {
      throw .runFailed(command: command.line, output: outcome.text)
    }
  }
}
