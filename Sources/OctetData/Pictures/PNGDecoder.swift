extension PNG {
  static func decode(_ file: [UInt8], path: String) throws(DataError) -> Image {
    var decoder = PNGDecoder(file: file, path: path)
    return try decoder.decode()
  }
}

/// One PNG file on its way to an `Image`.
private struct PNGDecoder {
  private let file: [UInt8]
  private let path: String
  private var header = PNGHeader()
  /// 3 bytes a colour.
  private var palette: [UInt8] = []
  /// The bytes of `tRNS`: alpha of palette entries, or one transparent colour.
  private var transparency: [UInt8] = []
  /// All `IDAT` chunks end to end, and where in the file the first one starts.
  private var packed: [UInt8] = []
  private var packedOffset = 0

  init(file: [UInt8], path: String) {
    self.file = file
    self.path = path
  }

  mutating func decode() throws(DataError) -> Image {
    try readChunks()
    let passes = header.isInterlaced ? PNGPass.adam7 : [PNGPass.whole]
    // At most DataLimits.pixelCount · 8 bytes and a filter byte for each row: no overflow.
    let byteCount = passes.reduce(0) { sum, pass in
      let width = pass.width(of: header)
      return width == 0
        ? sum : sum + pass.height(of: header) * (1 + header.rowByteCount(width: width))
    }
    guard byteCount <= DataLimits.byteCount else {
      throw malformed(16, "the picture unpacks to \(byteCount) bytes; make it smaller")
    }
    var rows = try inflate(byteCount)
    var pixels = [UInt8](
      repeating: 0, count: header.height * header.width * header.outputChannelCount)
    var offset = 0
    for pass in passes where pass.width(of: header) > 0 && pass.height(of: header) > 0 {
      offset = try unfilter(&rows, from: offset, pass: pass)
      try place(rows, endingAt: offset, pass: pass, into: &pixels)
    }
    return Image(
      height: header.height, width: header.width, channelCount: header.outputChannelCount,
      pixels: pixels)
  }

  private func malformed(_ byteOffset: Int, _ reason: String) -> DataError {
    .malformed(path: path, byteOffset: byteOffset, reason: reason)
  }

