import Foundation
import Testing

@Suite struct QuantizeTests {
  @Test(arguments: ["auto", "min-max", "percentile", "mse"])
  func json(calibrator: String) async throws {
    let run = try await workshop(
      "quantize m.onnx --data data -o \(calibrator).oct --calibrator \(calibrator) "
        + "--calibration-samples 10 --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    let sizes = [
      "fileByteCount", "weightByteCount", "arenaByteCount", "arenaLowerBoundByteCount",
    ]
    for key in sizes { #expect(json[key] as? Int ?? 0 > 0, "\(key)") }
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(layers.map { $0["name"] as? String } == ["conv1", "conv2", "fc1", "fc2", "fc3"])
    #expect(layers.first?["operator"] as? String == "convolution")
    let outputs = try #require(json["outputs"] as? [[String: Any]])
    #expect(outputs.count == 1 && outputs[0]["isLost"] as? Bool == false)
    #expect(outputs[0]["sqnrDecibels"] as? Double ?? 0 > 10)
    #expect((json["search"] != nil) == (calibrator == "auto"))
    let folder = try await Workshop.shared.folder()
    let file = try Data(contentsOf: folder.appendingPathComponent("\(calibrator).oct"))
    #expect(file.count == json["fileByteCount"] as? Int)
  }

  @Test func threadsChangeNothing() async throws {
    let folder = try await Workshop.shared.folder()
    var files: [Data] = []
    for threads in 1...3 {
      let run = try await workshop(
        "quantize m.onnx --data data -o t\(threads).oct --threads \(threads) "
          + "--calibration-samples 20")
      #expect(run.status == 0)
      files.append(try Data(contentsOf: folder.appendingPathComponent("t\(threads).oct")))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  @Test func failures() async throws {
    let cases: [(line: String, status: Int32, word: String)] = [
      ("quantize m.onnx --data data", 64, "-o FILE"),
      ("quantize m.onnx --data data -o x.oct --calibrator best", 64, "best"),
      ("quantize m.onnx --data data -o x.oct --std 0", 64, "--std"),
      ("quantize m.onnx --data data -o x.oct --mean 1,2 --std 1", 64, "--mean"),
      ("quantize m.onnx --data data --raw-input m.onnx -o x.oct", 64, "--raw-input"),
      ("quantize m.onnx --raw-input m.onnx --mean 1 -o x.oct", 64, "--raw-input"),
      ("quantize m.onnx --raw-input none.f32 -o x.oct", 66, "none.f32"),
      ("quantize m.onnx --raw-input m.onnx -o x.oct", 65, "float32"),
      ("quantize nothing.onnx --data data -o x.oct", 66, "nothing.onnx"),
      ("quantize m.onnx --data nowhere -o x.oct", 66, "nowhere"),
      ("quantize m.oct --data data -o x.oct", 65, "m.oct"),
      ("quantize m.onnx --data large -o x.oct", 65, "20×20"),
      ("quantize m.onnx --data data -o no/where.oct", 73, "no"),
      ("quantize m.onnx --data data -o data", 73, "folder"),
    ]
    for (line, status, word) in cases {
      let run = try await workshop("\(line) --json")
      #expect(run.isFailure(status, word), "\(line): \(run)")
    }
  }

  @Test func truncatedModel() async throws {
    let folder = try await Workshop.shared.folder()
    let whole = try Data(contentsOf: folder.appendingPathComponent("m.onnx"))
    try await withTemporaryFolder { temporary in
      for count in [0, 1, 10, whole.count / 2, whole.count - 1] {
        try whole.prefix(count).write(to: temporary.appendingPathComponent("cut.onnx"))
        let run = try await octet(
          "quantize", "cut.onnx", "--data", folder.appendingPathComponent("data").path, "-o",
          "x.oct", "--json", in: temporary)
        #expect(run.isFailure(65, "cut.onnx"), "\(count) bytes: \(run)")
      }
    }
  }
}
