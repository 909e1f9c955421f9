import Foundation
import OctetData
import Testing

@Suite struct NumPyTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static func npy(
    _ description: String, _ shape: String, _ elements: [UInt8], isFortran: Bool = false,
    version: UInt8 = 1
  ) -> [UInt8] {
    var header = "{'descr': '\(description)', 'fortran_order': \(isFortran ? "True" : "False"), "
    header += "'shape': \(shape), }"
    let prefix = version == 1 ? 10 : 12
    while (prefix + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let count = header.utf8.count
    let length = littleEndian(UInt32(count)).prefix(version == 1 ? 2 : 4)
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + elements
  }

  private static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { littleEndian($0.bitPattern) }
  }

  /// A zip archive as NumPy writes it; deflated ones in one stored block, or as bytes given.
  private static func zip(
    _ files: [(name: String, bytes: [UInt8])], isDeflated: Bool = false, isLarge: Bool = false
  ) -> [UInt8] {
    func half(_ value: Int) -> [UInt8] { Array(littleEndian(UInt32(value)).prefix(2)) }
    func word(_ value: Int) -> [UInt8] { littleEndian(UInt32(truncatingIfNeeded: value)) }
    var (archive, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in files {
      let stored: [UInt8] =
        isDeflated
        ? [1] + half(bytes.count) + half(~bytes.count & 0xFFFF) + bytes : bytes
      let sizes = word(Int(crc32(bytes))) + word(stored.count) + word(bytes.count)
      let method = half(isDeflated ? 8 : 0)
      let extra: [UInt8] =
        isLarge
        ? half(1) + half(16) + word(bytes.count) + word(0) + word(stored.count) + word(0) : []
      let start = archive.count
      archive += [0x50, 0x4B, 3, 4] + half(45) + half(0) + method + word(0) + sizes
      archive += half(name.utf8.count) + half(extra.count) + Array(name.utf8) + extra + stored
      let shown = isLarge ? word(Int(crc32(bytes))) + word(-1) + word(-1) : sizes
      directory += [0x50, 0x4B, 1, 2] + half(45) + half(45) + half(0) + method + word(0) + shown
      directory += half(name.utf8.count) + half(extra.count) + half(0) + half(0) + half(0) + word(0)
      directory += word(start) + Array(name.utf8) + extra
    }
    let count = half(files.count)
    return archive + directory + [0x50, 0x4B, 5, 6] + half(0) + half(0) + count + count
      + word(directory.count) + word(archive.count) + half(0)
  }

  private func read(_ bytes: [UInt8]) throws -> [NumPyArray] {
    try NumPyArray.load(try folder.write("file", bytes))
  }

  @Test func floatsInBothOrders() throws {
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    let array = try #require(try read(Self.npy("<f4", "(2, 3)", Self.floats(values))).first)
    #expect(array.shape == [2, 3])
    #expect(array.floats() == values)
    let columns = Self.npy("<f4", "(2, 3)", Self.floats([1, 4, 2, 5, 3, 6]), isFortran: true)
    #expect(try read(columns)[0].floats() == values)
  }

  @Test(
    arguments: [
      ("|i1", [0xFF, 2]), ("|u1", [255, 2]), ("<i2", [0xFE, 0xFF, 2, 0]),
      (">i2", [0xFF, 0xFE, 0, 2]),
      ("<i4", [0xFD, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0]),
      ("<i8", [7, 0, 0, 0, 0, 0, 0, 0] + [2] + .zeros),
      (">f4", [0x3F, 0x80, 0, 0, 0x40, 0, 0, 0]),
      ("<f8", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x40]),
      (">f8", [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]), ("|b1", [1, 0]),
    ] as [(String, [UInt8])])
  func everyType(description: String, bytes: [UInt8]) throws {
    let firsts: [String: Float] = [
      "|i1": -1, "|u1": 255, "<i2": -2, ">i2": -2, "<i4": -3, "<i8": 7, "|b1": 1,
    ]
    for version in [1, 2, 3] as [UInt8] {
      let array = try read(Self.npy(description, "(2,)", bytes, version: version))[0]
      #expect(array.floats() == [firsts[description] ?? 1, description == "|b1" ? 0 : 2])
    }
  }

  @Test(arguments: [false, true], [false, true])
  func archives(isDeflated: Bool, isLarge: Bool) throws {
    let one = Self.npy("<f4", "(2,)", Self.floats([1, 2]))
    let two = Self.npy("|u1", "(2, 2)", [1, 2, 3, 4])
    let arrays = try read(
      Self.zip([("b.npy", one), ("a.npy", two)], isDeflated: isDeflated, isLarge: isLarge))
    #expect(arrays.map(\.name) == ["b", "a"])
    #expect(arrays.map { $0.floats() } == [[1, 2], [1, 2, 3, 4]])
  }

  @Test(arguments: [
    ("<f2", "(2,)", 4), ("<c8", "(1,)", 8), ("|O", "(1,)", 8), ("<f4", "(2,)", 7),
    ("<f4", "(2,)", 9), ("<f4", "(0, 3)", 0), ("<f4", "(-1,)", 4), ("<f4", "2", 8),
    ("<f4", "(4611686018427387904, 4)", 16),
  ]) func refusals(description: String, shape: String, byteCount: Int) throws {
    let bytes = Self.npy(description, shape, [UInt8](repeating: 0, count: byteCount))
    let error = #expect(throws: DataError.self) { try read(bytes) }
    #expect(error?.isMalformed == true)
  }

  @Test func structuredArraysAreToldInOneSentence() throws {
    var array = Self.npy("<f4,i4", "(2,)", [UInt8](repeating: 0, count: 16))
    // A list of fields, as long as the text was, so that the header's length stays.
    let (text, fields) = (Array("'<f4,i4'".utf8), Array("[('x',)]".utf8))
    let start = try #require(array.indices.first { array[$0...].starts(with: text) })
    array.replaceSubrange(start..<start + text.count, with: fields)
    let error = #expect(throws: DataError.self) { try read(array) }
    #expect(error.map { "\($0)".contains("a structured array") } == true)
  }

  @Test func everyTruncationIsRefused() throws {
    let array = Self.npy("<f4", "(2,)", Self.floats([1, 2]))
    for file in [
      array, Self.zip([("x.npy", array)]), Self.zip([("x.npy", array)], isDeflated: true),
    ] {
      for count in 0..<file.count {
        let error = #expect(throws: DataError.self) { try read([UInt8](file[..<count])) }
        #expect(error?.isMalformed == true, "\(count) bytes")
      }
    }
  }

  /// What is changed at random is read, or refused with a sentence; `OCTET_FUZZ_COUNT` says how
  /// often.
  @Test func damagedFiles() throws {
    let count = ProcessInfo.processInfo.environment["OCTET_FUZZ_COUNT"].flatMap { Int($0) } ?? 3000
    let array = Self.npy("<f4", "(2, 3)", Self.floats([1, 2, 3, 4, 5, 6]))
    let files = [
      array, Self.zip([("x.npy", array), ("y.npy", array)]),
      Self.zip([("x.npy", array)], isDeflated: true, isLarge: true),
    ]
    var random = Xoshiro256(seed: 11, stream: 0)
    for round in 0..<count {
      let bytes = mutated(files[round % files.count], using: &random)
      do {
        for array in try read(bytes) { #expect(array.floats().count == array.elementCount) }
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
  }

  @Test func picturesWithoutLabels() throws {
    let ppm = Array("P5 2 1 255\n".utf8)
    try folder.write("flat/b.pgm", ppm + [3, 4])
    try folder.write("flat/a.pgm", ppm + [1, 2])
    let set = try #require(try DataSource.loadPictures(folder.path + "/flat")).images
    #expect(set.pixels == [1, 2, 3, 4])
    #expect(set.labels.isEmpty)
    // Of mixed sizes: the size that most have, or the one that is wanted; said once.
    try folder.write("flat/c.pgm", Array("P5 1 1 255\n".utf8) + [9])
    let mixed = try #require(try DataSource.loadPictures(folder.path + "/flat"))
    #expect(mixed.images.pixels == [1, 2, 3, 4, 9, 9])
    #expect(mixed.remarks.count == 1 && mixed.remarks[0].contains("1 of 3 pictures"))
    let size = PictureSize(height: 1, width: 1)
    let small = try #require(try DataSource.loadPictures(folder.path + "/flat", size: size))
    #expect(small.images.pixels.count == 3 && small.remarks[0].contains("2 of 3"))
    try folder.write("classes/x/a.pgm", ppm + [1, 2])
    #expect(try DataSource.loadPictures(folder.path + "/classes") == nil)
  }
}

extension [UInt8] {
  fileprivate static var zeros: [UInt8] { [0, 0, 0, 0, 0, 0, 0] }
}
