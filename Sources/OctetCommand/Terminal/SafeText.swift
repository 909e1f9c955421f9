import OctetSystem

/// Text from models and files, made harmless for a terminal.
package enum SafeText {
  /// Control characters become `\u{1B}`, so that a layer's name cannot move the cursor, nor fake a
  /// line of the tool's.
  package static func escaped(_ text: String) -> String { text.shown }

  /// The one way to a terminal: everything that moves a cursor is escaped but line breaks and the
  /// styles that this process asked for.
  package static func printable(_ text: String) -> String {
    text.shownInLines.replacing(styleMark, with: "\u{1B}")
  }

  /// Stands for the escape character of our own styles until the text is printed: private-use
  /// characters drawn anew by every process, so that no name in a file can hold them.
  static let styleMark: String = {
    var mark = "\u{F0000}"
    for _ in 0..<8 {
      mark.unicodeScalars.append(Unicode.Scalar(0xF0100 + .random(in: 0..<0xF000)) ?? "\u{F0000}")
    }
    return mark
  }()

  /// Columns that the text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for
  /// marks that join the letter before them.
  package static func width(_ text: String) -> Int {
    text.reduce(0) { $0 + width(of: $1) }
  }

  private static func width(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") {
      return 2
    }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    return wideRanges.contains { $0.contains(first.value) } ? 2 : 1
  }

  /// The blocks of Unicode's EastAsianWidth.txt that are wide or full-width.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
  ]
}
