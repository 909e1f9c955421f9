/// A function's body and where it is.
struct Function: Equatable {
  var name: String
  /// The line of `func`, from 1.
  var line: Int
  /// From that line to the closing brace, both counted.
  var lineCount: Int
}

extension SourceText {
  /// Swift's functions, initializers and subscripts, nested ones too.
  var swiftFunctions: [Function] {
    let tokens = tokens
    var functions: [Function] = []
    for (index, token) in tokens.enumerated() {
      guard ["func", "init", "deinit", "subscript"].contains(token.text) else { continue }
      let before = index > 0 ? tokens[index - 1].text : ""
      // `.init(…)` is a call.
      if before == "." { continue }
      guard let open = Self.bodyStart(in: tokens, after: index),
        let close = Self.closing(in: tokens, from: open)
      else { continue }
      let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
      functions.append(
        Function(
          name: token.text == "func" ? next : token.text, line: token.line,
          lineCount: tokens[close].line - token.line + 1))
    }
    return functions
  }

  /// C's functions: braces at the outermost level that follow a parenthesis.
  var cFunctions: [Function] {
    let tokens = tokens
    var functions: [Function] = []
    var index = 0
    while index < tokens.count {
      guard tokens[index].text == "{", let close = Self.closing(in: tokens, from: index) else {
        index += 1
        continue
      }
      if index > 0, tokens[index - 1].text == ")" {
        let name = Self.cName(in: tokens, before: index)
        // A structure with attributes is none.
        if name != "__attribute__" {
          functions.append(
            Function(
              name: name, line: tokens[index].line,
              lineCount: tokens[close].line - tokens[index].line + 1))
        }
      }
      index = close + 1
    }
    return functions
  }

  /// The `{` of the declaration at `start`; nil for a requirement without a body.
  private static func bodyStart(in tokens: [Token], after start: Int) -> Int? {
    var depth = 0
    for index in (start + 1)..<tokens.count {
      switch tokens[index].text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "{" where depth == 0: return index
      case "}" where depth == 0: return nil
      case "func", "init", "deinit", "var", "let", "subscript", "case", "import", "struct",
        "enum", "class", "protocol", "extension", "associatedtype":
        // `func` itself may be named by a keyword only in backticks.
        if depth == 0, index > start + 1 { return nil }
      default: break
      }
    }
    return nil
  }

  private static func closing(in tokens: [Token], from open: Int) -> Int? {
    var depth = 0
    for index in open..<tokens.count {
      depth += tokens[index].text == "{" ? 1 : 0
      depth -= tokens[index].text == "}" ? 1 : 0
      if depth == 0 { return index }
    }
    return nil
  }

  private static func cName(in tokens: [Token], before brace: Int) -> String {
    var depth = 0
    for index in (0..<brace).reversed() {
      depth += tokens[index].text == ")" ? 1 : 0
      depth -= tokens[index].text == "(" ? 1 : 0
      if depth == 0, index > 0 { return tokens[index - 1].text }
    }
    return ""
  }
}
