import Foundation
import OctetRuntime

/// A blob as a Swift source file: a type with the model's shapes and `predict`, which takes and
/// gives arrays of the very sizes. It imports `OctetLinkedModel`, a part of the product
/// `OctetRuntime`.
///
/// In Embedded Swift the blob is a constant in flash and the arena a static array; only the
/// operators of the model are called, so a linker drops all others.
public struct SwiftExport {
  private let blob: Blob
  private let model: LoadedModel
  private let type: String
  let inputs: [Port]
  let outputs: [Port]

  /// The source text.
  ///
  /// - Parameter name: becomes the type's name; letters, digits and underscores are kept.
  public static func text(_ blob: Blob, name: String) throws(ModelError) -> String {
    try SwiftExport(blob, name: name).text
  }

  private init(_ whole: Blob, name: String) throws(ModelError) {
    blob = try whole.forFirmware()
    let model = try blob.model()
    self.model = model
    type = ExportName(name).typeName
    inputs = Port.all((0..<model.inputCount).map { model.input($0) }, kind: "input")
    outputs = Port.all((0..<model.outputCount).map { model.output($0) }, kind: "output")
  }

  private var text: String {
    """
    // \(type), an Octet model: int8 weights and all that the runtime needs to run it.
    // Made by 'octet export --to swift'.

    import OctetLinkedModel

    /// One inference at a time: other threads wait; where there are none, an interrupt that comes
    /// in between stops the program.
    public enum \(type) {
      /// Bytes of the blob.
      public static var byteCount: Int { \(blob.count) }
      /// Bytes of memory for activations.
      public static var arenaByteCount: Int { \(model.arenaByteCount) }
    \((inputs + outputs).map(\.constants).joined())\(labels)\(predictions)\(operators)}

    \(memory)
    """
  }

  /// The names of the classes.
  private var labels: String {
    let labels = model.labels
    guard !labels.isEmpty else { return "" }
    let cases = labels.enumerated().map { "    case \($0): \(Self.literal($1))\n" }.joined()
    return """

        /// Classes.
        public static var labelCount: Int { \(labels.count) }

        /// The name of class `index`, in 0 ..< `labelCount`.
        public static func label(_ index: Int) -> StaticString {
          switch index {
      \(cases)    default: preconditionFailure("there is no such class")
          }
        }

      """
  }

  static func literal(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar == "\"" || scalar == "\\" || scalar.value < 32 || scalar.value == 127
        ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return "\"\(escaped.joined())\""
  }

  // MARK: Operators

  /// The calls in order, and the same with the self-test's checks between them.
  private var operators: String {
    let names = (0..<model.operatorCount).map { model.operator($0).kindName }
    let calls = names.enumerated().map { "    model.\($1)(\($0))\n" }
    let checks = names.indices.map { "    if !model.isAsRecorded(\($0)) { return \($0) }\n" }
    let stops = names.indices.map { "    stop(&ticks[\($0)])\n" }
    return """

        /// Runs the model on inputs made from the blob's seed and compares each operator's result
        /// with what the host recorded. Nil when all match, otherwise the index of the first
        /// operator that differs.
        public static func selfTest() -> Int? {
          withModel { model in selfTest(&model) }
        }

        private static func selfTest(_ model: inout LinkedModel) -> Int? {
          model.fillInputsForSelfTest()
      \(zip(calls, checks).map { $0 + $1 }.joined())    return nil
        }

        /// How many operators an inference runs, one after the other.
        public static var operatorCount: Int { \(names.count) }

        /// Runs the model on the self-test's inputs and reads `clock` before the first operator and
        /// after each: what each took, in 32 bits of whatever the clock counts.
        public static func operatorTicks(
          _ clock: () -> UInt32
        ) -> [\(names.count) of UInt32] {
          withModel { model in
            model.fillInputsForSelfTest()
            var ticks = [\(names.count) of UInt32](repeating: 0)
            time(model, clock, &ticks)
            return ticks
          }
        }

        private static func time(
          _ model: borrowing LinkedModel, _ clock: () -> UInt32,
          _ ticks: inout [\(names.count) of UInt32]
        ) {
          var start = clock()
          func stop(_ ticks: inout UInt32) {
            let now = clock()
            ticks = now &- start
            start = now
          }
      \(zip(calls, stops).map { $0 + $1 }.joined())  }

        private static func run(_ model: borrowing LinkedModel) {
      \(calls.joined())  }

      """
  }

  // MARK: Memory

  private var arenaWordCount: Int { max(model.arenaByteCount + 7, 8) / 8 }

  private var memory: String {
    """
    #if hasFeature(Embedded)
      extension \(type) {
        /// The blob, for `Model(validating:)`. Neither bytes nor model may leave `body`.
        @inline(__always)
        public static func withBytes<Result, Failure: Error>(
          _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
          try unsafe withUnsafeBytes(of: words) { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
          }
        }

        @inline(__always)
        private static func withModel<Result>(_ body: (inout LinkedModel) -> Result) -> Result {
          precondition(unsafe !isRunning, "\(type) runs already")
          unsafe isRunning = true
          defer { unsafe isRunning = false }
          return unsafe withBytes { blob in
            unsafe withUnsafeMutableBytes(of: &arena) { arena in
              var model = unsafe LinkedModel(blob: blob, arena: arena)
              return body(&model)
            }
          }
        }

        nonisolated(unsafe) private static var isRunning = false
        nonisolated(unsafe) private static var arena: [\(arenaWordCount) of UInt64] =
          InlineArray(repeating: 0)
        \(words)
      }
    #else
      extension \(type) {
        /// The blob, for `Model(validating:)`. It stays where it is as long as the program runs.
        public static func withBytes<Result, Failure: Error>(
          _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
          try unsafe memory.withBytes(body)
        }

        private static func withModel<Result>(_ body: (inout LinkedModel) -> Result) -> Result {
          memory.withModel(body)
        }

        private static let memory = LinkedMemory(
          base64: "\(Data(blob.bytes).base64EncodedString())",
          byteCount: byteCount, arenaByteCount: arenaByteCount)
      }
    #endif

    """
  }

  /// The blob in words of 64 bits: an eighth of the literals for the compiler, and aligned enough.
  /// One flat list: of rows of rows the compiler makes a copy on the stack before it reads them.
  private var words: String {
    let bytes = blob.bytes
    let words = stride(from: 0, to: bytes.count, by: 8).map { start in
      (0..<8).reduce(UInt64(0)) { word, index in
        let byte = start + index < bytes.count ? bytes[start + index] : 0
        return word | UInt64(byte) << UInt64(8 * index)
      }
    }
    let lines = stride(from: 0, to: words.count, by: 4).map { start in
      let line = words[start..<min(start + 4, words.count)].map { "0x\(String($0, radix: 16))" }
      return line.joined(separator: ", ") + ","
    }
    return """
      private static let words: [\(words.count) of UInt64] = [
            \(lines.joined(separator: "\n      "))
          ]
      """
  }
}
