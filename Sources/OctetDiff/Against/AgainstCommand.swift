import Foundation
import OctetSystem

/// A program that runs a model elsewhere: it is given a folder of inputs and one to fill.
package struct AgainstCommand {
  /// A line for the shell, to which both folders are added.
  package var line: String
  package var timeLimitSeconds: Int

  package init(_ line: String, timeLimitSeconds: Int) {
    self.line = line
    self.timeLimitSeconds = timeLimitSeconds
  }

  /// The most that is shown of what the program said.
  private static let outputLimit = 2000

  /// Writes the inputs, runs the program once, and reads what it left.
  ///
  /// - Returns: the dump, and what the program printed.
  package func run(
    _ inputs: AgainstInputs, for against: Against
  ) throws(AgainstError) -> (dump: DumpFolder, said: String) {
    let temporary: TemporaryFolder
    do {
      temporary = try TemporaryFolder()
    } catch {
      throw .cannotWrite(
        path: FileManager.default.temporaryDirectory.path,
        problem: "a temporary folder cannot be made: \(error)")
    }
    defer { temporary.remove() }
    let (given, made) = (temporary.path + "/inputs", temporary.path + "/tensors")
    try against.write(inputs, to: given)
    do {
      try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: made, problem: error.localizedDescription)
    }
    let said = try start(given, made)
    return (try DumpFolder(made), said)
  }

  private func start(_ inputs: String, _ tensors: String) throws(AgainstError) -> String {
    let process = ChildProcess(
      executable: "/bin/sh", arguments: ["-c", line + " \"$1\" \"$2\"", "sh", inputs, tensors],
      timeLimitSeconds: timeLimitSeconds)
    let outcome: ChildProcess.Outcome
    do {
      outcome = try process.run()
    } catch {
      throw .cannotStart(command: line, problem: error.description)
    }
    var said = String(decoding: outcome.output.suffix(Self.outputLimit), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    if outcome.output.count > Self.outputLimit { said = "…" + said }
    guard let status = outcome.status else {
      throw .timedOut(command: line, seconds: timeLimitSeconds)
    }
    // The shell's own statuses for what it cannot find or start.
    if status == 127 { throw .missing(line) }
    if status == 126 { throw .cannotStart(command: line, problem: "it is no program") }
    guard status == 0 else {
      throw .failed(command: line, status: Int(status), output: said)
    }
    return said
  }
}

extension Against {
  /// Writes inputs as a dump: codes of an int8 model, otherwise float32, channels last.
  package func write(_ inputs: AgainstInputs, to path: String) throws(AgainstError) {
    var entries: [DumpFolder.Entry] = []
    var files: [String: [UInt8]] = [:]
    for (index, port) in ports.enumerated() {
      let file = "input\(index).raw"
      var bytes: [UInt8] = []
      for sample in 0..<inputs.sampleCount {
        if port.codes != nil {
          bytes += inputs.codes(sample, of: index, port).map { UInt8(bitPattern: $0) }
        } else {
          bytes += inputs.sample(sample, of: index).flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
          }
        }
      }
      files[file] = bytes
      // A leading 1 is the model's own batch.
      let sizes = port.shape.count > 1 && port.shape[0] == 1 ? Array(port.shape[1...]) : port.shape
      entries.append(
        DumpFolder.Entry(
          name: port.name, file: file, role: .input, shape: [inputs.sampleCount] + sizes,
          type: port.codes?.type ?? "float32", scale: port.codes?.scale,
          zeroPoint: port.codes?.zeroPoint, layout: port.shape.count == 4 ? "NHWC" : nil))
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let manifest = DumpFolder.Manifest(runtime: nil, tensors: entries)
      try encoder.encode(manifest).write(to: URL(fileURLWithPath: path + "/manifest.json"))
      for (name, bytes) in files {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
      }
    } catch {
      throw .cannotWrite(path: path, problem: error.localizedDescription)
    }
  }
}
