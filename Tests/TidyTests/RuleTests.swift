import Testing

/// Rules about what the code may say.
@Suite struct RuleTests {
  private static let product = Repository.swift.filter { !$0.path.hasPrefix("Tests/") }

  @Test func unsafeIsFenced() {
    let violations = uses(in: Repository.swift, of: ["unsafe"])
      .filter { use in !unsafeFiles.contains { Self.covers($0, use.path) } }
      .map { "\($0.place): 'unsafe' in a file that UnsafeFiles.swift does not list" }
    expectNone(violations)
  }

  @Test func theUnsafeListIsTrue() {
    let using = uses(in: Repository.swift, of: ["unsafe"])
    expectNone(
      unsafeFiles.filter { entry in !using.contains { Self.covers(entry, $0.path) } }
        .map { "UnsafeFiles.swift lists \($0), which has no 'unsafe'" })
  }

  /// The device has neither.
  @Test func noFoundationOnTheDevice() {
    let device = ["Sources/OctetRuntime/", "Sources/OctetUpdate/", "Firmware/"]
    let files = Self.product.filter { file in
      // A package description is read on the host.
      device.contains { file.path.hasPrefix($0) } && file.name != "Package.swift"
    }
    let modules: Set = [
      "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Musl", "Dispatch",
    ]
    expectNone(
      uses(in: files, of: modules).filter { $0.line.contains("import ") }
        .map { "\($0.place): \($0.line)" })
  }

  /// In these rooms nothing may end the process except a proven impossibility (`precondition`).
  @Test func noCrashesOnPurpose() {
    var violations: [String] = []
    for file in Self.product {
      let tokens = file.source?.tokens ?? []
      for (token, next) in zip(tokens, tokens.dropFirst()) {
        // `try !isEmpty` is something else.
        let isForced =
          ["try", "as"].contains(token.text) && next.text == "!" && token.isDirectlyBefore(next)
        let isFatal = token.text == "fatalError" && next.text == "("
        if isForced || isFatal {
          violations.append("\(file.path):\(token.line): \(token.text)\(next.text)")
        }
      }
    }
    expectNone(violations)
  }

  /// Unfinished work belongs to the issues.
  @Test func nothingIsLeftToDo() {
    // Written apart, so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    var violations: [String] = []
    for file in StyleTests.all {
      for (index, line) in file.lines.enumerated() {
        let parts = line.split { !$0.isLetter }
        for word in words where parts.contains(Substring(word)) {
          violations.append("\(file.path):\(index + 1): \(word)")
        }
      }
    }
    expectNone(violations)
  }

  /// So that `swift test -c release` works, and so that tests see what users see.
  @Test func noTestableImports() {
    expectNone(uses(in: Repository.swift, of: ["testable"]).map { "\($0.place): @testable" })
  }

  private struct Use {
    var path: String
    var lineNumber: Int
    var line: String
    var place: String { "\(path):\(lineNumber)" }
  }

  /// Lines of code that hold one of the words as a whole word.
  private func uses(in files: [Repository.File], of words: Set<String>) -> [Use] {
    files.flatMap { file in
      (file.source?.tokens ?? []).filter { words.contains($0.text) }.map {
        Use(
          path: file.path, lineNumber: $0.line, line: String(file.lines[$0.line - 1]))
      }
    }
  }

  private static func covers(_ entry: String, _ path: String) -> Bool {
    entry.hasSuffix("/") ? path.hasPrefix(entry) : path == entry
  }
}
