import Foundation

extension Double {
  /// Three significant digits: `16.2`, `0.0431`.
  package var short: String {
    let text = String(format: "%.3g", self)
    return text.contains("e") && abs(self) >= 1 && abs(self) < 1e7
      ? String(format: "%.0f", self) : text
  }
}
