import Foundation
import Testing

@Suite struct DemoTests {
  /// The whole story on a few pictures. It times thousands of inferences: only for release builds.
  @Test(.enabled(if: isOptimized, "it needs a release build to be quick"))
  func json() async throws {
    let run = try await workshop("demo --data data --out demo --epochs 1 --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    for key in ["floatTop1", "int8Top1", "agreement", "medianNanoseconds"] {
      #expect(json[key] is NSNumber, "\(key)")
    }
    let verified = try await workshop("verify demo/lenet.oct")
    #expect(verified.status == 0)
    #expect(try await workshop("inspect demo/lenet.onnx").status == 0)
  }

  @Test func failures() async throws {
    #expect(try await workshop("demo --data nowhere --json").isFailure(66, "nowhere"))
    #expect(try await workshop("demo --out m.oct/x --json").isFailure(73, "m.oct/x"))
    #expect(try await workshop("demo --epochs none --json").isFailure(64, "none"))
  }

  private static var isOptimized: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }
}
