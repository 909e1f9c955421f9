import Foundation
import TestData
import Testing

/// `octet diff MODEL --against`: commands that run, fail, hang and leave half of what they should.
@Suite struct AgainstCommandTests {
  /// Writes a script into the workshop's folder.
  private func script(_ text: String, _ name: String) async throws -> URL {
    let folder = try await Workshop.shared.folder()
    let file = folder.appendingPathComponent(name)
    try Data(("#!/bin/sh\n" + text + "\n").utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    return folder
  }

  /// The name of the model's output.
  private func outputName() async throws -> String {
    let json = try await workshop("inspect m.oct --json").json()
    let outputs = try #require(json["outputs"] as? [[String: Any]])
    return try #require(outputs[0]["name"] as? String)
  }

  @Test("A command is given inputs and makes tensors; its words are passed on")
  func runsCommand() async throws {
    let name = try await outputName()
    let folder = try await script(
      "echo at work >&2; \"$OCTET\" run m.oct --raw-input \"$1/input0.raw\" --raw-output "
        + "\"$2/\(name).raw\" --quiet >/dev/null", "same.sh")
    let run = try await shell(
      "\"$OCTET\" diff m.oct --against ./same.sh --json --samples 3", in: folder)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stderr.contains("at work"))
    let against = try #require(try run.json()["against"] as? [String: Any])
    #expect(against["sampleCount"] as? Int == 3 && against["first"] == nil)
    #expect((against["tensors"] as? [Any])?.count == 1)
    // One byte off: a gate may miss it.
    _ = try await script(
      "./same.sh \"$1\" \"$2\" 2>/dev/null; printf '\\177' | dd of=\"$2/\(name).raw\" bs=1 "
        + "conv=notrunc 2>/dev/null", "other.sh")
    let other = try await shell(
      "\"$OCTET\" diff m.oct --against ./other.sh --data data --max-steps 0", in: folder)
    #expect(other.status == 1 && other.stderr.contains("--max-steps 0"), "\(other)")
    #expect(other.stdout.contains("first of 1 tensors that differs"))
    let both = try await shell(
      "\"$OCTET\" diff m.onnx m.oct --data data --against ./same.sh --json", in: folder)
    let report = try both.json()
    #expect(both.status == 0 && report["against"] != nil, "\(both.stderr)")
  }

  @Test("What goes wrong with a command is one sentence and the right status")
  func tellsFailures() async throws {
    let folder = try await script("echo no memory >&2; exit 3", "fails.sh")
    _ = try await script("sleep 30", "hangs.sh")
    _ = try await script("exit 0", "idle.sh")
    _ = try await script("printf 'abc' > \"$2/x.f32\"", "half.sh")
    try Data("no program".utf8).write(to: folder.appendingPathComponent("plain.txt"))
    let name = try await outputName()
    _ = try await script("printf 'abc' > \"$2/\(name).raw\"", "few.sh")
    let cases: [(arguments: [String], status: Int32, word: String)] = [
      (["--against", "./fails.sh"], 65, "status 3 and said: no memory"),
      (["--against", "./hangs.sh", "--timeout", "1"], 74, "within 1 s"),
      (["--against", "./idle.sh"], 65, "has no tensors"),
      (["--against", "./half.sh"], 65, "no whole number of float32"),
      (["--against", "./few.sh"], 65, "has 3 values"),
      (["--against", "./no-such-program"], 66, "neither a folder"),
      (["--against", "./plain.txt"], 74, "is no program"),
      (["--against", "nowhere/"], 66, "neither a folder"),
      (["--against", "data"], 65, "has no tensors"),
      ([], 64, "needs --against"),
      (["--max-steps", "1", "--board", "cortex-m4"], 64, "--max-steps"),
      (["--baud", "9600", "--board", "cortex-m4"], 64, "--baud belongs to --port"),
      (["--board", "cortex-m4", "--port", "/dev/null"], 64, "not both"),
      (["--port", "/dev/null"], 74, "no serial line"),
      (["--port", "/dev/no-such"], 66, "cannot be opened"),
    ]
    for (arguments, status, word) in cases {
      let run = try await octet(["diff", "m.oct"] + arguments + ["--json"], in: folder)
      #expect(run.isFailure(status, word), "\(arguments): \(run)")
    }
  }

  /// The Python with the peers' packages, as `Tools/dump-tensors` finds it.
  private static let python = ProcessInfo.processInfo.environment["OCTET_PEERS_VENV"].map {
    $0 + "/bin/python"
  }

  @Test(
    "TensorFlow Lite Micro has every byte, LiteRT is off by rounding at most, ONNX Runtime agrees",
    .needing("models/lenet/lenet_mnist_int8.tflite", "models/lenet/lenet_mnist_pytorch.onnx"),
    .enabled(if: python.map { FileManager.default.isExecutableFile(atPath: $0) } ?? false))
  func comparesPeers() async throws {
    let tool = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Tools/dump-tensors").standardizedFileURL.path
    let environment = [
      "OCTET_PEERS_VENV": ProcessInfo.processInfo.environment["OCTET_PEERS_VENV"] ?? ""
    ]
    for (peer, file, most) in [
      ("tflm", "lenet_mnist_int8.tflite", 0.0), ("litert", "lenet_mnist_int8.tflite", 1),
      ("onnxruntime", "lenet_mnist_pytorch.onnx", 0),
    ] {
      let model = try SharedData.url("models/lenet/" + file).path
      let run = try await octet(
        [
          "diff", model, "--against", "\(Self.python!) '\(tool)' \(peer) '\(model)'", "--json",
          "--max-steps", "\(most)",
        ], environment: environment, timeout: 120)
      #expect(run.status == 0, "\(peer): \(run.stderr)")
      let against = try #require(try run.json()["against"] as? [String: Any])
      #expect((against["tensors"] as? [Any])?.count ?? 0 >= 5, "\(peer)")
      if most == 0 { #expect(against["first"] == nil, "\(peer): \(against)") }
    }
  }
}