  /// Four bytes, which as a count are negative above 2³¹ − 1 where integers have 32 bits.
  private func long(_ offset: Int) -> Int {
    file[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  // MARK: Chunks

  private mutating func readChunks() throws(DataError) {
    guard file.starts(with: PNG.signature) else { throw malformed(0, "this is not a PNG picture") }
    var offset = PNG.signature.count
    var previousType: PNGChunk?
    while true {
      guard file.count - offset >= 12 else {
        throw malformed(offset, "the file ends before its IEND chunk")
      }
      let count = long(offset)
      guard count >= 0, count <= file.count - offset - 12 else {
        throw malformed(offset, "a chunk of \(count) bytes goes past the end of the file")
      }
      let body = offset + 4..<offset + 8 + count
      guard PNG.checksum(file[body]) == long(body.upperBound) else {
        throw malformed(offset, "the chunk's CRC does not hold; the file is damaged")
      }
      let type = PNGChunk(rawValue: long(offset + 4))
      let name = file[offset + 4..<offset + 8]
      guard previousType != nil || type == .header else {
        throw malformed(
          offset, "the first chunk is '\(String(decoding: name, as: UTF8.self))' and not IHDR")
      }
      let data = file[offset + 8..<body.upperBound]
      if type == .end { break }
      // Bit 5 of the first letter: a decoder may leave the chunk out.
      let isAncillary = (file[offset + 4] & 0x20) != 0
      let isKnown = try take(type, data, after: previousType)
      guard isKnown || isAncillary else {
        throw malformed(
          offset,
          "the chunk '\(String(decoding: name, as: UTF8.self))' is needed to read the picture, "
            + "and not known")
      }
      previousType = type
      offset = body.upperBound + 4
    }
    guard !packed.isEmpty else { throw malformed(offset, "there is no picture data (IDAT)") }
    guard header.color != .palette || !palette.isEmpty else {
      throw malformed(offset, "the palette (PLTE) is missing")
    }
  }

  /// Keeps what a chunk says; false where its type is not known.
  private mutating func take(
    _ type: PNGChunk, _ data: ArraySlice<UInt8>, after previousType: PNGChunk?
  ) throws(DataError) -> Bool {
    switch type {
    case .header:
      guard previousType == nil else { throw malformed(data.startIndex, "a second IHDR chunk") }
      try readHeader(data)
    case .palette:
      guard data.count % 3 == 0, (1...256).contains(data.count / 3), palette.isEmpty else {
        throw malformed(data.startIndex, "a palette of \(data.count) bytes, or a second one")
      }
      palette = [UInt8](data)
    case .transparency:
      let count = header.color == .grey ? 2 : header.color == .rgb ? 6 : 0
      let fits =
        header.color == .palette ? data.count <= palette.count / 3 : data.count == count
      guard fits else {
        throw malformed(data.startIndex, "transparency of \(data.count) bytes does not fit")
      }
      transparency = [UInt8](data)
    case .data:
      guard packed.isEmpty || previousType == .data else {
        throw malformed(data.startIndex, "the IDAT chunks do not follow one another")
      }
      if packed.isEmpty { packedOffset = data.startIndex }
      packed += data
    default: return false
    }
    return true
  }

  private mutating func readHeader(_ data: ArraySlice<UInt8>) throws(DataError) {
    let start = data.startIndex
    guard data.count == 13 else { throw malformed(start, "IHDR has not 13 bytes") }
    header.width = long(start)
    header.height = long(start + 4)
    try Image.checkSize(
      height: header.height, width: header.width, path: path, byteOffset: start)
    header.bitDepth = Int(file[start + 8])
    guard let color = PNGColor(rawValue: file[start + 9]),
      color.bitDepths.contains(header.bitDepth)
    else {
      throw malformed(
        start + 8,
        "colour type \(file[start + 9]) with \(header.bitDepth) bits is not in the specification")
    }
    header.color = color
    guard file[start + 10] == 0, file[start + 11] == 0, file[start + 12] <= 1 else {
      throw malformed(start + 10, "this compression, filter or interlace method is not known")
    }
    header.isInterlaced = file[start + 12] == 1
  }

  // MARK: Rows

  private func inflate(_ byteCount: Int) throws(DataError) -> [UInt8] {
    let inflater = Inflater(packed[...], as: .zlib)
    var rows: [UInt8] = []
    var isWhole = false
    do throws(InflateFailure) {
      try inflater.read(byteCount, into: &rows)
      let isAtEnd = try inflater.isAtEnd()
      isWhole = isAtEnd && rows.count == byteCount
    } catch {
      switch error {
      case .truncated: throw malformed(packedOffset, "the picture's data ends too early")
      case .corrupt(let words):
        throw malformed(packedOffset, "the picture's data is damaged (\(words))")
      }
    }
    guard isWhole else {
      throw malformed(
        packedOffset, "the picture's data does not have the \(byteCount) bytes of its size")
    }
    return rows
  }

  /// Undoes the filters of one pass in place; gives the offset behind it.
  private func unfilter(
    _ rows: inout [UInt8], from start: Int, pass: PNGPass
  ) throws(DataError) -> Int {
    let rowByteCount = header.rowByteCount(width: pass.width(of: header))
    let step = max(header.color.channelCount * header.bitDepth / 8, 1)
    var offset = start
    for y in 0..<pass.height(of: header) {
      guard let filter = PNGFilter(rawValue: rows[offset]) else {
        throw malformed(packedOffset, "a row has the filter \(rows[offset]), and 0 to 4 are known")
      }
      offset += 1
      if filter != .none {
        for index in 0..<rowByteCount {
          let here = offset + index
          let above = here - rowByteCount - 1
          let left = index >= step ? rows[here - step] : 0
          let up = y > 0 ? rows[above] : 0
          let corner = y > 0 && index >= step ? rows[above - step] : 0
          rows[here] &+= filter.predict(left: left, up: up, corner: corner)
        }
      }
      offset += rowByteCount
    }
    return offset
  }

  /// Puts the pixels of one pass where they belong in the picture.
  private func place(
    _ rows: [UInt8], endingAt end: Int, pass: PNGPass, into pixels: inout [UInt8]
  ) throws(DataError) {
    let width = pass.width(of: header)
    let height = pass.height(of: header)
    let rowByteCount = header.rowByteCount(width: width)
    let channelCount = header.outputChannelCount
    for y in 0..<height {
      let row = end - (height - y) * (1 + rowByteCount) + 1
      let line = (pass.top + y * pass.down) * header.width
      for x in 0..<width {
        let target = (line + pass.left + x * pass.across) * channelCount
        try putPixel(x, of: rows, row: row, into: &pixels, at: target)
      }
    }
  }

  private func putPixel(
    _ x: Int, of rows: [UInt8], row: Int, into pixels: inout [UInt8], at target: Int
  ) throws(DataError) {
    let channelCount = header.color.channelCount
    func sample(_ channel: Int) -> Int {
      let index = x * channelCount + channel
      switch header.bitDepth {
      case 16: return Int(rows[row + 2 * index]) << 8 | Int(rows[row + 2 * index + 1])
      case 8: return Int(rows[row + index])
      default:
        let bit = index * header.bitDepth
        let shift = 8 - header.bitDepth - bit % 8
        return Int(rows[row + bit / 8]) >> shift & ((1 << header.bitDepth) - 1)
      }
    }
    let maximum = (1 << header.bitDepth) - 1
    switch header.color {
    case .palette:
      let entry = sample(0)
      guard 3 * entry < palette.count else {
        throw malformed(packedOffset, "colour \(entry) is not in the palette")
      }
      let alpha = entry < transparency.count ? Int(transparency[entry]) : 255
      for channel in 0..<3 {
        pixels[target + channel] = UInt8((Int(palette[3 * entry + channel]) * alpha + 127) / 255)
      }
    case .grey, .rgb:
      var isTransparent = !transparency.isEmpty
      for channel in 0..<channelCount where isTransparent {
        let key = Int(transparency[2 * channel]) << 8 | Int(transparency[2 * channel + 1])
        isTransparent = sample(channel) == key & maximum
      }
      for channel in 0..<channelCount {
        pixels[target + channel] =
          isTransparent ? 0 : UInt8((sample(channel) * 255 + maximum / 2) / maximum)
      }
    case .greyAlpha, .rgbAlpha:
      let alpha = UInt64(sample(channelCount - 1))
      // At most 65535² · 255 < 2⁴⁰.
      let full = UInt64(maximum) * UInt64(maximum)
      for channel in 0..<channelCount - 1 {
        let laid = UInt64(sample(channel)) * alpha * 255
        pixels[target + channel] = UInt8((laid + full / 2) / full)
      }
    }
  }
}

/// A chunk's type: four letters of ASCII, the first in the highest byte.
private struct PNGChunk: RawRepresentable, Equatable {
  var rawValue: Int

  static let header = PNGChunk(rawValue: 0x4948_4452)
  static let palette = PNGChunk(rawValue: 0x504c_5445)
  static let transparency = PNGChunk(rawValue: 0x7452_4e53)
  static let data = PNGChunk(rawValue: 0x4944_4154)
  static let end = PNGChunk(rawValue: 0x4945_4e44)
}

private enum PNGColor: UInt8 {
  case grey = 0
  case rgb = 2
  case palette = 3
  case greyAlpha = 4
  case rgbAlpha = 6

  /// Samples of a pixel in the file.
  var channelCount: Int {
    switch self {
    case .grey, .palette: 1
    case .greyAlpha: 2
    case .rgb: 3
    case .rgbAlpha: 4
    }
  }

  var bitDepths: [Int] {
    switch self {
    case .grey: [1, 2, 4, 8, 16]
    case .palette: [1, 2, 4, 8]
    case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
    }
  }
}

private struct PNGHeader {
  var width = 1
  var height = 1
  var bitDepth = 8
  var color = PNGColor.grey
  var isInterlaced = false

  var outputChannelCount: Int { color == .grey || color == .greyAlpha ? 1 : 3 }

  /// Bytes of a row, without its filter's byte.
  func rowByteCount(width: Int) -> Int { (width * color.channelCount * bitDepth + 7) / 8 }
}

/// Which pixels one pass holds: from (`left`, `top`) in steps of `across` and `down`.
private struct PNGPass {
  var left: Int
  var top: Int
  var across: Int
  var down: Int

  static let whole = PNGPass(left: 0, top: 0, across: 1, down: 1)
  /// The seven passes of Adam7 (8.2 of the specification).
  static let adam7 = [
    PNGPass(left: 0, top: 0, across: 8, down: 8), PNGPass(left: 4, top: 0, across: 8, down: 8),
    PNGPass(left: 0, top: 4, across: 4, down: 8), PNGPass(left: 2, top: 0, across: 4, down: 4),
    PNGPass(left: 0, top: 2, across: 2, down: 4), PNGPass(left: 1, top: 0, across: 2, down: 2),
    PNGPass(left: 0, top: 1, across: 1, down: 2),
  ]

  func width(of header: PNGHeader) -> Int {
    max((header.width - left + across - 1) / across, 0)
  }

  func height(of header: PNGHeader) -> Int {
    max((header.height - top + down - 1) / down, 0)
  }
}
