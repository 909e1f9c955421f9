import Foundation
import OctetData
import Testing

/// Verbs that are sent a signal at a random moment. Whatever the moment: the old file or the new
/// one, whole; nothing else left in the folder or among the temporary files; no child that lives
/// on; and the status that the signal asks for.
///
/// `OCTET_FUZZ_SECONDS` makes it longer, `OCTET_FUZZ_SEED` another; the figures are printed.
#if os(Linux)
  @Suite(.serialized) struct SignalFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["OCTET_FUZZ_SECONDS"].flatMap { Double($0) } ?? 6
    private static let seed = environment["OCTET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    /// One command line and what it writes.
    private struct Case {
      var line: String
      /// The file or folder that it writes; nil: none.
      var output: String?
      /// What is there before: of a kind that Octet replaces unasked.
      var old = "old"
      /// How long it takes undisturbed, about, in seconds.
      var duration: Double
    }

    private static func cases() -> [Case] {
      var cases = [
        Case(
          line: "train --arch mlp --data data --epochs 30 -o out.onnx", output: "out.onnx",
          duration: 1),
        Case(line: "quantize m.onnx --data data -o out.oct", output: "out.oct", duration: 1),
        Case(
          line: "quantize m.onnx --data data --calibration-samples 40 --equalize absorb "
            + "--rounding adaround --train-epochs 1 -o out.oct", output: "out.oct", duration: 2),
        Case(
          line: "quantize m.onnx --data data --calibration-samples 40 --equalize cross-layer "
            + "--rounding auto --int16 auto -o out.oct", output: "out.oct", duration: 2),
        Case(line: "import m.onnx -o out.onnx", output: "out.onnx", duration: 0.3),
        Case(
          line: "export m.oct -o out.h", output: "out.h", old: "an Octet model: int8 weights",
          duration: 0.2),
        Case(line: "diff m.onnx m.oct --data data --save-repro out", output: "out", duration: 1),
        Case(
          line: "diff m.onnx m.oct --data data --html out.html", output: "out.html",
          old: "octet diff", duration: 1),
        Case(line: "bench m.oct --iterations 2000", output: nil, duration: 1),
      ]
      let tools = (environment["PATH"] ?? "").split(separator: ":")
      let has = { (name: String) in
        tools.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
      }
      if has("qemu-system-arm"), has("swiftc") {
        cases.append(Case(line: "board run --board cortex-m4 m.oct", output: nil, duration: 6))
        cases.append(
          Case(line: "board build --board cortex-m0 m.oct -o out", output: "out", duration: 4))
      }
      return cases
    }

    @Test func anyVerbAtAnyMoment() async throws {
      var random = Xoshiro256(seed: Self.seed)
      let signals = Signal.isInterruptIgnored ? [SIGTERM, SIGKILL] : [SIGINT, SIGTERM, SIGKILL]
      let cases = Self.cases()
      let start = ContinuousClock.now
      var (runs, hits) = (0, 0)
      while runs < cases.count || ContinuousClock.now - start < .seconds(Self.seconds) {
        let one = cases[runs % cases.count]
        let signal = signals[random.next(below: signals.count)]
        let delay = one.duration * 1.2 * random.nextUnit()
        let comment = "seed \(Self.seed), run \(runs): \(one.line), signal \(signal) at \(delay) s"
        try await withTemporaryFolder { folder in
          if try await Self.wasHit(one, signal, after: delay, folder, comment) {
            hits += 1
          }
        }
        runs += 1
      }
      print("signals: \(runs) runs of \(cases.count) command lines, \(hits) hit, seed \(Self.seed)")
    }

    /// - Returns: whether the signal came before the end.
    private static func wasHit(
      _ one: Case, _ signal: Int32, after delay: Double, _ folder: URL, _ comment: String
    ) async throws -> Bool {
      let (work, temporary) = (
        folder.appendingPathComponent("w"), folder.appendingPathComponent("t")
      )
      for url in [work, temporary] {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      }
      try await Workshop.shared.link(into: work)
      let old = Data(one.old.utf8)
      let isFolder = one.output == "out"
      if let output = one.output, !isFolder {
        try old.write(to: work.appendingPathComponent(output))
      }
      let mark = "OCTET_FUZZ_MARK=\(UUID().uuidString)"
      // `env` undoes an inherited "ignore": a shell cannot.
      let script = """
        TMPDIR='\(temporary.path)' \(mark) exec env --default-signal=INT "$OCTET" \(one.line) &
        child=$!; sleep \(delay); kill -\(signal) $child 2>/dev/null; wait $child; echo "status $?"
        """
      let run = try await shell(script, in: work, timeout: 120)
      let status = run.stdout.split(separator: "status ").last.flatMap { Int32($0.dropLast()) }
      #expect(status == 0 || status == 128 + signal, "\(comment): \(run)")
      try await expectNothingIsLeft(mark, temporary, signal, comment)
      try expectWhole(one, old: old, work: work, status: status, comment)
      let names = Set(try FileManager.default.contentsOfDirectory(atPath: work.path))
      let strange = names.subtracting(
        ["data", "m.onnx", "m.oct"] + (one.output.map { [$0] } ?? []))
      if signal == SIGKILL {
        // Nothing could tidy up beside the target; the next run does.
        if !strange.isEmpty {
          let next = try await octet(
            one.line.split(separator: " ").map(String.init), in: work, timeout: 120)
          #expect(next.status == 0, "\(comment): \(next.stderr)")
          let after = try FileManager.default.contentsOfDirectory(atPath: work.path)
          #expect(!after.contains { $0.hasSuffix(".tmp") }, "\(comment): \(after)")
        }
      } else {
        #expect(strange.isEmpty, "\(comment): \(strange)")
      }
      return status != 0
    }

    /// No process of the run, and after at most a few seconds no temporary file.
    private static func expectNothingIsLeft(
      _ mark: String, _ temporary: URL, _ signal: Int32, _ comment: String
    ) async throws {
      var (processes, files): ([String], [String]) = ([], [])
      for _ in 0..<100 {
        processes = living(mark)
        files = try FileManager.default.contentsOfDirectory(atPath: temporary.path)
        if processes.isEmpty && files.isEmpty { return }
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(processes.isEmpty, "\(comment)")
      // A kill in the moment between two children leaves an empty folder to the next run.
      #expect(files.isEmpty || signal == SIGKILL, "\(comment): \(files)")
    }

    /// Processes that were started with the mark in their environment.
    private static func living(_ mark: String) -> [String] {
      let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return all.filter { Int($0) != nil }.filter { number in
        guard let environment = FileManager.default.contents(atPath: "/proc/\(number)/environ")
        else { return false }
        return environment.range(of: Data(mark.utf8)) != nil
      }
    }

    private static func expectWhole(
      _ one: Case, old: Data, work: URL, status: Int32?, _ comment: String
    ) throws {
      guard let output = one.output else { return }
      let target = work.appendingPathComponent(output)
      if output == "out" {
        guard FileManager.default.fileExists(atPath: target.path) else {
          #expect(status != 0, "\(comment)")
          return
        }
        let list = try String(contentsOf: target.appendingPathComponent(".octet"), encoding: .utf8)
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: target.path))
        #expect(names.isSuperset(of: list.split(separator: "\n").map(String.init)), "\(comment)")
        return
      }
      let bytes = try Data(contentsOf: target)
      if bytes == old {
        #expect(status != 0, "\(comment)")
      } else {
        // Whole files only: each kind has an end that half a file lacks.
        let isWhole =
          switch target.pathExtension {
          case "h": bytes.suffix(4) == Data("\n};\n".utf8)
          case "html": bytes.range(of: Data("</html>".utf8)) != nil
          default: bytes.count > 10_000
          }
        #expect(isWhole, "\(comment): \(bytes.count) bytes")
      }
    }
  }
#endif
