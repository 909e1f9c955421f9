import CZlib
import Foundation

/// The files in a zip archive, as far as NumPy writes them: stored or deflated, one disk, no
/// passwords, with the 64-bit fields of large ones (PKWARE's APPNOTE 6.3).
struct ZipArchive {
  struct Entry {
    var name: String
    var isDeflated: Bool
    var checksum: UInt32
    var packedByteCount: Int
    var byteCount: Int
    /// Where its own header is.
    var offset: Int
  }

  private(set) var entries: [Entry] = []
  private let file: Data
  private let path: String

  /// Arrays of one file.
  private static let entryLimit = 4096
  /// Deflate makes at most 1032 bytes of one.
  private static let deflateRatio = 1032

  static func isStart(of file: Data) -> Bool {
    file.starts(with: [0x50, 0x4B, 3, 4]) || file.starts(with: [0x50, 0x4B, 5, 6])
  }

  init(_ file: Data, path: String) throws(DataError) {
    self.file = file
    self.path = path
    guard let end = endOffset() else {
      throw malformed(file.count, "the archive has no directory at its end; it is cut off")
    }
    var (count, offset) = (try number(end + 10, 2), try number(end + 16, 4))
    if count == 0xFFFF || offset == 0xFFFF_FFFF, end >= 20, try number(end - 20, 4) == 0x0706_4B50 {
      let large = try number(end - 12, 8)
      guard try number(large, 4) == 0x0606_4B50 else {
        throw malformed(large, "the directory's 64-bit end is not where it should be")
      }
      (count, offset) = (try number(large + 32, 8), try number(large + 48, 8))
    }
    guard count <= Self.entryLimit else {
      throw malformed(end, "\(count) files; at most \(Self.entryLimit) are read")
    }
    var names: Set<String> = []
    for _ in 0..<count {
      let entry = try entry(&offset)
      guard names.insert(entry.name).inserted else {
        throw malformed(offset, "two files are called '\(entry.name)'")
      }
      entries.append(entry)
    }
  }

  private func malformed(_ offset: Int, _ reason: String) -> DataError {
    .malformed(path: path, byteOffset: offset, reason: reason)
  }

  /// A little-endian number.
  private func number(_ offset: Int, _ byteCount: Int) throws(DataError) -> Int {
    guard offset >= 0, offset <= file.count - byteCount else {
      throw malformed(min(max(offset, 0), file.count), "the archive's directory leads outside it")
    }
    var value: UInt64 = 0
    for index in (0..<byteCount).reversed() {
      value = value << 8 | UInt64(file[file.startIndex + offset + index])
    }
    guard let number = Int(exactly: value), number < 1 << 62 else {
      throw malformed(offset, "a size of more than 2^62")
    }
    return number
  }

  /// The end record, which a comment of up to 65,535 bytes may follow.
  private func endOffset() -> Int? {
    guard file.count >= 22 else { return nil }
    for offset in stride(from: file.count - 22, through: max(0, file.count - 22 - 0xFFFF), by: -1) {
      let start = file.startIndex + offset
      if file[start] == 0x50, file[start + 1] == 0x4B, file[start + 2] == 5, file[start + 3] == 6 {
        return offset
      }
    }
    return nil
  }

  private func entry(_ offset: inout Int) throws(DataError) -> Entry {
    guard try number(offset, 4) == 0x0201_4B50 else {
      throw malformed(offset, "the archive's directory is damaged")
    }
    let (flags, method) = (try number(offset + 8, 2), try number(offset + 10, 2))
    let nameCount = try number(offset + 28, 2)
    let extraCount = try number(offset + 30, 2)
    let next = offset + 46 + nameCount + extraCount + (try number(offset + 32, 2))
    guard next <= file.count else {
      throw malformed(offset, "the archive's directory leads outside it")
    }
    let nameStart = file.startIndex + offset + 46
    let name = String(decoding: file[nameStart..<nameStart + nameCount], as: UTF8.self)
    guard flags & 1 == 0, method == 0 || method == 8 else {
      throw malformed(
        offset, "'\(name)' is \(flags & 1 == 0 ? "packed by method \(method)" : "encrypted"); "
          + "stored and deflated arrays are read (numpy.savez, numpy.savez_compressed)")
    }
    var entry = Entry(
      name: name, isDeflated: method == 8,
      checksum: UInt32(truncatingIfNeeded: try number(offset + 16, 4)),
      packedByteCount: try number(offset + 20, 4), byteCount: try number(offset + 24, 4),
      offset: try number(offset + 42, 4))
    try readLarge(&entry, offset + 46 + nameCount, extraCount)
    offset = next
    return entry
  }

