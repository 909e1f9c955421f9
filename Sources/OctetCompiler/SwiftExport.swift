import OctetRuntime

/// A blob as a Swift source file, for Embedded Swift too: a constant that optimised builds place in
/// flash and read there.
public enum SwiftExport {
  /// - Parameters:
  ///   - name: becomes the type's name; letters, digits and underscores are kept.
  public static func text(_ blob: Blob, name: String) throws(ModelError) -> String {
    let blob = try blob.forFirmware()
    let model = try blob.model()
    let type = ExportName(name).camelCase
    let bytes = blob.bytes
    // Words of 64 bits: an eighth of the literals for the compiler, and aligned enough.
    let words = stride(from: 0, to: bytes.count, by: 8).map { start in
      (0..<8).reduce(UInt64(0)) { word, index in
        let byte = start + index < bytes.count ? bytes[start + index] : 0
        return word | UInt64(byte) << UInt64(8 * index)
      }
    }
    var text = """
      // \(type), an Octet model: int8 weights and all that the runtime needs to run it.
      // Made by 'octet export --to swift'.

      public enum \(type) {
        public static let byteCount = \(blob.count)
        public static let arenaByteCount = \(model.arenaByteCount)

        /// The blob, for `Model(validating:)`. Neither bytes nor model may leave `body`.
        @inline(__always)
        public static func withBytes<Result, Failure: Error>(
          _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
          try unsafe withUnsafeBytes(of: words) { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
          }
        }

        private static let words: [\(words.count) of UInt64] = [

      """
    for start in stride(from: 0, to: words.count, by: 4) {
      let line = words[start..<min(start + 4, words.count)].map { "0x\(String($0, radix: 16))" }
      text += "    \(line.joined(separator: ", ")),\n"
    }
    return text + "  ]\n}\n"
  }
}
