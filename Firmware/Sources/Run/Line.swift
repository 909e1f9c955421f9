import Run

/// Text for standard output or standard error, written at once.
struct Line {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ text: String) { bytes += text.utf8 }

  /// Bytes of a name or a path, whose control characters must not reach a terminal.
  mutating func add(visible text: [UInt8]) {
    bytes += text.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
  }

  /// A JSON string of bytes that are taken for UTF-8; what is none becomes U+FFFD.
  mutating func add(quoted text: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in String(decoding: text, as: UTF8.self).utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        add("\\u00")
        bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A number that is not negative, rounded to so many decimals.
  mutating func add(_ value: Double, decimals: Int) {
    var unit: UInt64 = 1
    for _ in 0..<decimals { unit *= 10 }
    let rounded = UInt64(value * Double(unit) + 0.5)
    add(String(rounded / unit))
    guard decimals > 0 else { return }
    let fraction = String(rounded % unit)
    add(".")
    for _ in fraction.utf8.count..<decimals { add("0") }
    add(fraction)
  }

  /// Ends the line and writes it.
  mutating func write(to descriptor: Int) throws(Failure) {
    bytes.append(0x0A)
    let error = unsafe bytes.withUnsafeBytes {
      unsafe run_write(descriptor, $0.baseAddress, $0.count)
    }
    bytes = []
    if error < 0 { throw Failure(.inputOutput, "cannot write", "standard output", error) }
  }
}
