import Foundation
import OctetBoards
import Testing

/// What was made before is not made again; what is damaged, changed or too old is.
struct BuildCacheTests {
  private func take(
    _ cache: BuildCache, _ key: Digest, in target: URL, makes bytes: [UInt8]
  ) throws -> (made: Bool, bytes: [UInt8]) {
    var made = false
    try cache.take(["a.o", "b.o"], for: key, into: target) { () throws(BoardError) in
      made = true
      for name in ["a.o", "b.o"] {
        _ = FileManager.default.createFile(
          atPath: target.appendingPathComponent(name).path, contents: Data(bytes))
      }
    }
    return (made, [UInt8](try Data(contentsOf: target.appendingPathComponent("b.o"))))
  }

  @Test func keepsAndFinds() throws {
    try withTemporaryFolder { folder in
      let cache = BuildCache(folder: folder.appendingPathComponent("cache"))
      let key = Digest(of: [1, 2, 3])
      #expect(try take(cache, key, in: folder, makes: [7]).made)
      let again = try take(cache, key, in: folder, makes: [8])
      #expect(!again.made && again.bytes == [7])
      #expect(try take(cache, Digest(of: [1, 2, 4]), in: folder, makes: [9]).made)
      // Without a folder nothing is kept.
      #expect(try take(BuildCache(folder: nil), key, in: folder, makes: [1]).made)
      // A folder that cannot be made is none.
      let file = folder.appendingPathComponent("a.o/cache")
      #expect(try take(BuildCache(folder: file), key, in: folder, makes: [1]).made)
    }
  }

  @Test("Any byte that was lost or changed is noticed")
  func noticesDamage() throws {
    try withTemporaryFolder { folder in
      let store = folder.appendingPathComponent("cache")
      let cache = BuildCache(folder: store)
      let key = Digest(of: [5])
      for damage in [[], [7, 7, 8], [7, 7, 7, 7]] as [[UInt8]] {
        _ = try take(cache, key, in: folder, makes: [7, 7, 7])
        for name in ["a.o", "b.o", "files"] {
          let file = store.appendingPathComponent(key.text).appendingPathComponent(name)
          try Data(damage).write(to: file)
          #expect(try take(cache, key, in: folder, makes: [7, 7, 7]).made, "\(name)")
          try FileManager.default.removeItem(at: file)
          #expect(try take(cache, key, in: folder, makes: [7, 7, 7]).made, "\(name)")
        }
        #expect(try !take(cache, key, in: folder, makes: [7, 7, 7]).made)
      }
    }
  }

  @Test("Many at once see whole entries or none")
  func isShared() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = BuildCache(folder: folder.appendingPathComponent("cache"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          let target = folder.appendingPathComponent("\(worker)")
          try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
          for round in 0..<20 {
            let bytes = [UInt8](repeating: UInt8(round), count: 5000)
            let taken = try self.take(cache, Digest(of: [UInt8(round)]), in: target, makes: bytes)
            #expect(taken.bytes == bytes)
          }
        }
      }
      try await group.waitForAll()
    }
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.appendingPathComponent("cache").path)
    #expect(names.count == 20, "\(names)")
  }

  @Test("It stays below its limit, and what was used last stays")
  func isBounded() throws {
    try withTemporaryFolder { folder in
      let store = folder.appendingPathComponent("cache")
      let cache = BuildCache(folder: store)
      let old = store.appendingPathComponent("old")
      try FileManager.default.createDirectory(at: old, withIntermediateDirectories: true)
      let file = old.appendingPathComponent("a.o")
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
      // A hole: it takes no room on the disk.
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: UInt64(BuildCache.limitByteCount))
      try handle.close()
      let left = store.appendingPathComponent("part-killed")
      try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
      for folder in [old, left] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -100_000)], ofItemAtPath: folder.path)
      }
      let key = Digest(of: [1])
      #expect(try take(cache, key, in: folder, makes: [1]).made)
      #expect(try FileManager.default.contentsOfDirectory(atPath: store.path) == [key.text])
      #expect(try !take(cache, key, in: folder, makes: [1]).made)
    }
  }

  @Test("Neighbouring texts, their order and their bounds make other digests")
  func tellsApart() {
    var digests: Set<String> = []
    for texts in [["ab", "c"], ["a", "bc"], ["c", "ab"], ["abc"], ["ab", "c", ""], []] {
      var digest = Digest()
      digest.add(texts)
      digests.insert(digest.text)
    }
    for byte in 0...255 { digests.insert(Digest(of: [UInt8(byte)]).text) }
    for count in 0..<64 { digests.insert(Digest(of: [UInt8](repeating: 0, count: count)).text) }
    // No texts are no bytes, and one zero is a byte too.
    #expect(digests.count == 6 + 256 + 62)
    #expect(digests.allSatisfy { $0.count == 32 })
  }

  @Test("A second build of the same compiles nothing")
  func buildsOnce() throws {
    let (blob, _) = try Built.perceptron(try Board.named("cortex-m4"))
    try withTemporaryFolder { folder in
      func build() throws -> (Firmware, Duration) {
        let out = folder.appendingPathComponent(UUID().uuidString)
        var firmware: Firmware?
        let time = try ContinuousClock().measure {
          firmware = try BoardBuilder(try Board.named("cortex-m4")).build(blob, into: out)
        }
        return (try #require(firmware), time)
      }
      _ = try build()
      let (again, time) = try build()
      #expect(FileManager.default.isExecutableFile(atPath: again.elf.path))
      #expect(time < .seconds(1.5))
      #expect(FileManager.default.fileExists(atPath: again.elf.path))
      #expect(again.binary != nil && again.stackBoundByteCount != nil)
      #expect(!FileManager.default.fileExists(atPath: again.elf.path + "/../objects"))
    }
  }
}
