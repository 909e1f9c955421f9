import Foundation
import Testing

@Suite struct EvaluateTests {
  /// The float model, its blob and its TFLite file alike.
  @Test func everyFormat() async throws {
    let exported = try await workshop("export m.oct --to tflite -o evaluated.tflite")
    #expect(exported.status == 0)
    var accuracies: [Double] = []
    for file in ["m.onnx", "m.oct", "evaluated.tflite"] {
      let run = try await workshop("evaluate \(file) --data data --json --test-only")
      #expect(run.status == 0, "\(run.stderr)")
      let found = try #require(try run.json()["assessment"] as? [String: Any])
      accuracies.append(try #require(found["accuracy"] as? Double))
    }
    #expect(accuracies[1] == accuracies[2] && abs(accuracies[0] - accuracies[1]) < 0.2)
  }

  /// Two times the same model is the model; views and models add up; the page is there.
  @Test func ensembleAndPage() async throws {
    let alone = try await workshop("evaluate m.onnx --data data --json --test-only")
    let run = try await workshop(
      "evaluate m.onnx m.onnx --data data --json --crops 2 --mirror --html evaluated.html")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    #expect((json["members"] as? [[String: Any]])?.count == 2 && json["viewCount"] as? Int == 4)
    let errors = try #require(json["errors"] as? [String: Any])
    for key in ["train", "development", "test"] { #expect(errors[key] is NSNumber, "\(key)") }
    let twice = try await workshop("evaluate m.onnx m.onnx --data data --json --test-only")
    for key in ["accuracy", "logLoss"] {
      let values = try [alone, twice].map {
        ((try $0.json())["assessment"] as? [String: Any])?[key] as? Double
      }
      #expect(values[0] != nil && values[0] == values[1])
    }
    let page = try await Workshop.shared.folder().appendingPathComponent("evaluated.html")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("Worst mistakes") && !text.contains("<script"))
  }

  @Test func refusals() async throws {
    #expect(try await workshop("evaluate --data data --json").isFailure(64))
    #expect(try await workshop("evaluate nothing.onnx --data data --json").isFailure(66))
    #expect(try await workshop("evaluate m.onnx --json").isFailure(65, "12"))
    #expect(try await workshop("evaluate m.onnx --data data --crops 10 --json").isFailure(64))
  }
}
