import Testing

/// The rules are only as good as their reader.
@Suite struct SourceTextTests {
  @Test func commentsAndStringsAreBlank() {
    let source = ##"""
      let a = "try! // \(b("x)") + c) {" // as!
      /* one /* two */ three */ let d = #"\(no) " {"#
      let e = """
        { fatalError( \(f { g }) "
        """
      """##
    let text = SourceText(source)
    let words = text.tokens.map(\.text).filter { $0.count > 1 || $0.first?.isLetter == true }
    #expect(words == ["let", "a", "b", "c", "let", "d", "let", "e", "f", "g"])
    #expect(text.lines.count == 5)
    #expect(text.code.count == source.utf8.count)
  }

  @Test func swiftFunctions() {
    let source = """
      protocol P {
        func required(_ f: () -> Void) throws -> [Int]
        init(x: Int)
        var y: Int { get }
      }
      struct S {
        init() { self = .init() }
        func long<T>(
          _ body: (T) -> Void = { _ in }
        ) -> Int where T: P {
          func inner() {
          }
          return 1
        }
        subscript(i: Int) -> Int { i }
      }
      """
    #expect(
      SourceText(source).swiftFunctions == [
        Function(name: "init", line: 7, lineCount: 1),
        Function(name: "long", line: 8, lineCount: 7),
        Function(name: "inner", line: 11, lineCount: 2),
        Function(name: "subscript", line: 15, lineCount: 1),
      ])
  }

  @Test func cFunctions() {
    let source = """
      struct s { int a; };
      struct __attribute__((packed)) t { int a; }; static int f(int (*g)(int), char c) {
        if (c == '"') { return 1; }
        return 0;
      }
      """
    #expect(
      SourceText(source).cFunctions == [Function(name: "f", line: 2, lineCount: 4)])
  }
}
