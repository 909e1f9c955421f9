import Models

@main
struct App {
  static func main() {
    // A seven as a camera could have given it, 0 for black and 255 for white, less 128.
    let image = [784 of Int8] { index in
      let (row, column) = (index / 28, index % 28)
      let isBar = (4...6).contains(row) && (6...20).contains(column)
      let isStroke = (7...23).contains(row) && abs(20 - (row - 6) / 2 - column) <= 1
      return isBar || isStroke ? 127 : -128
    }
    let scores = Digits.predict(image)
    let digit = Digits.classify(image)
    print("digit \(digit.index), score \(digit.score)")
    print("scores", scores.indices.map { "\(scores[$0])" }.joined(separator: " "))
    let clock = ContinuousClock()
    let start = clock.now
    let nanoseconds = Digits.operatorTicks {
      UInt32(truncatingIfNeeded: Int64(start.duration(to: clock.now) / .nanoseconds(1)))
    }
    print("operators timed:", nanoseconds.indices.filter { nanoseconds[$0] > 0 }.count)
    print("self-test", Digits.selfTest() == nil ? "passed" : "failed")
  }
}