  /// The sizes that need 64 bits, in the order that they have in the entry.
  private func readLarge(_ entry: inout Entry, _ start: Int, _ count: Int) throws(DataError) {
    var position = start
    while position + 4 <= start + count {
      let (kind, size) = (try number(position, 2), try number(position + 2, 2))
      position += 4
      if kind == 1 {
        var field = position
        for path in [\Entry.byteCount, \.packedByteCount, \.offset]
        where entry[keyPath: path] == 0xFFFF_FFFF && field + 8 <= position + size {
          entry[keyPath: path] = try number(field, 8)
          field += 8
        }
      }
      position += size
    }
  }

  /// A file's bytes, checked: in place where it is stored, from a temporary file where it was
  /// deflated, so that memory does not grow with it.
  func contents(of entry: Entry) throws(DataError) -> Data {
    guard try number(entry.offset, 4) == 0x0403_4B50 else {
      throw malformed(entry.offset, "the header of '\(entry.name)' is not where it should be")
    }
    let names = try number(entry.offset + 26, 2)
    let extra = try number(entry.offset + 28, 2)
    let start = entry.offset + 30 + names + extra
    guard start <= file.count, entry.packedByteCount <= file.count - start else {
      throw malformed(start, "'\(entry.name)' is cut off")
    }
    let packed = file[file.startIndex + start..<file.startIndex + start + entry.packedByteCount]
    let contents: Data
    if entry.isDeflated {
      guard entry.byteCount <= Self.deflateRatio * max(entry.packedByteCount, 1) else {
        throw malformed(start, "'\(entry.name)' claims to be larger than its packed bytes can be")
      }
      contents = try inflated(packed, entry, start)
    } else {
      contents = packed
    }
    guard contents.count == entry.byteCount, Self.checksum(contents) == entry.checksum else {
      throw malformed(start, "'\(entry.name)' is damaged: its check sum does not hold")
    }
    return contents
  }

  private func inflated(_ packed: Data, _ entry: Entry, _ start: Int) throws(DataError) -> Data {
    let inflater = Inflater(packed, as: .deflate)
    func failure(_ error: InflateFailure) -> DataError {
      switch error {
      case .truncated: malformed(start, "'\(entry.name)' is cut off")
      case .corrupt(let reason): malformed(start, "'\(entry.name)' is damaged: \(reason)")
      }
    }
    let chunkSize = 1 << 20
    var small: [UInt8] = []
    if entry.byteCount <= chunkSize {
      do throws(InflateFailure) {
        try inflater.read(entry.byteCount + 1, into: &small)
      } catch {
        throw failure(error)
      }
      return Data(small)
    }
    return try Files.temporary { write throws(DataError) in
      var left = entry.byteCount + 1
      while left > 0 {
        var chunk: [UInt8] = []
        do throws(InflateFailure) {
          try inflater.read(min(chunkSize, left), into: &chunk)
        } catch {
          throw failure(error)
        }
        if chunk.isEmpty { break }
        try write(chunk)
        left -= chunk.count
      }
    }
  }

  static func checksum(_ bytes: Data) -> UInt32 {
    unsafe bytes.withUnsafeBytes { bytes in
      let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return UInt32(truncatingIfNeeded: unsafe crc32_z(0, base, bytes.count))
    }
  }
}
