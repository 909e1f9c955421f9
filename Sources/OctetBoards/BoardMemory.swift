import Foundation
import OctetSystem

/// The MEMORY of a board's linker script: how much flash and RAM its programs have.
struct BoardMemory {
  /// A line of it.
  struct Region {
    var origin: Int
    var byteCount: Int
    /// The length's place in the script.
    fileprivate var lengthRange: Range<String.Index>
  }

  private(set) var flash: Region
  private(set) var ram: Region
  private let text: String

  /// - Throws: `invalidBoard` for a script without FLASH or RAM, or with a number that is none.
  init(_ script: URL) throws(BoardError) {
    text = String(decoding: try script.read(), as: UTF8.self)
    let bare = Self.withoutComments(text)
    flash = try Self.region("FLASH", in: bare, script)
    ram = try Self.region("RAM", in: bare, script)
  }

  /// The script's text with other lengths.
  func script(flashByteCount: Int, ramByteCount: Int) -> String {
    var text = text
    let changes = [(flash.lengthRange, flashByteCount), (ram.lengthRange, ramByteCount)]
    // The later first, so that places stay.
    for (range, byteCount) in changes.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) {
      text.replaceSubrange(range, with: "\(byteCount)")
    }
    return text
  }

  mutating func resize(flash flashByteCount: Int?, ram ramByteCount: Int?) {
    if let flashByteCount { flash.byteCount = flashByteCount }
    if let ramByteCount { ram.byteCount = ramByteCount }
  }

  private static func region(
    _ name: String, in text: String, _ script: URL
  ) throws(BoardError) -> Region {
    let expression =
      /\b(\w+)\s*(?:\([^)]*\))?\s*:\s*(?:ORIGIN|org|o)\s*=\s*([^,]+),\s*(?:LENGTH|len|l)\s*=\s*([^\n};]+)/
    guard let match = text.matches(of: expression).first(where: { $0.output.1 == name }) else {
      throw .invalidBoard(
        path: script.path,
        problem: "its MEMORY has no \(name); write '\(name) : ORIGIN = 0x…, LENGTH = …K'")
    }
    let written = match.output.3
    let length = written.prefix { $0 != "\r" }.reversed().drop(while: \.isWhitespace).reversed()
    guard let origin = number(String(match.output.2)), let byteCount = number(String(length)),
      byteCount > 0
    else {
      throw .invalidBoard(
        path: script.path,
        problem: "\(name)'s ORIGIN '\(String(match.output.2).shown)' or LENGTH "
          + "'\(String(length).shown)' is not a number; write it like 0x20000000 or 256K")
    }
    let end = text.index(written.startIndex, offsetBy: length.count)
    return Region(origin: origin, byteCount: byteCount, lengthRange: written.startIndex..<end)
  }

  /// A sum or difference of numbers of the linker's kinds: 4096, 0x1000, 4K, 1M.
  static func number(_ text: String) -> Int? {
    var (sum, sign) = (0, 1)
    var word = ""
    func value(_ word: String) -> Int? {
      var digits = word.lowercased()
      var factor = 1
      if let suffix = digits.last, let unit = ["k": 1024, "m": 1 << 20][suffix] {
        factor = unit
        digits.removeLast()
      }
      let isHexadecimal = digits.hasPrefix("0x")
      let number = isHexadecimal ? Int(digits.dropFirst(2), radix: 16) : Int(digits)
      guard let (product, isTooLarge) = number?.multipliedReportingOverflow(by: factor) else {
        return nil
      }
      return isTooLarge || !(0...1 << 40).contains(product) ? nil : product
    }
    for character in text.filter({ !$0.isWhitespace }) + "+" {
      guard character == "+" || character == "-" else {
        word.append(character)
        continue
      }
      guard let number = value(word) else { return nil }
      sum += sign * number
      (word, sign) = ("", character == "+" ? 1 : -1)
    }
    return sum
  }

  /// The text with spaces for comments, so that places stay.
  private static func withoutComments(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "/*") {
      result += rest[..<start.lowerBound]
      let end = rest.range(of: "*/", range: start.upperBound..<rest.endIndex)?.upperBound
      for character in rest[start.lowerBound..<(end ?? rest.endIndex)] {
        result += character == "\n" ? "\n" : String(repeating: " ", count: character.utf8.count)
      }
      rest = rest[(end ?? rest.endIndex)...]
    }
    return result + rest
  }
}
