import Foundation

/// What a search is: the settings that must be the same wherever and whenever it goes on, by name.
package typealias SearchSettings = [String: String]

/// A line of a journal. One of the four is there.
package enum SearchLine: Sendable, Equatable {
  /// The first line.
  case settings(SearchSettings)
  case begun(SearchTrial)
  case epoch(trial: Int, SearchTrial.Epoch)
  case ended(trial: Int, SearchTrial.End, reason: String?)
}

extension SearchLine: Codable {
  private enum Key: String, CodingKey {
    case search, settings, trial, values, parameterCount, multiplyAddCount, skippedCount, end
    case reason, epoch
  }

  /// The version of the format.
  private static let version = 1

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .settings(let settings):
      try container.encode(Self.version, forKey: .search)
      try container.encode(settings, forKey: .settings)
    case .begun(let trial):
      try container.encode(trial.number, forKey: .trial)
      try container.encode(trial.values, forKey: .values)
      try container.encode(trial.parameterCount, forKey: .parameterCount)
      try container.encode(trial.multiplyAddCount, forKey: .multiplyAddCount)
      try container.encode(trial.skippedCount, forKey: .skippedCount)
    case .epoch(let trial, let epoch):
      try container.encode(trial, forKey: .trial)
      try epoch.encode(to: encoder)
    case .ended(let trial, let end, let reason):
      try container.encode(trial, forKey: .trial)
      try container.encode(end, forKey: .end)
      try container.encodeIfPresent(reason, forKey: .reason)
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if container.contains(.search) {
      guard try container.decode(Int.self, forKey: .search) == Self.version else {
        throw DecodingError.dataCorruptedError(
          forKey: .search, in: container, debugDescription: "another version")
      }
      self = .settings(try container.decode(SearchSettings.self, forKey: .settings))
      return
    }
    let number = try container.decode(Int.self, forKey: .trial)
    if container.contains(.values) {
      var trial = SearchTrial(number: number)
      trial.values = try container.decode([String: String].self, forKey: .values)
      trial.parameterCount = try container.decode(Int.self, forKey: .parameterCount)
      trial.multiplyAddCount = try container.decode(Int.self, forKey: .multiplyAddCount)
      trial.skippedCount = try container.decode(Int.self, forKey: .skippedCount)
      self = .begun(trial)
    } else if container.contains(.epoch) {
      self = .epoch(trial: number, try SearchTrial.Epoch(from: decoder))
    } else {
      self = .ended(
        trial: number, try container.decode(SearchTrial.End.self, forKey: .end),
        reason: try container.decodeIfPresent(String.self, forKey: .reason))
    }
  }

  /// One line of JSON without its end.
  package var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Plain values, which always encode.
    return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self)
  }

  package init?(text: String) {
    guard let line = try? JSONDecoder().decode(SearchLine.self, from: Data(text.utf8)) else {
      return nil
    }
    self = line
  }
}

/// Why a journal cannot be read; a sentence about it.
package struct SearchJournalError: Error, Equatable, CustomStringConvertible {
  package let description: String
  /// Nothing in it is a search's.
  package let isForeign: Bool
}

/// What one journal holds.
package struct SearchJournal: Sendable, Equatable {
  /// nil for an empty journal.
  package private(set) var settings: SearchSettings?
  /// The trials by their numbers; of several attempts the last.
  package private(set) var trials: [Int: SearchTrial] = [:]

  package init() {}

  /// - Parameter lines: whole ones; what a kill left of a line is not among them.
  package init(_ lines: [String]) throws(SearchJournalError) {
    for (index, text) in lines.enumerated() {
      guard let line = SearchLine(text: text) else {
        throw SearchJournalError(
          description: index == 0
            ? "this is no journal of 'octet search'"
            : "line \(index + 1) is damaged; cut the file before it, and the search goes on from "
              + "there",
          isForeign: index == 0)
      }
      guard (index == 0) == line.isSettings, add(line) else {
        throw SearchJournalError(
          description: "line \(index + 1) does not belong there; cut the file before it, and the "
            + "search goes on from there", isForeign: index == 0)
      }
    }
  }

  /// - Returns: false for a line of a trial that has not begun, or is over.
  @discardableResult package mutating func add(_ line: SearchLine) -> Bool {
    switch line {
    case .settings(let settings): self.settings = settings
    case .begun(let trial):
      guard trials[trial.number]?.end == nil else { return false }
      trials[trial.number] = trial
    case .epoch(let number, let epoch):
      guard let trial = trials[number], trial.end == nil, epoch.epoch == trial.epochs.count + 1
      else { return false }
      trials[number]?.epochs.append(epoch)
    case .ended(let number, let end, let reason):
      guard trials[number] != nil, trials[number]?.end == nil else { return false }
      trials[number]?.end = end
      trials[number]?.reason = reason
    }
    return true
  }

  /// The trials of several journals in the order of their numbers. Of attempts at the same trial
  /// one that is over counts, else the one that came farthest; of equals the first journal's.
  package static func merged(_ journals: [SearchJournal]) -> [SearchTrial] {
    var result: [Int: SearchTrial] = [:]
    for journal in journals {
      for (number, trial) in journal.trials {
        guard let old = result[number] else {
          result[number] = trial
          continue
        }
        if old.end != nil { continue }
        if trial.end != nil || trial.epochs.count > old.epochs.count { result[number] = trial }
      }
    }
    return result.values.sorted { $0.number < $1.number }
  }

  /// What differs between the settings of two searches, as a clause; nil where nothing does.
  package static func difference(
    _ there: SearchSettings, _ here: SearchSettings
  ) -> String? {
    let names = Set(there.keys).union(here.keys).filter { there[$0] != here[$0] }.sorted()
    guard !names.isEmpty else { return nil }
    return names.map { name in
      switch (there[name], here[name]) {
      case (let old?, let new?): "\(name) was \(old) and is \(new)"
      case (let old?, nil): "\(name) was \(old) and is not given"
      default: "\(name) is new"
      }
    }.joined(separator: "; ")
  }
}

extension SearchLine {
  fileprivate var isSettings: Bool {
    if case .settings = self { true } else { false }
  }
}
