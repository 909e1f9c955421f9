import OctetCommand
import Synchronization
import Testing

private let plain = Terminal(isInteractive: false, hasColor: false, hasUnicode: true, width: 80)
private let color = Terminal(isInteractive: true, hasColor: true, hasUnicode: true, width: 40)
private let ascii = Terminal(isInteractive: false, hasColor: false, hasUnicode: false, width: 80)

@Suite struct TerminalTests {
  @Test(arguments: [
    (["TERM": "xterm", "LANG": "de_DE.UTF-8"], true, true),
    (["TERM": "xterm", "LANG": "C"], true, false),
    (["LANG": "en_US.utf8", "NO_COLOR": "1"], false, true),
    (["LANG": "en_US.utf8", "NO_COLOR": ""], true, true),
    (["LANG": "en_US.UTF-8", "LC_ALL": "C"], true, false),
    (["LANG": "en_US.UTF-8", "TERM": "dumb"], false, false),
    ([:], true, false),
  ])
  func environment(variables: [String: String], hasColor: Bool, hasUnicode: Bool) {
    let terminal = Terminal(isTerminal: true, environment: variables, columnCount: 132)
    #expect(terminal.hasColor == hasColor && terminal.hasUnicode == hasUnicode)
    #expect(terminal.width == 132)
    let file = Terminal(isTerminal: false, environment: variables, columnCount: nil)
    #expect(!file.hasColor && !file.isInteractive && file.width == 80)
  }

  @Test func styles() {
    #expect(SafeText.printable(color.styled("x", .bad)) == "\u{1B}[31mx\u{1B}[0m")
    #expect(color.styled("x", .plain) == "x" && plain.styled("x", .bad) == "x")
  }
}

@Suite struct SafeTextTests {
  @Test(arguments: [
    ("abc", 3), ("é", 1), ("e\u{301}", 1), ("漢字", 4), ("한", 2), ("👍", 2), ("👨‍👩‍👧", 2), ("½█▀", 3),
    ("", 0),
  ])
  func width(text: String, expected: Int) {
    #expect(SafeText.width(text) == expected)
  }

  @Test func escapes() {
    #expect(SafeText.escaped("conv1/é 漢") == "conv1/é 漢")
    #expect(SafeText.escaped("a\u{1B}[2J\nb\u{202E}") == #"a\u{1B}[2J\nb\u{202E}"#)
    #expect(
      SafeText.printable("a\u{1B}[31m\n\u{9B}\r\u{200F}")
        == "a\\u{1B}[31m\n\\u{009B}\\r\\u{200F}")
    // Our own styles pass, those that a name brings along do not.
    let text = color.styled("a\u{1B}[8mb", .good)
    #expect(SafeText.printable(text) == "\u{1B}[32ma\\u{1B}[8mb\u{1B}[0m")
  }
}

@Suite struct TextTableTests {
  @Test func alignment() {
    var table = TextTable([.left("layer"), .right("bytes"), .left("")])
    table.add(["conv1", "1,234", "x"])
    table.add(["漢字", "7"])
    #expect(table.text(for: plain) == "layer  bytes\nconv1  1,234  x\n漢字       7\n")
  }

  @Test func colorsDoNotMoveColumns() {
    var table = TextTable([.left(""), .right("")])
    table.add([.init("ab", .good), "1"])
    table.add(["c\u{1B}", "22"])
    #expect(
      SafeText.printable(table.text(for: color)) == "\u{1B}[32mab\u{1B}[0m        1\nc\\u{1B}  22\n"
    )
    #expect(TextTable([]).text(for: plain).isEmpty)
  }
}

@Suite struct GrayImageTests {
  private let image = GrayImage(width: 3, height: 3, pixels: [0, 255, 255, 0, 255, 0, 255, 0, 127])

  @Test func halfBlocks() throws {
    let image = try #require(image)
    #expect(image.lines(for: plain) == [" █▀", "▀  "])
    #expect(image.lines(for: ascii) == [" @=", "= :"].map { $0 })
    let line = SafeText.printable(try #require(image.lines(for: color).first))
    #expect(line.hasPrefix("\u{1B}[38;5;232;48;5;232m▀") && line.hasSuffix("\u{1B}[0m"))
  }

  @Test func sideBySide() throws {
    let image = try #require(image)
    let entries = [("7", image), ("漢", image)].map { (caption: $0.0, image: $0.1) }
    #expect(GrayImage.sideBySide(entries, for: plain) == "7    漢\n █▀   █▀\n▀    ▀\n")
    // Only what fits, but at least one.
    let narrow = Terminal(isInteractive: false, hasColor: false, hasUnicode: true, width: 2)
    #expect(GrayImage.sideBySide(entries, for: narrow) == "7\n █▀\n▀\n")
  }

  @Test func sizes() {
    #expect(GrayImage(width: 2, height: 2, pixels: [1, 2, 3]) == nil)
    #expect(GrayImage(width: 0, height: 0, pixels: []) == nil)
    #expect(GrayImage(width: .max, height: 2, pixels: [1]) == nil)
  }
}

@Suite struct ProgressTests {
  private final class Screen: Sendable {
    let text = Mutex("")
    let now = Mutex(0.0)

    func progress(on terminal: Terminal) -> ProgressBar {
      ProgressBar(
        title: "training", total: 200, terminal: terminal,
        write: { text in self.text.withLock { $0 += text } },
        seconds: { self.now.withLock { $0 } })
    }

    func take() -> String {
      text.withLock { text in
        defer { text = "" }
        return text
      }
    }
  }

  @Test func barOnATerminal() {
    let screen = Screen()
    let wide = Terminal(isInteractive: true, hasColor: false, hasUnicode: false, width: 60)
    let progress = screen.progress(on: wide)
    progress.update(0)
    #expect(screen.take() == "\r\u{1B}[Ktraining  ...............    0 %")
    screen.now.withLock { $0 = 0.05 }
    progress.update(10)
    #expect(screen.take().isEmpty)
    screen.now.withLock { $0 = 30 }
    progress.update(100, note: "loss 0.1")
    #expect(
      screen.take() == "\r\u{1B}[Ktraining  #######........   50 %  0:30 left  loss 0.1")
    progress.finish()
    #expect(screen.take() == "\r\u{1B}[K")
    progress.update(200)
    #expect(screen.take().isEmpty)
  }

  @Test func linesElsewhere() {
    let screen = Screen()
    let progress = screen.progress(on: plain)
    progress.update(1)
    screen.now.withLock { $0 = 9 }
    progress.update(20)
    #expect(screen.take().isEmpty)
    screen.now.withLock { $0 = 10 }
    progress.update(50, note: "loss 0.1")
    progress.update(51)
    #expect(screen.take() == "training: 25 %, 0:30 left, loss 0.1\n")
    progress.finish()
    #expect(screen.take().isEmpty)
  }

  @Test func narrowTerminals() {
    let screen = Screen()
    let narrow = Terminal(isInteractive: true, hasColor: false, hasUnicode: true, width: 20)
    screen.progress(on: narrow).update(100, note: "a long remark")
    #expect(SafeText.width(String(screen.take().dropFirst(4))) == 19)
  }

  @Test(arguments: [
    (0.0, "0:00"), (4.2, "0:05"), (754, "12:34"), (3723, "1:02:03"), (.infinity, "277777:46:40"),
  ])
  func duration(seconds: Double, text: String) {
    #expect(ProgressBar.duration(seconds) == text)
  }
}
