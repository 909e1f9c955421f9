import Foundation
import OctetBoards
import OctetCompiler
import OctetRuntime
import Testing

/// A Linux firmware as somebody calls it by hand: what it says and how it ends.
@Suite(.enabled(if: isInstalled("qemu-arm"), "QEMU is not installed"))
struct LinuxFirmwareTests {
  /// Arguments, the status, and a part of what is printed.
  private static let calls: [(arguments: String, status: Int32, text: String)] = [
    ("", 64, "usage: firmware MODEL"),
    ("-", 64, "usage: firmware MODEL"),
    ("model samples", 64, "usage: firmware MODEL"),
    ("model samples out report trace times more", 64, "usage: firmware MODEL"),
    ("nowhere", 66, "firmware: cannot open nowhere: there is no such file"),
    ("folder", 66, "firmware: cannot map folder: this is a folder"),
    ("pipe", 66, "firmware: cannot map pipe: this is not a regular file"),
    ("empty", 65, "shorter than a blob's header"),
    ("cut", 65, "the byte count in the header is not that of the data"),
    ("unlike", 1, "firmware: the self-test gave other bytes than on the host"),
    ("model", 0, "self-test passed"),
    ("model - - report", 0, "self-test passed"),
    ("model nowhere out", 66, "firmware: cannot open nowhere: there is no such file"),
    ("model folder out", 74, "firmware: cannot read folder: this is a folder"),
    ("model empty out", 65, "firmware: cannot run empty: there is no sample in it"),
    ("model short out", 65, "the input has not the number of bytes that the model needs"),
    ("model samples folder/nowhere/out", 73, "firmware: cannot write folder/nowhere/out: "),
    ("model samples /dev/full", 74, "firmware: cannot write /dev/full: no space is left"),
    ("model samples - /dev/full", 74, "firmware: cannot write /dev/full: no space is left"),
    ("model samples - - /dev/full", 74, "firmware: cannot write /dev/full: no space is left"),
    ("model samples out", 0, ""),
  ]

  @Test("Every end has its status and its sentence")
  func ends() throws {
    let (blob, firmware) = try Built.perceptron(try Board.named("linux-armv7"))
    try withTemporaryFolder { folder in
      func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
      }
      try write("model", blob.bytes)
      try write("cut", Array(blob.bytes.dropLast(4)))
      try write("unlike", Self.withOtherSelfTest(blob.bytes))
      try write("empty", [])
      try write("samples", LeNet.samples(3, byteCount: 16))
      try write("short", LeNet.samples(1, byteCount: 17))
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("folder"), withIntermediateDirectories: false)
      for call in Self.calls {
        let isPipe = call.arguments == "pipe"
        let outcome = try run(
          firmware, isPipe ? ["/dev/stdin"] : call.arguments.split(separator: " ").map(String.init),
          in: folder, withPipe: isPipe)
        let expected = call.text.replacingOccurrences(of: "pipe", with: "/dev/stdin")
        #expect(outcome.status == call.status, "'\(call.arguments)': \(outcome.text)")
        #expect(
          expected.isEmpty || outcome.text.contains(expected),
          "'\(call.arguments)': \(outcome.text)")
        #expect(call.text.isEmpty == outcome.text.isEmpty, "'\(call.arguments)'")
      }
      let outputs = try Data(contentsOf: folder.appendingPathComponent("out"))
      #expect(outputs.count == 9)
    }
  }

  private func run(
    _ firmware: Firmware, _ arguments: [String], in folder: URL, withPipe: Bool
  ) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path(of: "qemu-arm")))
    process.arguments = ["-cpu", "cortex-a8", firmware.elf.path] + arguments
    process.currentDirectoryURL = folder
    let (input, output) = (Pipe(), Pipe())
    if withPipe { process.standardInput = input } else { process.standardInput = nil }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.close()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  /// A sound blob whose self-test starts from another seed than its results did.
  private static func withOtherSelfTest(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes[BlobHeader.selfTestSeed.offset] ^= 2
    bytes.putChecksum()
    return bytes
  }
}
