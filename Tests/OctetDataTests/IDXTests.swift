import OctetData
import Testing

@Suite struct IDXTests {
  private static let array = IDX.Array(sizes: [2, 3, 2], bytes: [UInt8](1...12))
  private static let file: [UInt8] =
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2] + [UInt8](1...12)

  @Test func readsPlainBytes() throws {
    #expect(try IDX.decode(Self.file, path: "t") == Self.array)
    #expect(IDX.encode(Self.array) == Self.file)
  }

  @Test func readsGzip() throws {
    #expect(try IDX.decode(gzipped(Self.file), path: "t") == Self.array)
  }

  @Test func readsGzipOfSeveralMembers() throws {
    let parts = gzipped([UInt8](Self.file[..<7])) + gzipped([UInt8](Self.file[7...]))
    #expect(try IDX.decode(parts, path: "t") == Self.array)
  }

  @Test(arguments: 0..<file.count) func refusesTruncation(count: Int) throws {
    let error = #expect(throws: DataError.self) {
      try IDX.decode([UInt8](Self.file[..<count]), path: "t")
    }
    #expect(error?.isMalformed == true)
  }

  @Test func refusesEveryTruncationOfGzip() throws {
    let packed = gzipped(Self.file)
    for count in 0..<packed.count {
      let error = #expect(throws: DataError.self) {
        try IDX.decode([UInt8](packed[..<count]), path: "t")
      }
      #expect(error?.isMalformed == true)
    }
  }

  @Test func refusesEveryFlippedBitOfThePackedData() throws {
    let packed = gzipped(Self.file)
    // Bytes 4 … 9 are the time and the system, and 10 ends in padding: they mean nothing here.
    for index in 11..<packed.count {
      for bit in 0..<8 {
        var damaged = packed
        damaged[index] ^= 1 << UInt8(bit)
        #expect(throws: DataError.self) { try IDX.decode(damaged, path: "t") }
      }
    }
  }

  @Test func refusesBytesAfterTheData() {
    #expect(throws: DataError.self) { try IDX.decode(Self.file + [0], path: "t") }
    #expect(throws: DataError.self) { try IDX.decode(gzipped(Self.file + [0]), path: "t") }
    #expect(throws: DataError.self) { try IDX.decode(gzipped(Self.file) + [0], path: "t") }
  }

  /// Sizes from 4 GiB up to far beyond 64 bits, none of which may be allocated.
  @Test(arguments: [1, 2, 3, 4]) func refusesHugeSizes(rank: Int) throws {
    let file: [UInt8] = [0, 0, 8, UInt8(rank)] + [UInt8](repeating: 0xff, count: 4 * rank)
    let error = #expect(throws: DataError.self) { try IDX.decode(file, path: "t") }
    #expect("\(error.map { "\($0)" } ?? "")".contains("ask for more than"))
    #expect(throws: DataError.self) { try IDX.decode(gzipped(file), path: "t") }
  }

  @Test func namesTheOffsetAndTheCause() {
    let cases: [(index: Int, value: UInt8, words: String)] = [
      (0, 1, "byte 0: this is not an IDX file"), (2, 13, "byte 2: the element type is 13"),
      (3, 0, "byte 3: the rank is 0"), (3, 9, "byte 3: the rank is 9"),
      (7, 0, "byte 4: a size is 0"), (11, 4, "byte 28: the file ends within 16 bytes of data"),
    ]
    for (index, value, words) in cases {
      var damaged = Self.file
      damaged[index] = value
      let error = #expect(throws: DataError.self) { try IDX.decode(damaged, path: "x/y") }
      #expect(error.map { "\($0)" }?.hasPrefix("'x/y', " + words) == true)
    }
  }

  @Test func tellsMissingFromBad() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: DataError.self) {
      try IDX.read(contentsOf: folder.path + "/none")
    }
    #expect(missing?.isMissingInput == true)
    let isFolder = #expect(throws: DataError.self) { try IDX.read(contentsOf: folder.path) }
    #expect(isFolder?.isMissingInput == true)
    let device = #expect(throws: DataError.self) { try IDX.read(contentsOf: "/dev/zero") }
    #expect(device?.isMissingInput == true)
    let path = try folder.write("bad", [1, 2, 3, 4])
    let bad = #expect(throws: DataError.self) { try IDX.read(contentsOf: path) }
    #expect(bad?.isMissingInput == false)
  }

  @Test func survivesMutation() {
    var random = Xoshiro256(seed: 11)
    let packed = gzipped(Self.file)
    for _ in 0..<2000 {
      _ = try? IDX.decode(mutated(Self.file, using: &random), path: "t")
      _ = try? IDX.decode(mutated(packed, using: &random), path: "t")
    }
  }
}
