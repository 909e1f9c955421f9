import Foundation
import OctetCommand
import Testing

/// A folder for one test, removed after it.
private func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-tests-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

private func failure(_ body: () throws -> Void) -> CommandError? {
  do {
    try body()
    return nil
  } catch {
    return error as? CommandError
  }
}

private func names(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

@Suite struct AtomicFileTests {
  @Test func writesReplacesAndLeavesNothingElse() throws {
    try withFolder { folder in
      let path = folder + "/a.oct"
      try AtomicFile.checkCanWrite(to: path)
      try AtomicFile.write([1, 2, 3] as [UInt8], to: path)
      #expect(try InputFile.read(path) == [1, 2, 3])
      try AtomicFile.write("text", to: path)
      #expect(try InputFile.read(path) == Array("text".utf8))
      try AtomicFile.write([UInt8](), to: path)
      #expect(try InputFile.read(path).isEmpty)
      #expect(try names(in: folder) == ["a.oct"])
    }
  }

  @Test func keepsPermissions() throws {
    try withFolder { folder in
      let path = folder + "/a"
      try AtomicFile.write("old", to: path)
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
      try AtomicFile.write("new", to: path)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o640)
    }
  }

  @Test func followsLinks() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/sub", withIntermediateDirectories: false)
      for (link, target) in [("/link", "sub/file"), ("/outer", "link")] {
        try FileManager.default.createSymbolicLink(
          atPath: folder + link, withDestinationPath: target)
      }
      // Dangling first, then not.
      for text in ["one", "two"] {
        try AtomicFile.write(text, to: folder + "/outer")
        #expect(try InputFile.read(folder + "/sub/file") == Array(text.utf8))
      }
      #expect(try names(in: folder) == ["link", "outer", "sub"])
      #expect(try names(in: folder + "/sub") == ["file"])
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link")
      #expect(target == "sub/file")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/loop", withDestinationPath: "loop")
      let error = failure { try AtomicFile.write("x", to: folder + "/loop") }
      #expect(error?.status == .cannotCreate)
    }
  }

  @Test func refusals() throws {
    try withFolder { folder in
      try AtomicFile.write("file", to: folder + "/file")
      let cases = [
        (folder, "this is a folder"), (folder + "/new/", "this is a folder"),
        (folder + "/missing/a", "there is no folder '\(folder)/missing'"),
        (folder + "/file/a", "there is no folder '\(folder)/file'"),
        (folder + "/" + String(repeating: "n", count: 300), "File name too long"),
        ("", "empty"),
      ]
      for (path, reason) in cases {
        let error = failure { try AtomicFile.write("x", to: path) }
        #expect(error?.status == .cannotCreate)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? path)")
      }
      for (path, _) in cases where !path.hasSuffix("n") {
        let error = failure { try AtomicFile.checkCanWrite(to: path) }
        #expect(error?.status == .cannotCreate)
      }
      #expect(try names(in: folder) == ["file"])
      #expect(try InputFile.read(folder + "/file") == Array("file".utf8))
    }
  }

  /// Root may write everything, so there the test has nothing to see.
  @Test(.enabled(if: getuid() != 0, "root ignores permissions"))
  func writeProtectedFilesAndFolders() throws {
    try withFolder { folder in
      let path = folder + "/a"
      try AtomicFile.write("old", to: path)
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
      #expect(failure { try AtomicFile.write("new", to: path) }?.status == .cannotCreate)
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
      #expect(failure { try AtomicFile.write("b", to: folder + "/b") }?.status == .cannotCreate)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
      #expect(try InputFile.read(path) == Array("old".utf8))
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func devicesAreWrittenInPlace() throws {
    #expect(failure { try AtomicFile.write("x", to: "/dev/full") }?.status == .inputOutput)
    try AtomicFile.write("x", to: "/dev/null")
    let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/null")
    #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
  }

  @Test func threadsDoNotMix() async throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-tests-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for value in 0..<16 {
        group.addTask {
          try AtomicFile.write([UInt8](repeating: UInt8(value), count: 100_000), to: path)
        }
      }
      try await group.waitForAll()
    }
    let bytes = try InputFile.read(path)
    #expect(bytes.count == 100_000 && Set(bytes).count == 1)
  }
}

@Suite struct InputFileTests {
  @Test(arguments: [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
  func readAndMapAgree(byteCount: Int) throws {
    try withFolder { folder in
      let path = folder + "/a"
      let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try AtomicFile.write(bytes, to: path)
      #expect(try InputFile.read(path) == bytes)
      #expect(try InputFile.map(path) == Data(bytes))
      #expect(try InputFile.read(path, limit: byteCount).count == byteCount)
      guard byteCount > 0 else { return }
      #expect(failure { _ = try InputFile.read(path, limit: byteCount - 1) }?.status == .badData)
      #expect(failure { _ = try InputFile.map(path, limit: byteCount - 1) }?.status == .badData)
    }
  }

  @Test func refusals() throws {
    try withFolder { folder in
      try AtomicFile.write("x", to: folder + "/lenet.oct")
      for (path, message) in [
        (folder, "\(folder): this is a folder; a file is needed"),
        (folder + "/lenet.otc", ": there is no such file; did you mean 'lenet.oct'?"),
        (folder + "/lenet.oct/x", ": there is no such file"), ("", ": there is no such file"),
      ] {
        for error in [
          failure { _ = try InputFile.read(path) }, failure { _ = try InputFile.map(path) },
        ] {
          #expect(error?.status == .missingInput)
          #expect(error?.message.hasSuffix(message) == true, "\(error?.message ?? path)")
        }
      }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/zero")))
  func devicesWithoutEnd() throws {
    #expect(failure { _ = try InputFile.read("/dev/zero", limit: 5000) }?.status == .badData)
    #expect(try InputFile.read("/dev/null").isEmpty)
  }

  @Test func naming() {
    struct Broken: Error, CustomStringConvertible { var description: String { "is broken" } }
    let error = failure { try OctetCommand.naming("a.oct") { throw Broken() } }
    #expect(error == CommandError(.badData, "a.oct: is broken"))
    let own = CommandError(.missingInput, "as it is")
    #expect(failure { try OctetCommand.naming("a.oct") { throw own } } == own)
  }
}
