import Foundation
import Testing

/// `quantize` with limits: it writes what holds them, and nothing else.
@Suite struct ContractTests {
  private func found(_ run: Run) throws -> (contract: [String: Any], ladder: [[String: Any]]) {
    let json = try run.json()
    return (
      try #require(json["contract"] as? [String: Any]),
      try #require(json["ladder"] as? [[String: Any]])
    )
  }

  @Test func holds() async throws {
    let run = try await workshop(
      "quantize m.onnx --data data -o held.oct --calibration-samples 20 --max-drop 0.2 "
        + "--max-flash 200K --max-arena 64K --json")
    #expect(run.status == 0, "\(run.stderr)")
    let (contract, ladder) = try found(run)
    #expect(contract["holds"] as? Bool == true)
    // All test images, and those of the training images that calibration has not drawn.
    #expect(contract["heldBackSampleCount"] as? Int == 30 + 90 - 20)
    #expect(contract["confidence"] as? Double ?? 0 > 0.95)
    #expect(ladder.last?["holds"] as? Bool == true)
    #expect(ladder.dropLast().allSatisfy { $0["holds"] as? Bool == false })
    let clauses = try #require(contract["clauses"] as? [[String: Any]])
    #expect(clauses.map { $0["name"] as? String } == ["max-drop", "max-flash", "max-arena"])
    let folder = try await Workshop.shared.folder()
    let bytes = try Data(contentsOf: folder.appendingPathComponent("held.oct"))
    #expect(bytes.count == ladder.last?["fileByteCount"] as? Int)
  }

  /// Nothing is written, a file that was there stays, and every clause that is missed is named.
  @Test func broken() async throws {
    let folder = try await Workshop.shared.folder()
    let file = folder.appendingPathComponent("broken.oct")
    try Data("old".utf8).write(to: file)
    let run = try await workshop(
      "quantize m.onnx --data data -o broken.oct --force --calibration-samples 20 --max-drop 0.2 "
        + "--max-flash 1K --max-arena 100 --json")
    #expect(run.status == 1)
    #expect(try Data(contentsOf: file) == Data("old".utf8))
    for words in ["--max-flash 1024", "--max-arena 100", "too many", "nothing was written"] {
      #expect(run.stderr.contains(words), "\(words): \(run.stderr)")
    }
    #expect(!run.stderr.contains("--max-drop 0.2:"))
    let (contract, _) = try found(run)
    #expect(contract["holds"] as? Bool == false)
    let clauses = try #require(contract["clauses"] as? [[String: Any]])
    #expect(clauses.map { $0["holds"] as? Bool } == [true, false, false])
    let missed = clauses[1]["missedBy"] as? Double ?? 0
    #expect(missed == (clauses[1]["value"] as? Double ?? 0) - 1024)
  }

  /// Too few samples show nothing, however good the model: every rung is tried, and it is said.
  @Test func luckDoesNotPass() async throws {
    let run = try await workshop(
      "quantize m.onnx --data data -o luck.oct --calibration-samples 20 --max-drop 0.001 --json")
    #expect(run.status == 1)
    #expect(run.stderr.contains("samples or more"), "\(run.stderr)")
    let (_, ladder) = try found(run)
    let rungs = [
      "ranges", "equalization", "bias-correction", "rounding", "int16", "more-int16", "all-int16",
    ]
    #expect(ladder.map { $0["rung"] as? String } == rungs)
  }

  /// Without labels decisions are compared with the float model's; the same seed splits alike.
  @Test func rawSamples() async throws {
    let folder = try await Workshop.shared.folder()
    var values: [Float] = []
    for seed in 0..<40 {
      values += Pictures.pixels(label: seed % 3, seed: seed).map { Float($0) / 255 }
    }
    try values.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("all.f32"))
    var files: [Data] = []
    for name in ["one", "two"] {
      let run = try await workshop(
        "quantize m.onnx --raw-input all.f32 -o raw-\(name).oct --max-drop 0.5 --min-sqnr 3 --json")
      #expect(run.status == 0, "\(run.stderr)")
      let (contract, ladder) = try found(run)
      #expect(contract["heldBackSampleCount"] as? Int == 20)
      #expect(ladder[0]["floatAccuracy"] == nil && ladder[0]["agreement"] != nil)
      files.append(try Data(contentsOf: folder.appendingPathComponent("raw-\(name).oct")))
    }
    #expect(files[0] == files[1])
    try values.prefix(144).withUnsafeBytes { Data($0) }
      .write(to: folder.appendingPathComponent("single.f32"))
    let single = try await workshop(
      "quantize m.onnx --raw-input single.f32 -o x.oct --max-drop 0.5 --json")
    #expect(single.isFailure(65, "held back"))
  }

  /// A blob that is too large gets weights of int4 in as many layers as it takes, no more.
  @Test func smallerWeights() async throws {
    let whole = try await workshop(
      "quantize m.onnx --data data -o whole.oct --calibration-samples 8 --calibrator min-max "
        + "--json")
    let size = try #require(try whole.json()["fileByteCount"] as? Int)
    let run = try await workshop(
      "quantize m.onnx --data data -o small.oct --calibration-samples 8 --calibrator min-max "
        + "--max-flash \(size - 64) --json")
    #expect(run.status == 0, "\(run.stderr)")
    let (contract, ladder) = try found(run)
    #expect(contract["rung"] as? String == "int4")
    let layers = try #require(ladder.last?["int4Layers"] as? [String])
    #expect(!layers.isEmpty)
    #expect(ladder.last?["fileByteCount"] as? Int ?? 0 <= size - 64)
  }

  /// What a limit of cycles needs is said before anything is made.
  @Test func cycles() async throws {
    let words = "quantize m.onnx --data data -o cycles.oct --calibration-samples 8 "
    let foreign = try await workshop(words + "--max-cycles 1000 --board linux-aarch64")
    #expect(foreign.isFailure(64, "no cycles are modelled of linux-aarch64"), "\(foreign)")
    let alone = try await workshop(words + "--board cortex-m4")
    #expect(alone.isFailure(64, "give that, too"), "\(alone)")
    let folder = try await Workshop.shared.folder()
    let bare = try await octet(
      (words + "--max-cycles 1000").split(separator: " ").map { String($0) }, in: folder,
      environment: ["PATH": "/nonexistent"])
    #expect(bare.isFailure(66, "'qemu-system-arm' was not found on the PATH"), "\(bare)")
  }

  /// Every rung has an option; three runs have each of their values.
  @Test(arguments: [
    "--equalize cross-layer --rounding adaround --calibrator kl --int16 all",
    "--equalize absorb --bias-correction analytic --rounding nearest --calibrator percentile",
    "--equalize none --bias-correction none --rounding error-feedback --calibrator mse",
  ])
  func rungsByHand(options: String) async throws {
    let name = options.filter { $0.isLetter }
    let run = try await workshop(
      "quantize m.onnx --data data -o \(name).oct --calibration-samples 8 \(options) --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    let outputs = try #require(json["outputs"] as? [[String: Any]])
    #expect(outputs[0]["sqnrDecibels"] as? Double ?? 0 > 10)
    let layers = try #require(json["int16Layers"] as? [String])
    #expect(layers.isEmpty == !options.contains("int16"))
    let wrong = try await workshop(
      "quantize m.onnx --data data -o wrong.oct --calibration-samples 8 --int16 nothing")
    #expect(wrong.isFailure(65, "no layer 'nothing'"))
  }
}
