/// Windows bitmaps without compression: 8 bits with a palette, 24 bits, and 32 bits whose fourth
/// byte is left out. Header of 40 bytes or one of its longer successors.
enum BMP {
  static func decode(_ file: [UInt8], path: String) throws(DataError) -> Image {
    func malformed(_ byteOffset: Int, _ reason: String) -> DataError {
      .malformed(path: path, byteOffset: byteOffset, reason: reason)
    }
    func word(_ offset: Int) -> Int { Int(file[offset]) | Int(file[offset + 1]) << 8 }
    func long(_ offset: Int) -> Int { word(offset) | word(offset + 2) << 16 }
    func signed(_ offset: Int) -> Int { Int(Int32(truncatingIfNeeded: long(offset))) }

    guard file.count >= 54 else { throw malformed(file.count, "the file ends within the header") }
    guard file.starts(with: [0x42, 0x4d]) else { throw malformed(0, "this is not a BMP picture") }
    let headerByteCount = long(14)
    guard headerByteCount >= 40, headerByteCount <= file.count - 14 else {
      throw malformed(14, "a header of \(headerByteCount) bytes is not read; save it as PNG")
    }
    let width = signed(18)
    let height = Int(clamping: abs(Int64(signed(22))))
    try Image.checkSize(height: height, width: width, path: path, byteOffset: 18)
    let bitCount = word(28)
    guard bitCount == 8 || bitCount == 24 || bitCount == 32, long(30) == 0 else {
      throw malformed(
        28, "\(bitCount) bits with compression \(long(30)) is not read; save it as PNG")
    }
    let rowByteCount = (width * bitCount + 31) / 32 * 4
    let pixelOffset = long(10)
    guard pixelOffset >= 0, pixelOffset <= file.count,
      file.count - pixelOffset >= rowByteCount * height
    else {
      throw malformed(10, "the file ends before its \(height) rows of \(rowByteCount) bytes do")
    }
    var palette: [[UInt8]] = []
    if bitCount == 8 {
      let paletteOffset = 14 + headerByteCount
      let count = long(46) == 0 ? 256 : long(46)
      guard (1...256).contains(count), paletteOffset + 4 * count <= file.count else {
        throw malformed(46, "a palette of \(count) colours does not fit")
      }
      palette = (0..<count).map { index in
        let offset = paletteOffset + 4 * index
        return [file[offset + 2], file[offset + 1], file[offset]]
      }
    }
    let isGrey = bitCount == 8 && palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(height * width * (isGrey ? 1 : 3))
    for y in 0..<height {
      // Rows go upwards unless the height is negative.
      let row = pixelOffset + (signed(22) < 0 ? y : height - 1 - y) * rowByteCount
      for x in 0..<width {
        guard bitCount == 8 else {
          let offset = row + x * bitCount / 8
          pixels += [file[offset + 2], file[offset + 1], file[offset]]
          continue
        }
        let index = Int(file[row + x])
        guard index < palette.count else {
          throw malformed(row + x, "colour \(index) is not in the palette of \(palette.count)")
        }
        if isGrey { pixels.append(palette[index][0]) } else { pixels += palette[index] }
      }
    }
    return Image(height: height, width: width, channelCount: isGrey ? 1 : 3, pixels: pixels)
  }
}
