import Testing

/// What a user of the libraries sees is small and explained; what only sibling modules need is
/// `package`.
@Suite struct PublicFaceTests {
  /// Modules in which every public declaration has a doc comment.
  static let documented = ["OctetRuntime", "OctetModel", "OctetSystem", "OctetBoards"]

  /// Public declarations of OctetRuntime: to load a model, to ask what it takes and gives, to make
  /// a session, to run, and to read. Raise it for what every program needs, not for a tool.
  static let runtimeCount = 42

  @Test func theRuntimesFaceIsSmall() {
    let files = Self.files(of: "OctetRuntime")
    let count = files.reduce(0) { $0 + Self.publicLines(of: $1).count }
    #expect(count > 20 && count <= Self.runtimeCount, "\(count) public declarations")
  }

  @Test(arguments: documented)
  func everyPublicDeclarationIsExplained(module: String) {
    let files = Self.files(of: module)
    #expect(!files.isEmpty, "there is no module \(module)")
    expectNone(
      files.flatMap { file in
        Self.publicLines(of: file).filter { !Self.isExplained($0, in: file.lines) }
          .map { "\(file.path):\($0): no doc comment: \(file.lines[$0 - 1])" }
      })
  }

  @Test func findsWhatIsNotExplained() {
    let file = Repository.File(
      path: "A.swift",
      text: """
        /// A thing.
        @safe public struct A {
          public var b = "public"
          /// Runs.
          @discardableResult
          public func run() -> Int { 1 }
          // public
          @_lifetime(copy self)
          public func c() {}
        }
        """)
    let lines = Self.publicLines(of: file)
    #expect(lines == [2, 3, 6, 9])
    #expect(lines.filter { !Self.isExplained($0, in: file.lines) } == [3, 9])
  }

  private static func files(of module: String) -> [Repository.File] {
    Repository.swift.filter { $0.path.hasPrefix("Sources/\(module)/") }
  }

  /// The lines, from 1, of declarations that say `public`.
  private static func publicLines(of file: Repository.File) -> [Int] {
    (file.source?.tokens ?? []).filter { $0.text == "public" }.map(\.line)
  }

  /// Whether a doc comment stands above the line, or above its attributes.
  private static func isExplained(_ line: Int, in lines: [Substring]) -> Bool {
    let above = lines[..<(line - 1)].reversed().map { $0.drop { $0 == " " } }
    return above.first { !$0.hasPrefix("@") }?.hasPrefix("///") ?? false
  }
}
