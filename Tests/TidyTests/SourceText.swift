/// Source code with the contents of comments and strings blanked, line by line as it was, so that
/// rules look at code only. Understands Swift and C.
struct SourceText {
  /// As many lines as the source; blanked characters are spaces.
  let code: [UInt8]
  /// Identifiers, keywords and single punctuation characters.
  let tokens: [Token]

  init(_ source: String) {
    var scanner = Scanner(bytes: Array(source.utf8))
    scanner.run()
    code = scanner.output
    tokens = Self.tokens(of: scanner.output)
  }

  /// The code's lines, the first at index 0.
  var lines: [String] {
    String(decoding: code, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private static func tokens(of code: [UInt8]) -> [Token] {
    var tokens: [Token] = []
    var index = 0
    var line = 1
    while index < code.count {
      let byte = code[index]
      if isWord(byte) {
        let start = index
        while index < code.count, isWord(code[index]) { index += 1 }
        let text = String(decoding: code[start..<index], as: UTF8.self)
        tokens.append(Token(text: text, line: line, offset: start))
        continue
      }
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte > 32 {
        tokens.append(Token(text: String(UnicodeScalar(byte)), line: line, offset: index))
      }
      index += 1
    }
    return tokens
  }

  struct Token: Equatable {
    var text: String
    var line: Int
    /// Of its first byte, so that neighbours can be told from what space parts.
    var offset: Int

    func isDirectlyBefore(_ next: Token) -> Bool { offset + text.utf8.count == next.offset }
  }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}

/// Copies code and blanks the rest.
private struct Scanner {
  let bytes: [UInt8]
  var index = 0
  var output: [UInt8] = []

  /// What more than itself may begin with.
  private static let special = Set("/\"#'()".utf8)

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() { code(untilParenthesis: false) }

  /// - Parameter untilParenthesis: inside `\(…)`: ends after its closing parenthesis.
  private mutating func code(untilParenthesis: Bool) {
    var depth = 0
    while index < bytes.count {
      if !Self.special.contains(bytes[index]) {
        output.append(bytes[index])
        index += 1
      } else if starts("//") {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { blank() }
      } else if starts("/*") {
        blockComment()
      } else if let hashes = hashesBeforeQuote() {
        string(hashes: hashes)
      } else if starts("'\\''") || starts("'\"'") {
        // C character constants that would upset the rest.
        for _ in 0..<(starts("'\\''") ? 4 : 3) { blank() }
      } else {
        depth += bytes[index] == UInt8(ascii: "(") ? 1 : 0
        depth -= bytes[index] == UInt8(ascii: ")") ? 1 : 0
        output.append(bytes[index])
        index += 1
        if untilParenthesis, depth < 0 { return }
      }
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        blank()
      } else if starts("*/") {
        depth -= 1
        blank()
      }
      blank()
    } while depth > 0 && index < bytes.count
  }

  /// Number of `#` when a string starts here.
  private func hashesBeforeQuote() -> Int? {
    var end = index
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - index : nil
  }

  private mutating func string(hashes: Int) {
    for _ in 0..<hashes { blank() }
    let quote = starts("\"\"\"") ? "\"\"\"" : "\""
    for _ in quote.utf8 { blank() }
    let mark = String(repeating: "#", count: hashes)
    while index < bytes.count {
      if starts(quote + mark) {
        for _ in 0..<(quote.utf8.count + hashes) { blank() }
        return
      }
      if starts("\\" + mark + "(") {
        for _ in 0..<(hashes + 2) { blank() }
        code(untilParenthesis: true)
        // The parenthesis that ended the interpolation belongs to the string.
        output[output.count - 1] = 32
      } else if starts("\\" + mark) {
        for _ in 0..<(hashes + 2) { blank() }
      } else if quote.utf8.count == 1, bytes[index] == UInt8(ascii: "\n") {
        return
      } else {
        blank()
      }
    }
  }

  private func starts(_ text: String) -> Bool {
    let wanted = text.utf8
    return index + wanted.count <= bytes.count
      && bytes[index..<(index + wanted.count)].elementsEqual(wanted)
  }

  private mutating func blank() {
    guard index < bytes.count else { return }
    output.append(bytes[index] == UInt8(ascii: "\n") ? bytes[index] : 32)
    index += 1
  }
}
