import Foundation
import OctetCommand
import OctetTraining

/// The folder of a search: journals, of which each process adds to its own, and claims.
final class SearchFolder {
  private static let claimsName = "claims"

  let path: String
  /// The name of this process's journal.
  let name: String
  let claims: WorkClaims
  /// Trials that were there when this run began.
  private(set) var earlierCount = 0
  private let file: LineFile
  private let settings: SearchSettings
  private var hasHead: Bool

  /// - Parameters:
  ///   - name: of the journal: `journal.jsonl`.
  ///   - settings: what every journal in the folder must say.
  /// - Throws: status 73 where another search, or something else, is there, or another process
  ///   adds to the journal.
  init(
    _ folder: OutputFolderPath, name: String, settings: SearchSettings, secondsToDeath: Double,
    console: Console
  ) throws {
    path = folder.path
    self.name = name
    self.settings = settings
    try OutputFolder.make(folder)
    _ = try Self.journals(path, settings)
    guard let file = try LineFile(addingTo: path + "/" + name) else {
      throw CommandError(
        .cannotCreate,
        "\(path): another search is at work here; --worker lets several share the folder")
    }
    self.file = file
    if file.wasTorn {
      console.message("note: a kill tore the last line of \(file.path); it is taken away")
    }
    hasHead = try !LineFile.lines(of: file.path).isEmpty
    claims = try WorkClaims(
      folder: path + "/" + Self.claimsName, journal: name, secondsToDeath: secondsToDeath)
    earlierCount = try trials().count { $0.end != nil }
  }

  /// Every trial that a journal in the folder knows.
  func trials() throws -> [SearchTrial] {
    SearchJournal.merged(try Self.journals(path, settings))
  }

  func add(_ line: SearchLine) throws(CommandError) {
    if !hasHead {
      try file.add(SearchLine.settings(settings).text)
      hasHead = true
    }
    try file.add(line.text)
  }

  private static func journals(_ path: String, _ settings: SearchSettings) throws -> [SearchJournal]
  {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { $0.hasPrefix("journal") && $0.hasSuffix(".jsonl") }.sorted()
    return try names.map { name in
      let file = path + "/" + name
      let journal: SearchJournal
      do {
        journal = try SearchJournal(try LineFile.lines(of: file))
      } catch let error as SearchJournalError {
        throw CommandError(
          error.isForeign ? .cannotCreate : .badData,
          "\(file): \(error)\(error.isForeign ? "; name another folder" : "")")
      }
      if let old = journal.settings, let difference = SearchJournal.difference(old, settings) {
        throw CommandError(
          .cannotCreate,
          "\(file): here is another search, which would be mixed up: \(difference); name another "
            + "folder with --out")
      }
      return journal
    }
  }
}
