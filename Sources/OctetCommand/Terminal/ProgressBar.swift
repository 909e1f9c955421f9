import Foundation
import OctetSystem
import Synchronization

/// A bar with the time left on a terminal, a line now and then elsewhere.
///
/// Any thread may advance it.
package final class ProgressBar: Sendable {
  /// Redraws on a terminal are at least this far apart.
  static let redrawSeconds = 0.1
  /// Lines in a log are at least this far apart.
  static let logSeconds = 10.0

  private struct State {
    var count = 0
    var note = ""
    var lastDrawn: Double?
    var isOnScreen = false
    var isFinished = false
  }

  private let title: String
  private let total: Int
  private let terminal: Terminal
  private let write: (@Sendable (String) -> Void)?
  private let seconds: @Sendable () -> Double
  private let state = Mutex(State())

  /// - Parameters:
  ///   - write: nil is silent.
  ///   - seconds: a clock that starts at 0.
  package init(
    title: String, total: Int, terminal: Terminal, write: (@Sendable (String) -> Void)?,
    seconds: @escaping @Sendable () -> Double = ProgressBar.stopwatch()
  ) {
    self.title = title
    self.total = max(1, total)
    self.terminal = terminal
    self.write = write
    self.seconds = seconds
  }

  /// - Parameters:
  ///   - count: how much of `total` is done.
  ///   - note: shown behind the bar: `loss 0.12`; nil leaves the note as it is.
  package func update(_ count: Int, note: String? = nil) {
    state.withLock { state in
      state.count = min(max(count, 0), total)
      if let note { state.note = note }
      drawIfDue(&state)
    }
  }

  /// How much is done.
  package var count: Int { state.withLock { $0.count } }

  /// Takes the bar away. Messages after this come as usual.
  package func finish() {
    state.withLock { state in
      state.isFinished = true
      erase(&state)
    }
  }

  /// Lets `body` print whole lines above the bar.
  func interjecting(_ body: () -> Void) {
    state.withLock { state in
      let wasOnScreen = state.isOnScreen
      erase(&state)
      body()
      if wasOnScreen { draw(&state, at: seconds()) }
    }
  }

  private func drawIfDue(_ state: inout State) {
    guard write != nil, !state.isFinished else { return }
    let now = seconds()
    let interval = terminal.isInteractive ? Self.redrawSeconds : Self.logSeconds
    // Short work leaves no line in a log.
    let last = state.lastDrawn ?? (terminal.isInteractive ? -interval : 0)
    guard now - last >= interval else { return }
    state.lastDrawn = now
    draw(&state, at: now)
  }

  private func draw(_ state: inout State, at now: Double) {
    if terminal.isInteractive {
      let line = Self.line(
        title: title, fraction: Double(state.count) / Double(total),
        secondsLeft: secondsLeft(state, now), note: state.note, terminal: terminal)
      write?("\r\u{1B}[K" + line)
      state.isOnScreen = true
      Signals.progressLineIsOpen.store(true, ordering: .relaxed)
    } else {
      let left = secondsLeft(state, now).map { ", \(Self.duration($0)) left" } ?? ""
      let note = state.note.isEmpty ? "" : ", \(SafeText.escaped(state.note))"
      let percent = Int(100 * Double(state.count) / Double(total))
      write?("\(title): \(percent) %\(left)\(note)\n")
    }
  }

  private func erase(_ state: inout State) {
    guard state.isOnScreen else { return }
    write?("\r\u{1B}[K")
    state.isOnScreen = false
    Signals.progressLineIsOpen.store(false, ordering: .relaxed)
  }

  /// The time left, as long for the rest as for what is done; nil in the first second, when that
  /// says little.
  private func secondsLeft(_ state: State, _ now: Double) -> Double? {
    guard state.count > 0, now >= 1 else { return nil }
    return now * Double(total - state.count) / Double(state.count)
  }

  /// `training  [#######         ]  46 %  0:12 left  loss 0.12`, cut to the terminal's width.
  static func line(
    title: String, fraction: Double, secondsLeft: Double?, note: String, terminal: Terminal
  ) -> String {
    let cellCount = min(24, max(8, terminal.width / 4))
    let doneCount = Int(fraction * Double(cellCount))
    let (done, rest) = terminal.hasUnicode ? ("█", "░") : ("#", ".")
    let bar =
      String(repeating: done, count: doneCount)
      + String(repeating: rest, count: cellCount - doneCount)
    let percent = "\(Int(fraction * 100))"
    var parts = [title, bar, String(repeating: " ", count: 3 - percent.count) + percent + " %"]
    if let secondsLeft { parts.append("\(duration(secondsLeft)) left") }
    if !note.isEmpty { parts.append(SafeText.escaped(note)) }
    var line = parts.joined(separator: "  ")
    while SafeText.width(line) >= terminal.width { line.removeLast() }
    return line
  }

  /// `0:05`, `12:34`, `1:02:03`.
  package static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds.rounded(.up), 0), 1e9))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0
      ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }

  package static func stopwatch() -> @Sendable () -> Double {
    let start = ContinuousClock.now
    return { (ContinuousClock.now - start) / .seconds(1) }
  }
}
