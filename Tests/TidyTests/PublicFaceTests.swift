import Testing

/// What a user of the libraries sees is small; what only sibling modules need is
/// `package`.
@Suite struct PublicFaceTests {
  /// Public declarations of OctetRuntime: to load a model, to ask what it takes and gives, to make
  /// a session, to run, and to read. Raise it for what every program needs, not for a tool.
  static let runtimeCount = 42

  @Test func theRuntimesFaceIsSmall() {
    let files = Self.files(of: "OctetRuntime")
    let count = files.reduce(0) { $0 + Self.publicLines(of: $1).count }
    #expect(count > 20 && count <= Self.runtimeCount, "\(count) public declarations")
  }

  private static func files(of module: String) -> [Repository.File] {
    Repository.swift.filter { $0.path.hasPrefix("Sources/\(module)/") }
  }

  /// The lines, from 1, of declarations that say `public`.
  private static func publicLines(of file: Repository.File) -> [Int] {
    (file.source?.tokens ?? []).filter { $0.text == "public" }.map(\.line)
  }
}
