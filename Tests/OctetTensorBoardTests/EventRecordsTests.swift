import OctetONNX
import OctetTensorBoard
import Testing

@Suite struct EventRecordsTests {
  /// RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
  @Test func publishedSums() {
    let zeros = [UInt8](repeating: 0, count: 32)
    let ones = [UInt8](repeating: 0xff, count: 32)
    #expect(CRC32C.checksum(zeros) == 0x8a91_36aa)
    #expect(CRC32C.checksum(ones) == 0x62a8_ab43)
    #expect(CRC32C.checksum(0..<32) == 0x46dd_794e)
    #expect(CRC32C.checksum((0..<32).reversed()) == 0x113f_db5c)
    // An iSCSI SCSI Read (10) command PDU.
    let command: [UInt8] =
      [0x01, 0xc0] + [UInt8](repeating: 0, count: 14) + [0x14, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14]
      + [0, 0, 0, 0x18, 0x28] + [UInt8](repeating: 0, count: 7) + [2]
      + [UInt8](repeating: 0, count: 7)
    #expect(command.count == 48 && CRC32C.checksum(command) == 0xd996_3a56)
    #expect(CRC32C.checksum("123456789".utf8) == 0xe306_9283)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  /// The frames of a file: each length, its sum, the data and its sum.
  private static func frames(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var offset = 0
    func number(_ at: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
    }
    while offset < bytes.count {
      let length = Int(number(offset, 8))
      try #require(bytes.count >= offset + 16 + length)
      #expect(number(offset + 8, 4) == UInt64(CRC32C.masked(bytes[offset..<offset + 8])))
      let data = Array(bytes[offset + 12..<offset + 12 + length])
      #expect(number(offset + 12 + length, 4) == UInt64(CRC32C.masked(data)))
      frames.append(data)
      offset += 16 + length
    }
    return frames
  }

  /// Fields of a message, numbered; what is left of it must be nothing.
  private static func fields(_ data: [UInt8]) throws -> [(number: Int, bytes: [UInt8])] {
    var fields: [(Int, [UInt8])] = []
    var offset = 0
    func varint() -> Int {
      var (value, shift) = (0, 0)
      while true {
        let byte = data[offset]
        offset += 1
        value |= Int(byte & 0x7f) << shift
        shift += 7
        if byte < 0x80 { return value }
      }
    }
    while offset < data.count {
      let key = varint()
      let start = offset
      switch key & 7 {
      case 0:
        let value = varint()
        fields.append((key >> 3, (0..<8).map { UInt8(value >> (8 * $0) & 255) }))
      case 1: offset += 8
      case 5: offset += 4
      default:
        let count = varint()
        fields.append((key >> 3, Array(data[offset..<offset + count])))
        offset += count
        continue
      }
      if key & 7 != 0 { fields.append((key >> 3, Array(data[start..<offset]))) }
    }
    #expect(offset == data.count)
    return fields
  }

  private static func field(_ number: Int, of data: [UInt8]) throws -> [UInt8] {
    try #require(try fields(data).first { $0.number == number }).bytes
  }

  private static func double(_ bytes: ArraySlice<UInt8>) -> Double {
    Double(bitPattern: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  @Test func framesHoldWhatWasAdded() throws {
    var records = EventRecords()
    records.begin(at: 12.5)
    records.add(
      [
        EventValue("loss", .scalar(0.25)), EventValue("norm", layer: "a/b", .scalar(3)),
        EventValue("image", .picture(png: [1, 2, 3], height: 4, width: 300, channelCount: 1)),
        EventValue("words", .text("| a |")),
      ], step: 300, at: 13)
    records.add([], step: 301, at: 14)
    records.resume(from: 7, at: 15)
    let frames = try Self.frames(records.bytes)
    #expect(frames.count == 3)
    #expect(try Self.double(Self.field(1, of: frames[0])[...]) == 12.5)
    #expect(try Self.field(3, of: frames[0]) == Array("brain.Event:2".utf8))
    #expect(try Self.field(2, of: frames[1]).prefix(2) == [44, 1])
    let values = try Self.fields(Self.field(5, of: frames[1])).map(\.bytes)
    let tags = try values.map { String(decoding: try Self.field(1, of: $0), as: UTF8.self) }
    #expect(tags == ["loss", "norm/a.b", "image", "words"])
    #expect(try Self.field(2, of: values[0]) == [0, 0, 0x80, 0x3e])
    let picture = try Self.field(4, of: values[2])
    #expect(try Self.field(2, of: picture).prefix(2) == [44, 1])
    #expect(try Self.field(4, of: picture) == [1, 2, 3])
    let plugin = try Self.field(1, of: Self.field(9, of: values[3]))
    #expect(try Self.field(1, of: plugin) == Array("text".utf8))
    #expect(try Self.field(8, of: Self.field(8, of: values[3])) == Array("| a |".utf8))
    #expect(try Self.field(1, of: Self.field(7, of: frames[2])).first == 1)
  }

  /// Least, largest, count, sum, squares, then as many limits as bins, whose counts add up.
  @Test(arguments: [[0.5, -1, 2, .infinity, .nan, 0.5], [3, 3, 3], [], [0, 0], [1e30, -1e30]])
  func histograms(_ numbers: [Float]) throws {
    var records = EventRecords()
    records.add([EventValue("h", .histogram(numbers))], step: 1, at: 0)
    let frame = try #require(try Self.frames(records.bytes).first)
    let value = try Self.field(1, of: Self.field(5, of: frame))
    let histogram = try Self.field(5, of: value)
    let finite = numbers.filter(\.isFinite).map(Double.init)
    let wanted = [
      finite.min() ?? 0, finite.max() ?? 0, Double(finite.count), finite.reduce(0, +),
      finite.reduce(0) { $0 + $1 * $1 },
    ]
    for (number, value) in zip(1..., wanted) {
      #expect(try Self.double(Self.field(number, of: histogram)[...]) == value)
    }
    func list(_ number: Int) throws -> [Double] {
      let bytes = try Self.field(number, of: histogram)
      return stride(from: 0, to: bytes.count, by: 8).map { Self.double(bytes[$0..<$0 + 8]) }
    }
    let (limits, counts) = (try list(6), try list(7))
    #expect(limits.count == counts.count && limits == limits.sorted())
    #expect(counts.reduce(0, +) == Double(finite.count))
    #expect(try #require(limits.last) >= finite.max() ?? 0)
  }
}
