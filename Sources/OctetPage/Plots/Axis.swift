import Foundation
import OctetReport

/// Maps values to coordinates and finds round numbers to mark.
struct Axis {
  let lower: Double
  let upper: Double
  let start: Double
  let end: Double

  /// What is not finite or has no width becomes 0…1.
  init(_ lower: Double, _ upper: Double, from start: Double, to end: Double) {
    let isUsable = (upper - lower).isFinite && upper - lower > 0
    self.lower = isUsable ? lower : lower.isFinite ? lower : 0
    self.upper = isUsable ? upper : self.lower + max(1, abs(self.lower))
    self.start = start
    self.end = end
  }

  /// Values outside lie at the ends, NaN at the start.
  func position(_ value: Double) -> Double {
    guard !value.isNaN else { return start }
    let share = (min(max(value, lower), upper) - lower) / (upper - lower)
    return start + share * (end - start)
  }

  /// About `count` round numbers.
  func ticks(_ count: Int = 5) -> [(position: Double, label: String)] {
    let step = roundStep(count)
    guard step > 0, step.isFinite else { return [] }
    let first = (lower / step).rounded(.up)
    var marks: [(position: Double, label: String)] = []
    for index in 0...(2 * count) {
      let value = (first + Double(index)) * step
      if value > upper + step * 1e-9 { break }
      marks.append((position(value), label(value, step)))
    }
    return marks
  }

  /// 1, 2 or 5 times a power of ten.
  private func roundStep(_ count: Int) -> Double {
    let raw = (upper - lower) / Double(max(1, count))
    let power = pow(10, log10(raw).rounded(.down))
    let factor = raw / power
    return power * (factor <= 1.5 ? 1 : factor <= 3.5 ? 2 : factor <= 7.5 ? 5 : 10)
  }

  private func label(_ value: Double, _ step: Double) -> String {
    let digits = -log10(step).rounded(.down)
    guard digits <= 5, abs(value) < 1e6 else { return Figures.short(value) }
    let text = Figures.decimal(value, max(0, Int(digits)))
    return value == 0 ? "0" : text
  }
}
