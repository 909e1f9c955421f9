/// PGM and PPM pictures, text (P2, P3) and binary (P5, P6), of 8 and 16 bits (netpbm's format
/// pages). Values are scaled from 0 … maximum to 0 … 255 and rounded to nearest. Of a file with
/// several pictures the first is read.
enum Netpbm {
  static func decode(_ file: [UInt8], path: String) throws(DataError) -> Image {
    var scanner = Scanner(file: file, path: path)
    let kind = file.count > 1 ? file[1] : 0
    guard file.first == 0x50, kind == 0x32 || kind == 0x33 || kind == 0x35 || kind == 0x36 else {
      throw scanner.malformed("this Netpbm format is not read, only P2, P3, P5 and P6 are")
    }
    scanner.offset = 2
    let isText = kind == 0x32 || kind == 0x33
    let channelCount = kind == 0x33 || kind == 0x36 ? 3 : 1
    let width = try scanner.number("the width")
    let height = try scanner.number("the height")
    try Image.checkSize(height: height, width: width, path: path, byteOffset: 2)
    let maximum = try scanner.number("the maximum")
    guard (1...65535).contains(maximum) else {
      throw scanner.malformed("the maximum is \(maximum), and 1 to 65535 is allowed")
    }
    let count = height * width * channelCount
    // Exactly one white byte ends the header.
    if !isText { try scanner.skipOne() }
    let byteCount = isText ? 2 * count - 1 : count * (maximum > 255 ? 2 : 1)
    guard file.count - scanner.offset >= byteCount else {
      throw scanner.malformed("the file ends early: \(count) values are announced")
    }
    var pixels = [UInt8](repeating: 0, count: count)
    for index in 0..<count {
      let value =
        isText
        ? try scanner.number("a value") : scanner.value(isWide: maximum > 255)
      guard value <= maximum else {
        throw scanner.malformed("the value \(value) is above the maximum \(maximum)")
      }
      pixels[index] = UInt8((value * 255 + maximum / 2) / maximum)
    }
    return Image(height: height, width: width, channelCount: channelCount, pixels: pixels)
  }

  private struct Scanner {
    let file: [UInt8]
    let path: String
    var offset = 0

    init(file: [UInt8], path: String) {
      self.file = file
      self.path = path
    }

    func malformed(_ reason: String) -> DataError {
      .malformed(path: path, byteOffset: offset, reason: reason)
    }

    private static func isWhite(_ byte: UInt8) -> Bool {
      byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    mutating func skipOne() throws(DataError) {
      guard offset < file.count, Self.isWhite(file[offset]) else {
        throw malformed("a blank is expected after the header")
      }
      offset += 1
    }

    /// A decimal number, after blanks and comments (`#` to the end of the line).
    mutating func number(_ what: String) throws(DataError) -> Int {
      while offset < file.count {
        if file[offset] == 0x23 {
          while offset < file.count, file[offset] != 0x0a { offset += 1 }
        } else if Self.isWhite(file[offset]) {
          offset += 1
        } else {
          break
        }
      }
      var value = 0
      let start = offset
      while offset < file.count, (0x30...0x39).contains(file[offset]) {
        // No number of these files comes near it, with 32-bit integers either.
        guard value < 1 << 27 else { throw malformed("\(what) is too large") }
        value = value * 10 + Int(file[offset] - 0x30)
        offset += 1
      }
      guard offset > start else { throw malformed("\(what) is missing") }
      return value
    }

    /// One binary value; the caller has checked that it is there.
    mutating func value(isWide: Bool) -> Int {
      let high = Int(file[offset])
      offset += 1
      guard isWide else { return high }
      let low = Int(file[offset])
      offset += 1
      return high << 8 | low
    }
  }
}
