import Foundation
import Testing

/// `octet search` from outside: what it refuses, what a kill leaves, and how work is shared.
@Suite struct SearchVerbTests {
  private static let line =
    "search --arch mlp --width 0.1 --epochs 3 --batch-size 16 --trials 12 "
    + "--over learning-rate=log(1e-4,1e-1) --over weight-decay=none,0.01,0.1 "
    + "--over augment.crop=0,1,2 --threads 1"

  private func search(_ rest: String, in folder: URL) async throws -> Run {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    let words = (Self.line + " " + rest).split(separator: " ").map(String.init)
    return try await octet(words + ["--data", data], in: folder)
  }

  /// What was found, without times and names of files.
  private func found(_ run: Run) throws -> NSDictionary {
    var report = try run.json()
    report["seconds"] = nil
    report["htmlFile"] = nil
    let trials = try #require(report["trials"] as? [[String: Any]])
    report["trials"] = trials.map { $0.filter { $0.key != "seconds" } }
    return report as NSDictionary
  }

  // MARK: Refusals

  @Test(arguments: [
    ("", "--over is missing"),
    ("--over learnin-rate=log(1e-4,1)", "did you mean 'learning-rate'?"),
    ("--over learning-rate", "NAME=RANGE"), ("--over learning-rate=log(1,1e-4)", "ends at 0.0001"),
    ("--over learning-rate=log(0,1)", "above 0"),
    ("--over learning-rate=log(1,1000)", "at most 100"),
    ("--over learning-rate=1,", "one of its values is empty"), ("--over epochs=1,2", "epochs is"),
    ("--over seed=1,2", "luck"), ("--over batch-size=uniform(1.5,3)", "whole numbers"),
    ("--over optimizer=log(1,2)", "optimizer=A,B"), ("--over optimizer=adam,sdg", "did you mean"),
    ("--over augment.rotat=0,1", "augment.rotate"), ("--over augment.flip=uniform(0,2)", "1.0"),
    ("--over l1=0,0.1 --over l1=0,0.2", "names l1 twice"),
    ("--over l1=0,0.1 --l1 0.5", "given and"),
    ("--over augment=flip|none --over augment.crop=0,1", "as a whole"),
    ("--over l1=0,0.1 --worker --shard 1/2", "take one"),
    ("--over l1=0,0.1 --worker -o best.onnx", "the whole search"),
    ("--over l1=0,0.1 --optimizer sgd --momentum 0.5", "means nothing with"),
    ("--over l1=0,0.1 --split 0", "--validation"), ("--over l1=0,0.1 --shard 3/2", "3/8"),
    ("--over l1=0,0.1 --method best", "one of random, narrow, tpe"),
    ("--over l1=0,0.1 --max-parameters 0", "at least 1"),
  ])
  func wrongOptions(rest: String, word: String) async throws {
    let run = try await workshop("search --data data --out wrong \(rest) --json")
    #expect(run.isFailure(64, word), "\(rest): \(run)")
    let folder = try await Workshop.shared.folder().appendingPathComponent("wrong")
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  @Test func whatCannotBeDone() async throws {
    let none = try await workshop("search --data nothing --over l1=0,0.1 --json")
    #expect(none.isFailure(66), "\(none)")
    let base = "search --data data --arch mlp --epochs 1 --over l1=0,0.1 --trials 1 --quiet "
    #expect(try await workshop(base + "--out m.oct --json").isFailure(73, "something else is here"))
    #expect(try await workshop(base + "--out /proc/x --json").isFailure(73))
    // Every trial diverges, or none can be made: told, with the journal kept.
    let diverged = try await workshop(
      "search --data data --arch mlp --width 0.1 --epochs 2 --batch-size 4 --optimizer sgd "
        + "--loss squared-error --over learning-rate=90,100 --init normal --init-deviation 10 "
        + "--trials 2 --out diverging --json")
    #expect(diverged.status == 1 && diverged.stderr.contains("no longer finite"), "\(diverged)")
    let refused = try await workshop(
      "search --data data --over arch=mlp,lenet --epochs 1 --trials 2 --max-parameters 9 "
        + "--out refusing --json")
    #expect(refused.status == 1 && refused.stderr.contains("parameters"), "\(refused)")
  }

  /// A journal of another search is not gone on with, nor a file of somebody else.
  @Test func otherSearchesAreRefused() async throws {
    try await withTemporaryFolder { folder in
      #expect(try await search("--trials 1 --out s --json", in: folder).isFailure(64, "twice"))
      let short = Self.line.replacing("--trials 12", with: "--trials 2")
      let data = try await Workshop.shared.folder().appendingPathComponent("data").path
      func run(_ rest: String) async throws -> Run {
        try await octet(
          "\(short) --out s --json --quiet \(rest) --data \(data)".split(separator: " ").map(
            String.init),
          in: folder)
      }
      let first = try await run("")
      #expect(first.status == 0, "\(first)")
      let journal = folder.appendingPathComponent("s/journal.jsonl")
      let kept = try Data(contentsOf: journal)
      for (rest, word) in [
        ("--seed 5", "--seed was 1 and is 5"),
        ("--method random", "--method was tpe and is random"),
        ("--smallest-at 0.9", "--smallest-at is new"), ("--over l1=0,0.1", "--over was"),
        ("--init xavier", "--init was he and is xavier"),
      ] {
        let other = try await run(rest)
        #expect(other.isFailure(73, word), "\(other)")
      }
      // A default that is named is the same.
      #expect(try await run("--seed 1").status == 0)
      #expect(try Data(contentsOf: journal) == kept)
      try Data("mine\n".utf8).write(to: journal)
      #expect(try await run("").isFailure(73, "no journal"))
      try (kept.prefix(kept.count / 2) + Data("\n".utf8) + kept).write(to: journal)
      #expect(try await run("").isFailure(65, "is damaged"))
    }
  }

  // MARK: Kills

  /// Killed at random moments, and its journal torn, until it is through.
  @Test func killedSearchesEndAlike() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let whole = try await search("--out whole --json --quiet", in: folder)
      #expect(whole.status == 0, "\(whole.stderr)")
      #expect(try #require(try whole.json()["trials"] as? [Any]).count == 12)
      let journal = folder.appendingPathComponent("s/journal.jsonl")
      var last: Run?
      var killCount = 0
      for attempt in 0..<60 {
        // A little longer each time, so that it ends on the slowest machine.
        let delay = Double.random(in: 0.02...0.1) + 0.03 * Double(attempt)
        let run = try await shell(
          """
          timeout -s KILL \(delay) "$OCTET" \(Self.quoted) --data '\(data)' --out s --json --quiet
          """, in: folder)
        last = run
        if run.status == 0 { break }
        #expect([137, 9].contains(run.status % 256), "\(run)")
        killCount += 1
        // As though the machine had lost its current within a line.
        if let handle = try? FileHandle(forWritingTo: journal) {
          try handle.seekToEnd()
          try handle.write(contentsOf: Data("{\"trial\":3,\"epo".utf8))
          try handle.close()
        }
      }
      #expect(killCount > 0)
      #expect(try found(try #require(last)) == found(whole))
      // Nothing is left to do, and nothing is done.
      let again = try await search("--out s --json", in: folder)
      #expect(try found(again) == found(whole) && again.stderr.contains("12 trials already"))
    }
  }

  private static var quoted: String {
    line.split(separator: " ").map { "'\($0)'" }.joined(separator: " ")
  }

  /// The disk is full in the middle of the search: a sentence, and what was there stays.
  @Test func aFullDisk() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let full = try await shell(
        "ulimit -f 3; \"$OCTET\" \(Self.quoted) --data '\(data)' --out s --json --quiet", in: folder
      )
      #expect(full.isFailure(74, "s/journal.jsonl: cannot be written"), "\(full)")
      let rest = try await search("--out s --json --quiet", in: folder)
      let whole = try await search("--out whole --json --quiet", in: folder)
      #expect(try found(rest) == found(whole))
    }
  }

  // MARK: Sharing

  /// Three at once: each trial is done once, and all are told of by whoever asks last.
  @Test func workersShareTheTrials() async throws {
    try await withTemporaryFolder { folder in
      async let first = search("--out s --worker --json --quiet", in: folder)
      async let second = search("--out s --worker --json --quiet", in: folder)
      async let third = search("--out s --worker --json --quiet", in: folder)
      for worker in try await [first, second, third] { #expect(worker.status == 0, "\(worker)") }
      let run = try await search("--out s --json --quiet", in: folder)
      #expect(run.status == 0, "\(run)")
      let trials = try #require(try run.json()["trials"] as? [[String: Any]])
      #expect(trials.map { $0["number"] as? Int } == Array(1...12))
      #expect(trials.allSatisfy { $0["end"] is String })
      let s = folder.appendingPathComponent("s")
      var ends = 0
      for name in try FileManager.default.contentsOfDirectory(atPath: s.path)
      where name.hasSuffix(".jsonl") {
        let text = try String(contentsOf: s.appendingPathComponent(name), encoding: .utf8)
        ends += text.split(separator: "\n").count { $0.contains("\"end\":") }
      }
      #expect(ends == 12)
      let claims = try FileManager.default.contentsOfDirectory(
        atPath: s.appendingPathComponent("claims").path)
      // Whoever asks for a trial just when its owner ends may claim it again, for nothing.
      #expect(Set(claims.map { $0.prefix { $0 != "." } }).count == 12)
    }
  }

  /// With random trials and no halving, shards that are brought together are the whole search.
  @Test func shardsAreTheWhole() async throws {
    try await withTemporaryFolder { folder in
      let rest = "--method random --halving 1 --json --quiet "
      let whole = try await search(rest + "--out whole", in: folder)
      let manager = FileManager.default
      let together = folder.appendingPathComponent("together")
      try manager.createDirectory(at: together, withIntermediateDirectories: true)
      for index in 1...3 {
        let run = try await search(rest + "--shard \(index)/3 --out part\(index)", in: folder)
        #expect(run.status == 0, "\(run)")
        let name = "journal-\(index)-of-3.jsonl"
        try manager.copyItem(
          at: folder.appendingPathComponent("part\(index)/\(name)"),
          to: together.appendingPathComponent(name))
      }
      let merged = try await search(rest + "--out together", in: folder)
      #expect(try found(merged) == found(whole))
      #expect(!manager.fileExists(atPath: together.appendingPathComponent("journal.jsonl").path))
    }
  }

  // MARK: Results

  /// The printed command makes the model that the search found, and nothing is too wide.
  @Test func theBestCanBeTrained() async throws {
    try await withTemporaryFolder { folder in
      let run = try await search("--out s -o found.onnx --html s.html", in: folder)
      #expect(run.status == 0 && run.stdout.contains("Test accuracy"), "\(run)")
      for line in run.stdout.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
      let page = try String(contentsOf: folder.appendingPathComponent("s.html"), encoding: .utf8)
      #expect(page.contains("octet train --data") && !page.contains("<script"))
      let json = try await search("--out s --json --quiet", in: folder).json()
      let command = try #require(json["command"] as? String)
      let again = try await shell("\"$OCTET\" \(command.dropFirst(6)) --json --quiet", in: folder)
      let found = try Data(contentsOf: folder.appendingPathComponent("found.onnx"))
      #expect(try found == Data(contentsOf: folder.appendingPathComponent("best.onnx")))
      let trials = try #require(json["trials"] as? [[String: Any]])
      let best = trials.first { $0["number"] as? Int == json["best"] as? Int }
      let epochs = try #require(try again.json()["epochs"] as? [[String: Any]])
      let accuracies = epochs.compactMap { $0["validationAccuracy"] as? Double }
      #expect(best?["accuracies"] as? [Double] == accuracies)
    }
  }

  /// The fewest parameters at an accuracy, and what is too large is never trained.
  @Test func smallNetworks() async throws {
    let run = try await workshop(
      "search --data data --arch lenet --epochs 2 --batch-size 16 --over width=uniform(0.1,1,0.1) "
        + "--method random --smallest-at 0.3 --max-parameters 9000 --trials 30 --out small --json")
    #expect(run.status == 0, "\(run)")
    let report = try run.json()
    let trials = try #require(report["trials"] as? [[String: Any]])
    let counts = trials.compactMap { $0["parameterCount"] as? Int }
    #expect(!counts.isEmpty && counts.allSatisfy { $0 <= 9000 })
    #expect(Set(counts).count == counts.count && trials.count < 10, "each width is tried once")
    let notes = try #require(report["notes"] as? [String])
    #expect(
      notes.contains { $0.contains("larger than is asked for") || $0.contains("as small as") })
    #expect(report["sufficientAccuracy"] as? Double == 0.3)
    let missed = try await workshop(
      "search --data data --arch mlp --epochs 1 --over l2=0,0.1 --trials 2 --smallest-at 1 "
        + "--learning-rate 1e-9 --out missed -o missed.onnx --json")
    #expect(missed.status == 1 && missed.stderr.contains("no trial reaches 100.00 %"), "\(missed)")
    let file = try await Workshop.shared.folder().appendingPathComponent("missed.onnx")
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  /// Options that mean nothing beside others are left out of a trial.
  @Test func optionsThatDependOnOthers() async throws {
    let run = try await workshop(
      "search --data data --arch mlp --width 0.1 --epochs 1 --over optimizer=sgd,momentum "
        + "--over momentum=0.5,0.9 --trials 9 --method random --out dependent --json")
    #expect(run.status == 0, "\(run)")
    let trials = try #require(try run.json()["trials"] as? [[String: Any]])
    let values = trials.map { trial in
      (trial["values"] as? [[String: String]] ?? []).map { $0["value"] ?? "" }.joined(
        separator: " ")
    }
    #expect(values.sorted() == ["momentum 0.5", "momentum 0.9", "sgd"])
  }
}
