import Foundation
import OctetSystem

extension Board {
  /// The file that says what a board is.
  static let fileName = "board.json"

  /// A key of `board.json`.
  private enum Key: String, CaseIterable {
    case summary, family, triple, run, package, cycleModel

    /// What must stand there, for a person who left it out or wrote something else.
    var meaning: String {
      switch self {
      case .summary: "a text: what the board is"
      case .family:
        "one of " + Family.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      case .triple:
        "a text: the triple of an Embedded Swift module, such as \"armv7em-none-none-eabi\""
      case .run:
        "a list of texts: the program that runs an image, and its arguments before the image"
      case .package: "a text: Debian's package that has the program of 'run'"
      case .cycleModel:
        "one of "
          + CycleModel.Core.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      }
    }
  }

  /// The board whose files are in `folder`.
  ///
  /// - Throws: `file` when `board.json` cannot be read, `invalidBoard` with the key that is wrong
  ///   and what it must be.
  public init(folder: URL) throws(BoardError) {
    let file = folder.appendingPathComponent(Self.fileName)
    let values = try Self.object(file)
    func value<Value>(_ key: Key, as type: Value.Type = Value.self) throws(BoardError) -> Value? {
      guard let found = values[key.rawValue] else { return nil }
      guard let value = found as? Value else { throw Self.wrong(file, key, "is something else") }
      return value
    }
    func required<Value>(_ key: Key) throws(BoardError) -> Value {
      guard let value: Value = try value(key) else { throw Self.wrong(file, key, "is missing") }
      return value
    }
    let name: String = try required(.family)
    guard let family = Family(rawValue: name) else {
      throw Self.wrong(file, .family, "is \"\(name.shown)\"")
    }
    let run: [String] = try required(.run)
    guard let program = run.first, !program.isEmpty else {
      throw Self.wrong(file, .run, "is empty")
    }
    self.init(
      name: folder.standardizedFileURL.lastPathComponent, summary: try required(.summary),
      family: family, triple: try required(.triple),
      // A board's own programs and their files are beside it.
      emulator: run.map { $0.replacingOccurrences(of: "$BOARD", with: folder.path) })
    package = try value(.package)
    if let model: String = try value(.cycleModel) {
      cycleModel = CycleModel.Core(rawValue: model)
      if cycleModel == nil { throw Self.wrong(file, .cycleModel, "is \"\(model.shown)\"") }
    }
    self.folder = folder
    for needed in ["toolset.json"] + (family == .wasi ? [] : ["board.ld"]) {
      guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(needed).path)
      else {
        throw .invalidBoard(
          path: folder.path,
          problem: "there is no \(needed) beside board.json; copy one from Octet's "
            + "Firmware/Boards and change it")
      }
    }
  }

  private static func object(_ file: URL) throws(BoardError) -> [String: Any] {
    let value: Any
    let bytes = try file.read()
    do {
      value = try JSONSerialization.jsonObject(with: Data(bytes))
    } catch {
      let detail = (error as NSError).userInfo["NSDebugDescription"] as? String
      throw .invalidBoard(path: file.path, problem: "it is not JSON: \(detail ?? "\(error)")")
    }
    guard let object = value as? [String: Any] else {
      throw .invalidBoard(path: file.path, problem: "it is not a JSON object: write { … }")
    }
    let known = Key.allCases.map(\.rawValue)
    if let unknown = object.keys.sorted().first(where: { !known.contains($0) }) {
      throw .invalidBoard(
        path: file.path,
        problem: "the key '\(unknown.shown)' means nothing here; there are "
          + known.joined(separator: ", "))
    }
    return object
  }

  private static func wrong(_ file: URL, _ key: Key, _ state: String) -> BoardError {
    .invalidBoard(
      path: file.path, problem: "'\(key.rawValue)' \(state); it must be \(key.meaning)")
  }
}
