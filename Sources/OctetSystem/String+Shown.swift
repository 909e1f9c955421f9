extension String {
  /// The text in one harmless line, whatever a file put into it: control characters, line breaks
  /// and marks that turn the direction of writing become `\u{1B}` and the like.
  package var shown: String { escaped { $0.isControl } }

  /// The same, but lines stay lines.
  package var shownInLines: String { escaped { $0.isControl && $0 != "\n" } }

  private func escaped(where isHarmful: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: isHarmful) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if isHarmful(scalar) {
        result += scalar.escaped(asASCII: true)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Moves the cursor, breaks the line, or hides or turns around what a text says.
  package var isControl: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default:
      // Marks and overrides of the direction, annotations, tags.
      value == 0x061C || (0x200E...0x200F).contains(value) || (0x202A...0x202E).contains(value)
        || (0x2066...0x2069).contains(value) || (0xFFF9...0xFFFB).contains(value)
        || (0xE0000...0xE007F).contains(value)
    }
  }
}
