import Foundation
import Testing

/// Runs that are killed and gone on with.
@Suite struct ResumeTests {
  private static let line =
    "train --arch mlp --epochs 6 --batch-size 16 --average 0.9 --augment crop=1 "
    + "--checkpoint-every 0"

  private func train(_ data: String, _ rest: String, in folder: URL) async throws -> Run {
    let words = (Self.line + " " + rest).split(separator: " ").map(String.init)
    return try await octet(words + ["--data", data], in: folder)
  }

  /// Killed at random moments, again and again, until it is through.
  @Test func killedRunsEndWithTheSameBytes() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let whole = try await train(data, "-o whole.onnx --checkpoint w.checkpoint", in: folder)
      #expect(whole.status == 0, "\(whole.stderr)")
      var killCount = 0
      for attempt in 0..<60 {
        // A little longer each time, so that it ends on the slowest machine.
        let delay = Double.random(in: 0.05...0.4) + 0.02 * Double(attempt)
        let run = try await shell(
          """
          timeout -s KILL \(delay) "$OCTET" \(Self.line) --data '\(data)' -o m.onnx \
          --checkpoint m.checkpoint --resume
          """, in: folder)
        if run.status == 0 { break }
        #expect([137, 9].contains(run.status % 256) && run.stdout.count < 4000, "\(run)")
        killCount += 1
      }
      #expect(killCount > 0)
      let ended = try Data(contentsOf: folder.appendingPathComponent("m.onnx"))
      #expect(try ended == Data(contentsOf: folder.appendingPathComponent("whole.onnx")))
    }
  }

  @Test func nothingIsLost() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("c.checkpoint")
      let begun = try await shell(
        """
        timeout --preserve-status -s TERM 2 "$OCTET" train --arch mlp --epochs 90000 \
        --data '\(data)' -o m.onnx --checkpoint c.checkpoint
        """, in: folder)
      #expect(begun.status == 143, "\(begun)")
      let kept = try Data(contentsOf: file)
      let loud = "train --arch mlp --epochs 90000 --data \(data) -o n.onnx"
      let words = (loud + " --json --quiet").split(separator: " ").map(String.init)
      let anew = try await octet(words + ["--checkpoint", "c.checkpoint"], in: folder)
      #expect(anew.isFailure(73, "a run that is not over"), "\(anew)")
      let other = try await octet(
        words + ["--checkpoint", "c.checkpoint", "--resume", "--seed", "5"], in: folder)
      #expect(other.isFailure(65, "other options"), "\(other)")
      #expect(try await octet(words + ["--resume"], in: folder).isFailure(64, "--checkpoint FILE"))
      // A disk that is full: the sentence, and the old checkpoint stays.
      let full = try await shell(
        """
        ulimit -f 8; timeout --preserve-status -s TERM 2 "$OCTET" \(loud) --checkpoint-every 0 \
        --checkpoint c.checkpoint --resume
        """, in: folder)
      #expect(full.status != 0 && full.stderr.contains("what was kept there before stays"))
      #expect(try Data(contentsOf: file) == kept)
      var damaged = kept
      damaged[kept.count / 2] ^= 1
      try damaged.write(to: file)
      let run = try await octet(words + ["--checkpoint", "c.checkpoint", "--resume"], in: folder)
      #expect(run.isFailure(65, "c.checkpoint: it is damaged"), "\(run)")
    }
  }
}
