import Foundation

/// What takes how much of flash and RAM, for a person.
struct MemoryMap {
  let image: FirmwareImage
  let firmware: Firmware

  /// - Parameter demangler: `swift-demangle`; without it Swift's symbols stay as they are.
  func text(demangler: URL?) -> String {
    var lines = Self.summary(of: firmware)
    for (index, section) in image.sections.enumerated() where section.isAllocated {
      lines += [
        "", "\(section.name) at \(hexadecimal(section.address)), \(section.byteCount) bytes",
      ]
      let symbols = image.symbols.filter { $0.sectionIndex == index && $0.byteCount > 0 }
        .sorted { ($1.byteCount, $0.address) < ($0.byteCount, $1.address) }
      for symbol in symbols {
        // Without the lowest bit, which marks Thumb code.
        let address = symbol.address & ~1
        lines.append("  \(hexadecimal(address)) \(Self.padded(symbol.byteCount)) \(symbol.name)")
      }
    }
    let text = lines.joined(separator: "\n") + "\n"
    guard let demangler else { return text }
    return demangle(text, demangler) ?? text
  }

  /// The sizes of all kinds of memory, a line for each.
  static func summary(of firmware: Firmware) -> [String] {
    var lines = [
      "Firmware for \(firmware.board.name)",
      "",
      line("text", firmware.textByteCount, "code and constants"),
      line("weights", firmware.preparedByteCount, "in the form that the core multiplies fastest"),
      line("data", firmware.dataByteCount, "initialised variables"),
      line("bss", firmware.bssByteCount, "other variables, without the arena"),
      line("arena", firmware.arenaByteCount, "the model's activations"),
    ]
    if let stack = firmware.stackBoundByteCount {
      lines.append(line("stack", stack, "at most: the deepest path of calls"))
    }
    lines += [
      line("model", firmware.modelByteCount, "read in place, none of it in RAM")
    ]
    return lines
  }

  private static func line(_ name: String, _ byteCount: Int, _ meaning: String) -> String {
    "\(name.padding(toLength: 6, withPad: " ", startingAt: 0))\(padded(byteCount))  \(meaning)"
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(8 - digits.count, 0)) + digits
  }

  private func hexadecimal(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(8 - digits.count, 0)) + digits
  }

  /// Each mangled name once, in the order of the text; the tool answers a line for each.
  private func demangle(_ text: String, _ demangler: URL) -> String? {
    let names = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
      .filter { $0.hasPrefix("$s") || $0.hasPrefix("$e") }.sorted()
    let outcome = try? Command(
      executable: demangler, arguments: ["--compact", "--simplified"] + names
    ).run()
    let readable = outcome?.text.split(separator: "\n").map(String.init) ?? []
    guard outcome?.status == 0, readable.count == names.count else { return nil }
    let replacements = Dictionary(uniqueKeysWithValues: zip(names, readable))
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let space = line.lastIndex(of: " "),
        let name = replacements[String(line[line.index(after: space)...])]
      else { return String(line) }
      return line[...space] + name
    }.joined(separator: "\n")
  }
}
