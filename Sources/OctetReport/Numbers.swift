import Foundation

extension Double {
  /// Three significant digits: `16.2`, `0.0431`.
  package var short: String {
    let text = String(format: "%.3g", self)
    return text.contains("e") && abs(self) >= 1 && abs(self) < 1e7
      ? String(format: "%.0f", self) : text
  }

  /// So many digits after the point: `12.5`.
  package func formatted(digits: Int) -> String { String(format: "%.\(digits)f", self) }

  /// A share as a percentage: 0.9912 as `99.12 %`.
  package var percent: String { String(format: "%.2f %%", self * 100) }
}
