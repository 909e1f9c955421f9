import Foundation

/// The header of an `.npy` file (NumPy Enhancement Proposal 1): the magic word, a version, and a
/// dictionary as Python writes it, of `descr`, `fortran_order` and `shape`.
struct NumPyHeader {
  /// `<f4`: the byte order, the kind and the size.
  private(set) var description = ""
  private(set) var isFortran = false
  private(set) var shape: [Int] = []
  /// Bytes of the header: where elements begin.
  let byteCount: Int
  /// Where the dictionary begins.
  let offset: Int

  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// NumPy's own headers have some hundred bytes.
  private static let limit = 1 << 16

  static func isStart(of file: Data) -> Bool { file.starts(with: magic) }

  init(_ file: Data, path: String) throws(DataError) {
    func malformed(_ offset: Int, _ reason: String) -> DataError {
      .malformed(path: path, byteOffset: offset, reason: reason)
    }
    guard Self.isStart(of: file) else {
      throw malformed(0, "this is no .npy file, which starts with 93 4E 55 4D 50 59")
    }
    let bytes = [UInt8](file.prefix(12))
    guard bytes.count >= 10 else { throw malformed(bytes.count, "the header is cut off") }
    guard (1...3).contains(bytes[6]) else {
      throw malformed(6, "version \(bytes[6]).\(bytes[7]) of the format; 1 to 3 are read")
    }
    let isShort = bytes[6] == 1
    offset = isShort ? 10 : 12
    guard bytes.count >= offset else { throw malformed(bytes.count, "the header is cut off") }
    let length = bytes[8..<offset].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.limit else {
      throw malformed(8, "a header of \(length) bytes; at most \(Self.limit) are read")
    }
    byteCount = offset + length
    guard file.count >= byteCount else { throw malformed(file.count, "the header is cut off") }
    let start = file.startIndex + offset
    let header = String(decoding: file[start..<start + length], as: UTF8.self)
    // NumPy writes its headers with repr, which leaves one blank there.
    guard !header.contains("'descr': [") else {
      throw malformed(
        offset,
        "a structured array, whose elements have several fields; save each field by itself "
          + "(numpy.savez('fields.npz', **{name: array[name] for name in array.dtype.names}))")
    }
    var text = Scanner(header)
    guard let entries = text.dictionary() else {
      throw malformed(
        offset, "the header is no dictionary of 'descr', 'fortran_order' and 'shape'")
    }
    guard case .text(let found) = entries["descr"],
      case .truth(let order) = entries["fortran_order"],
      case .sizes(let sizes) = entries["shape"]
    else {
      throw malformed(
        offset,
        "the header lacks 'descr', 'fortran_order' or 'shape', or one is of another kind")
    }
    description = found
    isFortran = order
    shape = sizes
  }
}

/// Reads the few forms of Python's literals that headers have.
private struct Scanner {
  enum Value {
    case text(String)
    case truth(Bool)
    case sizes([Int])
  }

  private var rest: Substring

  init(_ text: String) {
    rest = Substring(text)
  }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" }
  }

  private mutating func take(_ word: String) -> Bool {
    skipSpace()
    guard rest.hasPrefix(word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  /// `{'a': …, 'b': …, }` and nothing behind it.
  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var result: [String: Value] = [:]
    while !take("}") {
      guard let key = text(), take(":"), let value = value(),
        result.updateValue(value, forKey: key) == nil
      else { return nil }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpace()
    return rest.isEmpty ? result : nil
  }

  private mutating func value() -> Value? {
    if let text = text() { return .text(text) }
    if take("True") { return .truth(true) }
    if take("False") { return .truth(false) }
    guard take("(") else { return nil }
    var sizes: [Int] = []
    while !take(")") {
      skipSpace()
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard let size = Int(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      _ = take("L")
      sizes.append(size)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return .sizes(sizes)
  }

  private mutating func text() -> String? {
    skipSpace()
    guard let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
    let body = rest.dropFirst().prefix { $0 != quote && $0 != "\\" }
    guard rest.dropFirst(body.count + 1).first == quote else { return nil }
    rest = rest.dropFirst(body.count + 2)
    return String(body)
  }
}
