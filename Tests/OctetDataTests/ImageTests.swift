import OctetData
import TestData
import Testing

@Suite struct ImageTests {
  private func text(_ words: String) -> [UInt8] { [UInt8](words.utf8) }

  @Test func readsNetpbm() throws {
    let grey = Image(height: 2, width: 3, channelCount: 1, pixels: [0, 128, 255, 1, 2, 3])
    #expect(
      try Image.decode(text("P2 # a comment\n3 2\n255\n0 128 255\n1 2 3\n"), path: "t") == grey)
    #expect(
      try Image.decode(text("P5\n3 2\n255\n") + [0, 128, 255, 1, 2, 3], path: "t") == grey)
    let color = Image(height: 1, width: 2, channelCount: 3, pixels: [255, 0, 128, 17, 34, 51])
    #expect(try Image.decode(text("P3 2 1 15 15 0 8 1 2 3"), path: "t").pixels[0] == 255)
    #expect(
      try Image.decode(text("P6 2 1 255\n") + [255, 0, 128, 17, 34, 51], path: "t") == color)
    let wide = try Image.decode(text("P5 2 1 65535 ") + [0xff, 0xff, 0x80, 0x00], path: "t")
    #expect(wide.pixels == [255, 128])
  }

  @Test(arguments: [
    "P1 1 1 1", "P7", "P5", "P5 1", "P5 1 1", "P5 1 1 255", "P5 1 1 255 ", "P5 0 1 255 x",
    "P5 1 1 0 x", "P5 1 1 65536 xx", "P5 99999999999999999999 1 255 x", "P5 65536 65536 255 x",
    "P2 2 1 9 1", "P2 1 1 9 10", "P2 1 1 9 a", "P6 1 1 255 ab", "P5 -1 1 255 x", "GIF89a", "",
  ]) func refusesBadNetpbm(file: String) {
    let error = #expect(throws: DataError.self) { try Image.decode(text(file), path: "t") }
    #expect(error?.isMalformed == true)
  }

  /// 3×2, rows padded to four bytes, bottom row first.
  @Test func readsBMP() throws {
    let palette = (0..<4).flatMap { (index: UInt8) -> [UInt8] in
      [10 * index, 10 * index, 10 * index, 0]
    }
    let grey = bitmap(
      width: 3, height: 2, bitCount: 8, palette: palette, rows: [3, 2, 1, 0, 0, 1, 2, 0])
    #expect(
      try Image.decode(grey, path: "t")
        == Image(height: 2, width: 3, channelCount: 1, pixels: [0, 10, 20, 30, 20, 10]))
    let rows: [UInt8] = [1, 2, 3, 4, 5, 6, 0, 0]
    let color = bitmap(width: 2, height: 1, bitCount: 24, palette: [], rows: rows)
    #expect(
      try Image.decode(color, path: "t")
        == Image(height: 1, width: 2, channelCount: 3, pixels: [3, 2, 1, 6, 5, 4]))
    let down = bitmap(
      width: 3, height: -2, bitCount: 8, palette: palette, rows: [3, 2, 1, 0, 0, 1, 2, 0])
    #expect(try Image.decode(down, path: "t").pixels == [30, 20, 10, 0, 10, 20])
    for count in 0..<color.count {
      #expect(throws: DataError.self) { try Image.decode([UInt8](color[..<count]), path: "t") }
    }
    var random = Xoshiro256(seed: 13)
    for _ in 0..<2000 {
      _ = try? Image.decode(mutated(grey, using: &random), path: "t")
      _ = try? Image.decode(mutated(color, using: &random), path: "t")
    }
  }

  private func bitmap(
    width: Int, height: Int, bitCount: Int, palette: [UInt8], rows: [UInt8]
  ) -> [UInt8] {
    func long(_ value: Int) -> [UInt8] { littleEndian(UInt32(truncatingIfNeeded: value)) }
    let offset = 54 + palette.count
    var file: [UInt8] = [0x42, 0x4d]
    for value in [offset + rows.count, 0, offset, 40, width, height] { file += long(value) }
    file += [1, 0, UInt8(bitCount), 0]
    for value in [0, rows.count, 0, 0, palette.count / 4, 0] { file += long(value) }
    return file + palette + rows
  }

  @Test func netpbmSurvivesMutation() {
    var random = Xoshiro256(seed: 14)
    let files = ["P2 3 2 255 0 128 255 1 2 3", "P5 3 2 255 abcdef", "P6 1 2 65535 abcdefghijkl"]
    for _ in 0..<1000 {
      for file in files { _ = try? Image.decode(mutated(text(file), using: &random), path: "t") }
    }
  }

  @Test func converts() {
    let color = Image(
      height: 1, width: 3, channelCount: 3, pixels: [255, 0, 0, 0, 255, 0, 9, 9, 9])
    let grey = color.converted(toChannelCount: 1)
    #expect(grey == Image(height: 1, width: 3, channelCount: 1, pixels: [76, 150, 9]))
    #expect(grey.converted(toChannelCount: 3).pixels == [76, 76, 76, 150, 150, 150, 9, 9, 9])
    #expect(grey.inverted().pixels == [179, 105, 246])
    #expect(grey.inverted().inverted() == grey)
  }

  @Test func resizes() {
    let square = Image(height: 2, width: 2, channelCount: 1, pixels: [0, 100, 200, 40])
    #expect(square.resized(height: 1, width: 1).pixels == [85])
    #expect(square.resized(height: 2, width: 2) == square)
    // Bilinear between the centres of pixels, level outside them.
    let row = Image(height: 1, width: 2, channelCount: 1, pixels: [0, 100])
    #expect(row.resized(height: 1, width: 4).pixels == [0, 25, 75, 100])
    // The mean over 3/2 pixels.
    let three = Image(height: 1, width: 3, channelCount: 1, pixels: [30, 60, 90])
    #expect(three.resized(height: 1, width: 2).pixels == [40, 80])
  }

  @Test(arguments: [(1, 1), (3, 5), (28, 28), (100, 7)]) func resizingKeepsAFlatPicture(
    height: Int, width: Int
  ) {
    for side in [1, 2, 13, 64] {
      let flat = Image(
        height: side, width: side, channelCount: 3,
        pixels: .init(repeating: 200, count: 3 * side * side))
      let resized = flat.resized(height: height, width: width)
      #expect(resized.pixels == [UInt8](repeating: 200, count: 3 * height * width))
    }
  }

  @Test(.needing("models/tflm")) func readsSharedBitmaps() throws {
    for name in ["person.bmp", "no_person.bmp"] {
      let image = try Image.decode(contentsOf: SharedData.url("models/tflm/" + name).path)
      #expect(image.height == 96 && image.width == 96)
    }
  }
}
