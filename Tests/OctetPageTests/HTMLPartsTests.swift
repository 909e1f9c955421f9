import Foundation
import OctetPage
import OctetReport
import Testing

@Suite struct HTMLPartsTests {
  @Test func everythingInterpolatedIsEscaped() {
    let name = "<b a=\"1\" b='2'>&"
    let markup: Markup = "<p class=\"\(name)\">\(name)</p>"
    let escaped = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;"
    #expect(markup.source == "<p class=\"\(escaped)\">\(escaped)</p>")
    let twice: Markup = "\(markup)"
    #expect(twice == markup)
  }

  @Test(
    arguments: [(0, "0"), (12, "12"), (-0.04, "0"), (-0.25, "-0.3"), (1.96, "2"), (.nan, "0")]
      as [(Double, String)])
  func coordinates(value: Double, text: String) { #expect(value.tenths == text) }

  @Test(
    arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "−1,234,567")]
      as [(Int, String)])
  func counts(value: Int, text: String) { #expect(Figures.count(value) == text) }

  @Test func figures() {
    #expect(Figures.percent(0.98901) == "98.90\u{a0}%")
    #expect(Figures.points(-0.00004) == "0.00" && Figures.points(0.012) == "+1.20")
    #expect(Figures.points(-0.012) == "−1.20" && Figures.points(0) == "0.00")
    #expect(Figures.decibels(.infinity) == "∞\u{a0}dB")
    #expect(Figures.bytes(1023) == "1,023\u{a0}B" && Figures.bytes(64588) == "63.1\u{a0}KiB")
    #expect(Figures.count(1, "image") == "1\u{a0}image")
    #expect("abcdef".shortened(to: 4) == "abc…" && "abcd".shortened(to: 4) == "abcd")
  }

  /// WCAG 2.2, 1.4.3: text on both backgrounds, in the light and in the dark.
  @Test(arguments: ["ink", "soft", "float", "int8", "good", "warn", "bad"])
  func contrast(name: String) throws {
    func color(_ name: String) throws -> Stylesheet.Color {
      try #require(Stylesheet.colors.first { $0.name == name })
    }
    for ground in ["paper", "card"] {
      let (text, behind) = (try color(name), try color(ground))
      for (a, b) in [(text.light, behind.light), (text.dark, behind.dark)] {
        let (x, y) = (try luminance(a), try luminance(b))
        #expect((max(x, y) + 0.05) / (min(x, y) + 0.05) >= 4.5, "\(name) on \(ground)")
      }
    }
  }

  /// Relative luminance of `#rrggbb` as WCAG defines it.
  private func luminance(_ color: String) throws -> Double {
    let value = try #require(Int(color.dropFirst(), radix: 16))
    let parts = [value >> 16, value >> 8 & 255, value & 255].map { part in
      let share = Double(part) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }
}
