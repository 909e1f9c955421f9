import Foundation
import Testing

/// `-` for standard input and output, and what `--quiet` leaves.
@Suite struct StreamTests {
  @Test func standardInputAndOutput() async throws {
    try await withOwnWorkshop { folder in
      try Pictures.pgm(label: 1, seed: 4).write(to: folder.appendingPathComponent("p.pgm"))
      try Data((0..<144).map { UInt8($0) }).write(to: folder.appendingPathComponent("p.raw"))
      for script in [
        "$OCTET quantize m.onnx --data data --calibration-samples 20 -o - | cmp - m.oct",
        "cat m.onnx | $OCTET quantize - --data data --calibration-samples 20 -o - | cmp - m.oct",
        "$OCTET verify - < m.oct && $OCTET inspect - < m.oct && $OCTET inspect - < m.onnx",
        "$OCTET bench - --iterations 3 < m.oct && cat m.oct | $OCTET run - p.pgm",
        "cat p.pgm | $OCTET run m.oct -",
        "cat m.onnx | $OCTET diff - m.oct --data data --samples 3",
        "$OCTET export m.oct -o - | grep -q 'an Octet model'",
        "$OCTET export m.oct --to tflite -o - | $OCTET import - -o - | $OCTET verify -",
        "$OCTET run m.oct --raw-input - --raw-output - < p.raw > o && test $(wc -c < o) = 10",
        "$OCTET train --data data --arch mlp --epochs 1 -o - | $OCTET inspect -",
        "$OCTET diff m.onnx m.oct --data data --samples 3 --html - | grep -q '<!DOCTYPE html>'",
      ] {
        let run = try await shell("set -e; \(script)", in: folder, timeout: 240)
        #expect(run.status == 0, "\(script): \(run.stderr)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("-").path))
    }
  }

  @Test(arguments: [
    ("diff - - --data data", "standard input"), ("run - - ", "standard input"),
    ("export m.oct -o - --json", "--json"), ("train --data - -o x.onnx", "folder"),
    ("diff m.onnx m.oct --data data --save-repro -", "folder"), ("demo --out -", "folder"),
    ("board build --board cortex-m4 m.oct -o -", "folder"),
  ])
  func whatCannotBeAStream(line: String, word: String) async throws {
    let run = try await workshop(line)
    #expect(run.isFailure(64, word), "\(line): \(run)")
  }

  /// With `--quiet` a verb that succeeds says nothing on standard error, and what it prints is the
  /// same for JSON.
  @Test func quiet() async throws {
    let folder = try await Workshop.shared.folder()
    try Pictures.pgm(label: 1, seed: 4).write(to: folder.appendingPathComponent("p.pgm"))
    let lines = [
      "train --data data --arch mlp --epochs 2 -o q.onnx", "quantize m.onnx --data data -o q.oct",
      "run m.oct p.pgm", "diff m.onnx m.oct --data data --html q.html --save-repro qr",
      "evaluate m.oct --data data --test-only", "augment --data data --augment flip --show qa.png",
      "search --data data --arch mlp --epochs 1 --trials 2 --over l2=0,0.1 --out qs --html qs.html",
      "inspect m.oct", "bench m.oct --iterations 3", "verify m.oct", "import m.onnx -o qi.onnx",
      "export m.oct -o q.h", "board list", "completion bash", "manual ",
    ]
    let list = try await octet("--help", "--json").json()["verbs"] as? [[String: String]]
    for verb in try #require(list).compactMap({ $0["name"] }) where verb != "demo" {
      #expect(lines.contains { $0.hasPrefix(verb + " ") }, "\(verb)")
    }
    for line in lines {
      let run = try await workshop(line + " --quiet")
      #expect(run.status == 0 && run.stderr.isEmpty && !run.stdout.isEmpty, "\(line): \(run)")
      if line.hasPrefix("train") {
        #expect(run.stdout.split(separator: "\n").count == 1, "\(run.stdout)")
      }
    }
  }

  /// A log holds every epoch as soon as it ends, also when the tool is killed.
  @Test func aLogIsNotEmptyAfterAKill() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let run = try await shell(
        """
        "$OCTET" train --arch mlp --data '\(data)' --epochs 100000 -o m.onnx > log 2>&1 &
        for i in $(seq 200); do grep -q ' 2\\*\\? ' log && break; sleep 0.1; done
        kill -KILL $!; wait $! 2>/dev/null; cat log
        """, in: folder)
      #expect(run.stdout.contains("epoch       loss"), "\(run)")
      #expect(run.stdout.split(separator: "\n").count >= 3, "\(run)")
    }
  }

  @Test func darkOnLightIsNoticed() async throws {
    let folder = try await Workshop.shared.folder()
    let extent = Pictures.extent
    // The workshop's pictures are light bars on dark; white with a dark bar is their negative.
    let dark = Pictures.pixels(label: 1, seed: 5).map { 255 - $0 }
    try (Data("P5\n\(extent) \(extent)\n255\n".utf8) + Data(dark))
      .write(to: folder.appendingPathComponent("dark.pgm"))
    try Pictures.pgm(label: 1, seed: 5).write(to: folder.appendingPathComponent("light.pgm"))
    let noticed = try await workshop("run m.oct dark.pgm")
    #expect(noticed.status == 0 && noticed.stderr.contains("try --invert"), "\(noticed)")
    let inverted = try await workshop("run m.oct dark.pgm --invert")
    #expect(inverted.status == 0 && inverted.stderr.isEmpty, "\(inverted)")
    let light = try await workshop("run m.oct light.pgm")
    #expect(light.status == 0 && light.stderr.isEmpty, "\(light)")
    let json = try await workshop("run m.oct dark.pgm light.pgm --json").json()
    let images = try #require(json["images"] as? [[String: Any]])
    #expect(images.map { $0["seemsInverted"] as? Bool } == [true, false])
  }
}
