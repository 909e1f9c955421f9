extension Image {
  /// Extensions, in lower case, of files that a folder of images may hold.
  public static let fileExtensions: Set<String> = [
    "png", "jpg", "jpeg", "pgm", "ppm", "pnm", "bmp",
  ]

  /// Reads a PNG, JPEG, PGM, PPM or BMP file. The first bytes tell the format, not the name.
  public static func decode(contentsOf path: String) throws(DataError) -> Image {
    try decode(try Files.read(path), path: path)
  }
}
