/// One picture, 8 bits a channel.
public struct Image: Equatable, Sendable {
  /// The height in pixels.
  public var height: Int
  /// The width in pixels.
  public var width: Int
  /// 1 grey, 3 red, green, blue.
  public var channelCount: Int
  /// H·W·C bytes, HWC.
  public var pixels: [UInt8]

  /// Makes a picture of H·W·C bytes.
  public init(height: Int, width: Int, channelCount: Int, pixels: [UInt8]) {
    self.height = height
    self.width = width
    self.channelCount = channelCount
    self.pixels = pixels
  }

  /// Reads the bytes of a PNG, JPEG, PGM, PPM or BMP file, whose format the first bytes tell;
  /// `path` serves the error messages only.
  public static func decode(_ file: [UInt8], path: String) throws(DataError) -> Image {
    if file.starts(with: PNG.signature) { return try PNG.decode(file, path: path) }
    if file.starts(with: [0x42, 0x4d]) { return try BMP.decode(file, path: path) }
    if file.count > 1, file[0] == 0x50, (0x31...0x37).contains(file[1]) {
      return try Netpbm.decode(file, path: path)
    }
    #if !hasFeature(Embedded)
      if file.starts(with: JPEG.signature) { return try JPEG.decode(file, path: path) }
    #endif
    throw .malformed(
      path: path, byteOffset: 0,
      reason: "this is no PNG, JPEG, PGM, PPM or BMP picture; convert it to PNG")
  }

  /// Refuses a picture without pixels or above the limits, before memory is taken for it.
  static func checkSize(
    height: Int, width: Int, path: String, byteOffset: Int
  ) throws(DataError) {
    let sides = 1...DataLimits.side
    guard sides.contains(height), sides.contains(width), height <= DataLimits.pixelCount / width
    else {
      throw .malformed(
        path: path, byteOffset: byteOffset,
        reason: "a picture of \(width)×\(height) pixels; sides of 1 to \(DataLimits.side) and at "
          + "most \(DataLimits.pixelCount) pixels are read")
    }
  }
}
