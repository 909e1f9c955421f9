import OctetRuntime

/// A ZIP archive (APPNOTE 6.3.10) of stored files. The same files make the same bytes: they bear
/// the format's first day.
struct ZipArchive {
  private var body: [UInt8] = []
  private var directory: [UInt8] = []
  private var count: UInt16 = 0

  /// Adds a file; its size and that of the archive are below 4 GiB.
  mutating func add(_ path: String, _ bytes: [UInt8]) {
    let offset = UInt32(body.count)
    var checksum = Checksum()
    unsafe bytes.withUnsafeBytes { region in
      if let base = region.baseAddress { unsafe checksum.update(base, count: region.count) }
    }
    // Names in UTF-8 (bit 11); stored; 1 January 1980; no extra field.
    var facts: [UInt8] = []
    facts.append16(10, 1 << 11, 0, 0, 1 << 5 | 1)
    facts.append32(checksum.value, UInt32(bytes.count), UInt32(bytes.count))
    facts.append16(UInt16(path.utf8.count), 0)
    body.append32(0x0403_4B50)
    body += facts + Array(path.utf8) + bytes
    directory.append32(0x0201_4B50)
    // Made on Unix: the mode is an ordinary file's.
    directory.append16(3 << 8 | 20)
    directory += facts
    directory.append16(0, 0, 0)
    directory.append32(0o100644 << 16, offset)
    directory += Array(path.utf8)
    count += 1
  }

  /// The whole archive.
  var bytes: [UInt8] {
    var end: [UInt8] = []
    end.append32(0x0605_4B50)
    end.append16(0, 0, count, count)
    end.append32(UInt32(directory.count), UInt32(body.count))
    end.append16(0)
    return body + directory + end
  }
}

extension [UInt8] {
  fileprivate mutating func append16(_ numbers: UInt16...) {
    for number in numbers { self += [UInt8(number & 0xFF), UInt8(number >> 8)] }
  }

  fileprivate mutating func append32(_ numbers: UInt32...) {
    for number in numbers {
      append16(UInt16(truncatingIfNeeded: number), UInt16(number >> 16))
    }
  }
}
