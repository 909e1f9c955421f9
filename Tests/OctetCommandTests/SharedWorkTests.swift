import Foundation
import OctetCommand
import Testing

/// Journals that are killed at any moment, and work that is shared through a folder.
@Suite struct SharedWorkTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-shared-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  /// Wherever a kill cuts the file, whole lines stay and the next line stands alone.
  @Test func aTornLineIsTakenAway() throws {
    try withFolder { folder in
      let path = folder + "/j"
      let whole = Data("one\ntwo\nthree\n".utf8)
      for count in 0...whole.count {
        try whole.prefix(count).write(to: URL(fileURLWithPath: path))
        let kept = try LineFile.lines(of: path)
        #expect(kept == ["one", "two", "three"].prefix(kept.count).map { $0 })
        do {
          let file = try #require(try LineFile(addingTo: path))
          #expect(file.wasTorn == ![0, 4, 8, 14].contains(count))
          try file.add("new")
        }
        #expect(try LineFile.lines(of: path) == kept + ["new"])
      }
    }
  }

  @Test func oneProcessAdds() throws {
    try withFolder { folder in
      let path = folder + "/j"
      do {
        let first = try #require(try LineFile(addingTo: path))
        #expect(try LineFile(addingTo: path) == nil)
        #expect(LineFile.isBeingAddedTo(path))
        try first.add("line")
      }
      #expect(!LineFile.isBeingAddedTo(path))
      #expect(try LineFile(addingTo: path) != nil)
      // A file that nothing was added to goes.
      do { _ = try LineFile(addingTo: folder + "/empty") }
      #expect(!FileManager.default.fileExists(atPath: folder + "/empty"))
      #expect(try LineFile.lines(of: folder + "/empty").isEmpty)
      #expect(throws: CommandError.self) { try LineFile(addingTo: folder + "/none/j") }
    }
  }

  /// Two that live never have the same piece; who is gone is followed.
  @Test func aPieceHasOneOwner() throws {
    try withFolder { folder in
      let claims = try ["a", "b"].map {
        try WorkClaims(folder: folder + "/claims", journal: $0, secondsToDeath: 600)
      }
      var first = try LineFile(addingTo: folder + "/a")
      try first?.add("a")
      let second = try LineFile(addingTo: folder + "/b")
      try second?.add("b")
      let claim = try #require(try claims[0].take(7))
      #expect(claims[0].isOurs(claim) && claim.takenFrom == nil)
      #expect(try claims[1].take(7) == nil)
      #expect(try claims[1].take(70) != nil)
      // The first process ends.
      first = nil
      let taken = try #require(try claims[1].take(7))
      #expect(taken.takenFrom == "a" && claims[1].isOurs(taken))
      #expect(!claims[0].isOurs(claim), "an owner that was thought dead learns of it")
      claims[1].giveUp(taken)
      first = try LineFile(addingTo: folder + "/a")
      // What an earlier run with this journal left is its own.
      #expect(try claims[0].take(7)?.takenFrom == "a")
      _ = (first, second)
    }
  }

  /// A claim of another machine counts until it has been silent for too long.
  @Test func otherMachinesDieByTheClock() throws {
    try withFolder { folder in
      let claims = try WorkClaims(folder: folder + "/claims", journal: "me", secondsToDeath: 100)
      let path = folder + "/claims/3.1"
      try Data("another machine\njournal-x\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(try claims.take(3) == nil)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -50)], ofItemAtPath: path)
      #expect(try claims.take(3) == nil)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -150)], ofItemAtPath: path)
      let claim = try #require(try claims.take(3))
      #expect(claim.takenFrom == "journal-x")
      // Renewed, it is as new.
      let own = folder + "/claims/3.2"
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -150)], ofItemAtPath: own)
      claims.renew(claim)
      let date = try FileManager.default.attributesOfItem(atPath: own)[.modificationDate] as? Date
      #expect(try #require(date).timeIntervalSinceNow > -50)
    }
  }

  /// Many at once: every piece goes to one.
  @Test func racesHaveOneWinner() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-race-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let names = (0..<8).map { "journal-\($0)" }
    let files = try names.map { try LineFile(addingTo: folder + "/" + $0) }
    for file in files { try file?.add("here") }
    let taken = try await withThrowingTaskGroup(of: [Int].self) { group in
      for name in names {
        group.addTask {
          let claims = try WorkClaims(
            folder: folder + "/claims", journal: name, secondsToDeath: 600)
          return try (0..<40).filter { try claims.take($0) != nil }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(taken.sorted() == Array(0..<40))
    _ = files
  }
}
