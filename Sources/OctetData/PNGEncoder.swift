import CZlib

extension PNG {
  /// The bytes of a PNG file of the picture: 8 bits a channel, grey or RGB, not interlaced.
  package static func encode(_ image: Image) -> [UInt8] {
    let rowByteCount = image.width * image.channelCount
    precondition(
      image.channelCount == 1 || image.channelCount == 3, "a picture has 1 or 3 channels")
    precondition(
      image.height > 0 && image.width > 0 && image.pixels.count == image.height * rowByteCount,
      "the pixels do not match the picture's size")
    var rows: [UInt8] = []
    rows.reserveCapacity(image.height * (rowByteCount + 1))
    for y in 0..<image.height {
      let start = y * rowByteCount
      rows += filtered(
        image.pixels[start..<start + rowByteCount],
        above: y > 0 ? image.pixels[start - rowByteCount..<start] : [],
        step: image.channelCount)
    }
    var header = bigEndian(image.width) + bigEndian(image.height)
    header += [8, image.channelCount == 1 ? 0 : 2, 0, 0, 0]
    return signature + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) + chunk("IEND", [])
  }

  /// The row with its filter's byte before it: the filter whose bytes, taken as signed, have the
  /// least sum of absolute values, the heuristic of the specification (12.7).
  private static func filtered(
    _ row: ArraySlice<UInt8>, above: ArraySlice<UInt8>, step: Int
  ) -> [UInt8] {
    let current = [UInt8](row)
    let previous = above.isEmpty ? [UInt8](repeating: 0, count: current.count) : [UInt8](above)
    var best: [UInt8] = []
    var bestCost = Int.max
    for filter in PNGFilter.allCases {
      var bytes = [filter.rawValue]
      var cost = 0
      for index in current.indices {
        let left = index >= step ? current[index - step] : 0
        let corner = index >= step ? previous[index - step] : 0
        let byte = current[index] &- filter.predict(left: left, up: previous[index], corner: corner)
        cost += abs(Int(Int8(bitPattern: byte)))
        bytes.append(byte)
      }
      if cost < bestCost { (best, bestCost) = (bytes, cost) }
    }
    return best
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = [UInt8](type.utf8) + data
    return bigEndian(data.count) + body + bigEndian(checksum(body[...]))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// CRC-32 as in gzip.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
    unsafe bytes.withUnsafeBufferPointer { unsafe Int(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var byteCount = compressBound(UInt(bytes.count))
    var packed = [UInt8](repeating: 0, count: Int(byteCount))
    // Cannot fail: the room is what zlib asks for, and level 9 is a level.
    let status = unsafe compress2(&packed, &byteCount, bytes, UInt(bytes.count), 9)
    precondition(status == Z_OK, "zlib has no memory")
    return [UInt8](packed[..<Int(byteCount)])
  }
}
