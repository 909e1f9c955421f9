import Foundation
import Testing

/// `quantize --train-epochs`: what it writes, says and refuses.
@Suite struct QuantizedTrainingTests {
  private let start = "quantize m.onnx --data data --calibration-samples 20 --weights int4"

  @Test func trains() async throws {
    let folder = try await Workshop.shared.folder()
    var files: [Data] = []
    for threads in 1...2 {
      let run = try await workshop(
        "\(start) -o qat\(threads).oct --train-epochs 2 --threads \(threads) --json")
      #expect(run.status == 0, "\(run.stderr)")
      let training = try #require(try run.json()["training"] as? [String: Any])
      #expect((training["epochs"] as? [[String: Any]])?.count == 2)
      #expect(training["imageCount"] as? Int == 83 && training["validationImageCount"] as? Int == 7)
      let (before, after) = (training["startAccuracy"] as? Double, training["accuracy"] as? Double)
      #expect(try #require(after) >= #require(before))
      #expect(training["wasInterrupted"] as? Bool == false)
      files.append(try Data(contentsOf: folder.appendingPathComponent("qat\(threads).oct")))
    }
    #expect(files[0] == files[1])
    #expect(try await workshop("verify qat1.oct").status == 0)
  }

  @Test(arguments: [
    "--fixed-steps", "--distill 1 --temperature 4", "--distill 0 --train-rate 0.01",
  ])
  func options(_ option: String) async throws {
    let run = try await workshop("\(start) -o option.oct --force --train-epochs 1 \(option) --json")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try run.json()["training"] != nil)
  }

  /// In a contract it comes after rounding, and only where that does not hold it.
  @Test func contract() async throws {
    let held = try await workshop(
      "\(start) -o rung.oct --force --max-drop 0.5 --train-epochs 1 --json")
    #expect(held.status == 0, "\(held.stderr)")
    #expect(try held.json()["training"] == nil)
    let missed = try await workshop(
      "\(start) -o rung.oct --force --max-drop 0.0001 --train-epochs 1 --json")
    #expect(missed.status == 1)
    let ladder = try #require(try missed.json()["ladder"] as? [[String: Any]])
    let rungs = ladder.compactMap { $0["rung"] as? String }
    let place = try #require(rungs.firstIndex(of: "training"), "\(rungs)")
    #expect(rungs[place - 1] == "rounding" && rungs[place + 1] == "int16")
    #expect(try missed.json()["training"] != nil)
  }

  @Test func refusals() async throws {
    let cases: [(options: String, status: Int32, word: String)] = [
      ("--distill 0.5", 64, "--train-epochs"), ("--fixed-steps", 64, "--train-epochs"),
      ("--train-epochs 0", 64, "--train-epochs"), ("--train-epochs 1 --distill 2", 64, "--distill"),
      ("--train-epochs 1 --int16 all", 65, "int16"),
    ]
    for (options, status, word) in cases {
      let run = try await workshop(
        "quantize m.onnx --data data --calibration-samples 20 -o no.oct \(options) --json")
      #expect(run.isFailure(status, word), "\(options): \(run)")
    }
    let raw = try await workshop(
      "quantize m.onnx --raw-input m.onnx -o no.oct --train-epochs 1 --json")
    #expect(raw.isFailure(64, "--train-epochs"), "\(raw)")
  }

  /// Ctrl-C before the end of the first epoch writes nothing; what was there stays.
  @Test(.enabled(if: !Signal.isInterruptIgnored)) func interrupted() async throws {
    let folder = try await Workshop.shared.folder()
    let file = folder.appendingPathComponent("stopped.oct")
    try Data("old".utf8).write(to: file)
    let run = try await octet(
      ["quantize", "m.onnx", "--data", "data", "--calibration-samples", "20", "-o", "stopped.oct"]
        + ["--force", "--train-epochs", "1000", "--json"], in: folder,
      signals: [Signal(SIGINT, after: "training in int8")])
    #expect(run.status == 130, "\(run)")
    let isOld = try Data(contentsOf: file) == Data("old".utf8)
    #expect(isOld == run.stderr.contains("nothing was written"))
  }
}
