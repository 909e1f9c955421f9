/// An 8-bit gray picture, drawn with characters.
package struct GrayImage: Sendable {
  package let width: Int
  package let height: Int
  /// Row by row from the top; 0 is drawn as the background.
  package let pixels: [UInt8]

  /// Nil unless there are `width · height` pixels.
  package init?(width: Int, height: Int, pixels: [UInt8]) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, pixels.count == count else { return nil }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Two rows of pixels a line: half blocks where the terminal has them, else ASCII.
  package func lines(for terminal: Terminal) -> [String] {
    stride(from: 0, to: height, by: 2).map { row in
      var line = ""
      for column in 0..<width {
        let upper = pixel(row, column)
        let lower = row + 1 < height ? pixel(row + 1, column) : 0
        line += Self.glyph(upper, lower, terminal)
      }
      return line + (terminal.hasUnicode && terminal.hasColor ? terminal.code("0") : "")
    }
  }

  /// Pictures side by side, as many as fit the terminal in one row, each under its caption.
  package static func sideBySide(
    _ images: [(caption: String, image: GrayImage)], for terminal: Terminal
  ) -> String {
    let gap = "  "
    var columnCount = 0
    var shown = images.prefix { entry in
      columnCount += entry.image.width + (columnCount > 0 ? gap.count : 0)
      return columnCount <= terminal.width
    }
    if shown.isEmpty { shown = images.prefix(1) }
    let drawn = shown.map { $0.image.lines(for: terminal) }
    let captions = shown.map { entry in
      let text = SafeText.escaped(entry.caption)
      let room = max(0, entry.image.width - SafeText.width(text))
      return text + String(repeating: " ", count: room)
    }
    var lines = [captions.joined(separator: gap).trimmingSuffix(while: { $0 == " " })]
    for index in 0..<(drawn.map(\.count).max() ?? 0) {
      let parts = zip(drawn, shown).map { lines, entry in
        index < lines.count ? lines[index] : String(repeating: " ", count: entry.image.width)
      }
      lines.append(parts.joined(separator: gap).trimmingSuffix(while: { $0 == " " }))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func pixel(_ row: Int, _ column: Int) -> UInt8 { pixels[row * width + column] }

  private static func glyph(_ upper: UInt8, _ lower: UInt8, _ terminal: Terminal) -> String {
    if !terminal.hasUnicode {
      let ramp = Array(" .:-=+*#%@")
      let mean = (Int(upper) + Int(lower)) / 2
      return String(ramp[mean * (ramp.count - 1) / 255])
    }
    if terminal.hasColor {
      // 232…255 are the 24 grays of the 256-colour palette.
      let (foreground, background) = (232 + Int(upper) * 23 / 255, 232 + Int(lower) * 23 / 255)
      return terminal.code("38;5;\(foreground);48;5;\(background)") + "▀"
    }
    return switch (upper >= 128, lower >= 128) {
    case (true, true): "█"
    case (true, false): "▀"
    case (false, true): "▄"
    case (false, false): " "
    }
  }
}
