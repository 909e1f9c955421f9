import Foundation
import Testing

/// `train --html` and `--tensorboard`.
@Suite struct RunWatchTests {
  private static let quick = "train --arch mlp --epochs 3 --batch-size 16"

  private func page(_ name: String, in folder: URL) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  private func train(_ line: String, in folder: URL) async throws -> Run {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    return try await octet(
      line.split(separator: " ").map(String.init) + ["--data", data], in: folder)
  }

  /// The same file is learnt, the page is the report, and each run has its folder of events.
  @Test func watchingChangesNothing() async throws {
    try await withTemporaryFolder { folder in
      #expect(try await train("\(Self.quick) -o a.onnx", in: folder).status == 0)
      for number in 1...2 {
        let run = try await train(
          "\(Self.quick) -o b.onnx --html b.html --tensorboard logs/deep --json "
            + "--threads \(number)", in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        let json = try run.json()
        #expect(json["htmlFile"] as? String == "b.html")
        #expect(json["eventFolder"] as? String == "logs/deep/b" + (number > 1 ? "-2" : ""))
        #expect((json["watchSeconds"] as? Double ?? -1) >= 0)
      }
      let files = try ["a.onnx", "b.onnx"].map {
        try Data(contentsOf: folder.appendingPathComponent($0))
      }
      #expect(files[0] == files[1])
      let text = try page("b.html", in: folder)
      for part in ["✓ Finished", "test accuracy", "Filters", "Confusion", "--batch-size", "Bias"] {
        #expect(text.contains(part), "\(part)")
      }
      #expect(!text.contains("http-equiv=\"refresh\"") && !text.contains("<script"))
      for name in ["b", "b-2"] {
        let all = try FileManager.default.contentsOfDirectory(
          atPath: folder.appendingPathComponent("logs/deep/\(name)").path)
        #expect(all.count == 1 && all[0].hasPrefix("events.out.tfevents."), "\(all)")
      }
    }
  }

  /// A run that was killed says that it runs, until when its word holds; gone on with, it has the
  /// epochs from before.
  @Test func killedAndResumed() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    let rest =
      "--arch mlp --batch-size 16 --checkpoint c.checkpoint --checkpoint-every 0 --html w.html "
      + "--tensorboard logs --data '\(data)' -o m.onnx"
    try await withTemporaryFolder { folder in
      let killed = try await shell(
        """
        "$OCTET" train --epochs 90000 \(rest) > words 2>&1 &
        for i in $(seq 200); do grep -q '^ *3[ *]' words && break; sleep 0.05; done
        kill -9 $!; wait $!
        """, in: folder)
      #expect(killed.status == 137, "\(killed)")
      let running = try page("w.html", in: folder)
      for part in ["Running: epoch", "of 90000", "data-until=", "(killed?)", "\"refresh\""] {
        #expect(running.contains(part), "\(part)")
      }
      #expect(running.contains("script-src 'sha256-"))
      let stopped = try await shell(
        """
        timeout --preserve-status -s TERM 1 "$OCTET" train --epochs 90000 --resume \(rest)
        """, in: folder)
      #expect(stopped.status == 143, "\(stopped)")
      let text = try page("w.html", in: folder)
      #expect(text.contains("Stopped by a signal") && !text.contains("\"refresh\""))
      #expect(text.contains(">1</th>") || text.contains("more row"), "the epochs from before")
      let files = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("logs/m").path)
      #expect(files.count == 2, "\(files)")
      // What does not belong together leaves the page alone.
      let other = try await shell(
        "\"$OCTET\" train --epochs 90000 --seed 9 --resume \(rest)", in: folder)
      #expect(other.status == 65, "\(other)")
      #expect(try page("w.html", in: folder) == text)
    }
  }

  @Test func fullDisks() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let run = try await train("\(Self.quick) -o m.onnx --html /dev/full", in: folder)
      #expect(run.status == 0 && run.stdout.contains("wrote m.onnx"), "\(run)")
      let words = run.stderr.components(separatedBy: "training goes on")
      #expect(words.count == 2 && words[0].contains("/dev/full: cannot be written"), "\(run)")
      // Room for the model, not for the events: whole records stay.
      let limited = try await shell(
        """
        ulimit -f 64; "$OCTET" train --arch mlp --width 0.25 --epochs 60 --batch-size 16 \
        --data '\(data)' -o n.onnx --tensorboard logs
        """, in: folder)
      #expect(limited.status == 0 && limited.stderr.contains("training goes on"), "\(limited)")
      #expect(try await octet("inspect", "n.onnx", in: folder).status == 0)
    }
  }

  @Test func divergence() async throws {
    try await withTemporaryFolder { folder in
      let run = try await train(
        "\(Self.quick) --quiet --optimizer sgd --loss squared-error --learning-rate 100 -o m.onnx "
          + "--html d.html --tensorboard logs", in: folder)
      #expect(run.isFailure(65, "no longer finite"), "\(run)")
      #expect(try page("d.html", in: folder).contains("✕ Diverged at step"))
    }
  }

  /// What cannot be written is known before anything is learnt.
  @Test func refusedBefore() async throws {
    try await withTemporaryFolder { folder in
      try Data("mine".utf8).write(to: folder.appendingPathComponent("file"))
      for (rest, status, word) in [
        ("--html no/such/place.html", 73, "no folder"), ("--html -", 64, "written anew"),
        ("--tensorboard file", 73, "file: this is a file"),
        ("--tensorboard file/below", 73, "'file' is a file"), ("--tensorboard -", 64, "folder"),
      ] as [(String, Int32, String)] {
        let run = try await octet(
          ("train --data nowhere -o m.onnx " + rest).split(separator: " ").map(String.init),
          in: folder)
        #expect(run.isFailure(status, word), "\(rest): \(run)")
      }
    }
  }
}
