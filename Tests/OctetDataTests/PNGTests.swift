import Foundation
import OctetData
import Testing

@Suite struct PNGTests {
  @Test(arguments: PNGVector.all) func readsVector(vector: PNGVector) throws {
    let image = try Image.decode(vector.file, path: vector.name)
    #expect(image.height == 9 && image.width == 9)
    #expect(image.channelCount == vector.channelCount)
    #expect(image.pixels.starts(with: vector.firstRow))
    #expect(crc32(image.pixels) == vector.checksum)
  }

  @Test func vectorsCoverEveryColourTypeAndDepth() {
    #expect(PNGVector.all.count == 37)
  }

  @Test(arguments: [1, 3]) func readsWhatItWrites(channelCount: Int) throws {
    var random = Xoshiro256(seed: 5)
    for (height, width) in [(1, 1), (1, 7), (5, 1), (13, 17), (28, 28), (3, 100)] {
      for isSmooth in [false, true] {
        let pixels = (0..<height * width * channelCount).map { index in
          isSmooth ? UInt8(truncatingIfNeeded: index) : UInt8(random.next(below: 256))
        }
        let image = Image(
          height: height, width: width, channelCount: channelCount, pixels: pixels)
        #expect(try Image.decode(PNG.encode(image), path: "t") == image)
      }
    }
  }

  @Test func refusesEveryTruncation() throws {
    for vector in PNGVector.all {
      for count in 0..<vector.file.count {
        #expect(throws: DataError.self) {
          try Image.decode([UInt8](vector.file[..<count]), path: "t")
        }
      }
    }
  }

  /// Each chunk has a CRC, so no flipped bit goes unnoticed.
  @Test func refusesEveryFlippedBit() throws {
    let file = try #require(PNGVector.all.first).file
    for index in file.indices {
      for bit in 0..<8 {
        var damaged = file
        damaged[index] ^= 1 << UInt8(bit)
        #expect(throws: DataError.self) { try Image.decode(damaged, path: "t") }
      }
    }
  }

  /// CRCs are made right again, so that the mutation reaches what lies behind them.
  @Test func survivesMutation() {
    var random = Xoshiro256(seed: 12)
    for _ in 0..<60 {
      for vector in PNGVector.all {
        _ = try? Image.decode(mutated(vector.file, using: &random), path: "t")
        var chunks = Self.chunks(of: vector.file)
        let index = random.next(below: chunks.count)
        chunks[index].data = mutated(chunks[index].data, using: &random)
        _ = try? Image.decode(Self.file(of: chunks), path: "t")
      }
    }
  }

  @Test func refusesHugeSizesBeforeUnpacking() throws {
    var chunks = Self.chunks(of: try #require(PNGVector.all.first).file)
    chunks[0].data.replaceSubrange(0..<8, with: [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
    let error = #expect(throws: DataError.self) {
      try Image.decode(Self.file(of: chunks), path: "t")
    }
    #expect(error.map { "\($0)" }?.contains("2147483647×2147483647 pixels") == true)
  }

  /// A megabyte of zeros behind the data of a small picture is not unpacked but refused.
  @Test func refusesMoreDataThanPixels() throws {
    let large = PNG.encode(
      Image(height: 1024, width: 1024, channelCount: 1, pixels: .init(repeating: 0, count: 1 << 20))
    )
    var chunks = Self.chunks(of: large)
    chunks[0].data.replaceSubrange(0..<8, with: [0, 0, 0, 4, 0, 0, 0, 4])
    let error = #expect(throws: DataError.self) {
      try Image.decode(Self.file(of: chunks), path: "t")
    }
    #expect(error.map { "\($0)" }?.contains("does not have the 20 bytes") == true)
  }

  @Test func namesTheCause() throws {
    let palette = try #require(PNGVector.all.first { $0.name == "palette 8 bits" })
    let chunks = Self.chunks(of: palette.file)
    let header = chunks[0]
    let cases: [(chunks: [Chunk], words: String)] = [
      (chunks.filter { $0.type != "PLTE" }, "the palette (PLTE) is missing"),
      (chunks.filter { $0.type != "IDAT" }, "there is no picture data"),
      (chunks.filter { $0.type != "IEND" }, "the file ends before its IEND"),
      (Array(chunks.dropFirst()), "the first chunk is 'PLTE' and not IHDR"),
      ([header] + chunks, "a second IHDR"),
      ([header, Chunk(type: "ABCD", data: [])] + chunks.dropFirst(), "'ABCD' is needed"),
      (
        chunks.map { $0.type == "PLTE" ? Chunk(type: "PLTE", data: [1, 2, 3]) : $0 },
        "is not in the palette"
      ),
    ]
    for (chunks, words) in cases {
      let error = #expect(throws: DataError.self) {
        try Image.decode(Self.file(of: chunks), path: "t")
      }
      #expect(error.map { "\($0)" }?.contains(words) == true)
    }
    // A chunk that a reader may leave out does no harm.
    let extra = [header, Chunk(type: "teXt", data: [1, 2])] + chunks.dropFirst()
    #expect(throws: Never.self) { try Image.decode(Self.file(of: extra), path: "t") }
  }

  // MARK: Files in parts

  private struct Chunk {
    var type: String
    var data: [UInt8]
  }

  private static func chunks(of file: [UInt8]) -> [Chunk] {
    var chunks: [Chunk] = []
    var offset = 8
    while offset + 12 <= file.count {
      let count = file[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      chunks.append(
        Chunk(
          type: String(decoding: file[offset + 4..<offset + 8], as: UTF8.self),
          data: [UInt8](file[offset + 8..<offset + 8 + count])))
      offset += 12 + count
    }
    return chunks
  }

  private static func file(of chunks: [Chunk]) -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    for chunk in chunks {
      let body = [UInt8](chunk.type.utf8) + chunk.data
      file += littleEndian(UInt32(chunk.data.count)).reversed()
      file += body + littleEndian(crc32(body)).reversed()
    }
    return file
  }
}

extension PNGVector {
  var file: [UInt8] { Data(base64Encoded: base64.joined()).map { [UInt8]($0) } ?? [] }
}
