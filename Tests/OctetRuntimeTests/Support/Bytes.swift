import BlobFuzz
import OctetCompiler
import OctetRuntime

/// How much work a test does: `swift test` alone stays quick, a release build goes all the way.
enum Effort {
  static func count(debug: Int, release: Int) -> Int {
    #if DEBUG
      debug
    #else
      release
    #endif
  }
}

extension [UInt8] {
  func u32(_ offset: Int) -> UInt32 { word(at: offset) }
}

/// Why `bytes` are refused, nil when they are a model. They stand in memory of exactly their size,
/// so that the address sanitizer sees any read beyond.
func refusal(_ bytes: [UInt8]) -> ModelError? {
  do throws(ModelError) {
    _ = try LoadedModel(bytes)
    return nil
  } catch {
    return error
  }
}
