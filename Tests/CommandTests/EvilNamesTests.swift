import Foundation
import Testing

/// Names from models, files and folders that would drive the reader's terminal or fake a line of
/// the tool's: shown, never sent, by every verb; JSON holds them exactly.
@Suite struct EvilNamesTests {
  private static let file = "e\u{1B}]0;t\u{07}\nFAKED\u{9B}2J"
  private static let classes = ["c\u{1B}[31m\nFAKED", "d\u{202E}\u{9B}2J\r", "plain"]

  /// The workshop's data as class folders, and its model, with evil names: the layers' are as long
  /// as those in the file, so that its lengths stay right.
  private static func prepare(_ folder: URL) async throws {
    for (label, name) in classes.enumerated() {
      let url = folder.appendingPathComponent("data").appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      for index in 0..<10 {
        try Pictures.pgm(label: label, seed: 50 * label + index)
          .write(to: url.appendingPathComponent("\(index)\n\u{1B}c.pgm"))
      }
    }
    let train = [
      "train", "--data", "data", "--arch", "lenet", "--epochs", "1", "-o", file + ".onnx",
    ]
    try await expectHarmless(train, in: folder)
    let url = folder.appendingPathComponent(file + ".onnx")
    var bytes = try Data(contentsOf: url)
    for (name, evil) in [
      ("conv1", "\u{1B}[2Jx"), ("conv2", "a\nFAK"), ("logits", "\u{1B}c\nFAK"), ("fc1", "\u{9B}J"),
    ] {
      precondition(name.utf8.count == evil.utf8.count)
      while let range = bytes.range(of: Data(name.utf8)) {
        bytes.replaceSubrange(range, with: Data(evil.utf8))
      }
    }
    try bytes.write(to: url)
  }

  @discardableResult
  private static func expectHarmless(
    _ arguments: [String], status: Int32 = 0, in folder: URL
  ) async throws -> Run {
    let run = try await octet(arguments, in: folder, timeout: 240)
    #expect(run.status == status, "\(arguments): \(run.stderr)")
    for text in [run.stdout, run.stderr] {
      let harmful = text.unicodeScalars.filter {
        $0 != "\n" && ($0.properties.generalCategory == .control || $0.value == 0x202E)
      }
      #expect(harmful.isEmpty, "\(arguments): \(harmful)")
      let faked = text.split(separator: "\n").filter { $0.hasPrefix("FAK") }
      #expect(faked.isEmpty, "\(arguments)")
    }
    return run
  }

  @Test func everyVerb() async throws {
    try await withTemporaryFolder { folder in
      try await Self.prepare(folder)
      let (onnx, oct) = (Self.file + ".onnx", Self.file + ".oct")
      let picture = "data/plain/1\n\u{1B}c.pgm"
      let lines: [[String]] = [
        ["quantize", onnx, "--data", "data", "-o", oct],
        [
          "diff", onnx, oct, "--data", "data", "--html", Self.file + ".html", "--save-repro",
          "r\n\u{7}",
        ],
        ["diff", onnx, oct, "--data", "data", "--sensitivity", "--samples", "3"],
        ["run", oct, picture], ["inspect", oct], ["inspect", onnx],
        ["bench", oct, "--iterations", "3"], ["verify", oct],
        ["import", onnx, "-o", "n" + onnx], ["export", oct, "-o", Self.file + ".h"],
        ["export", oct, "--to", "swift", "-o", Self.file + ".swift"],
        ["export", oct, "--to", "tflite", "-o", Self.file + ".tflite"], ["board", "list"],
      ]
      for line in lines {
        try await Self.expectHarmless(line, in: folder)
        if line.contains("--save-repro") { continue }
        let json = try await Self.expectHarmless(line + ["--json"], in: folder)
        _ = try json.json()
      }
      let page = try String(
        contentsOf: folder.appendingPathComponent(Self.file + ".html"), encoding: .utf8)
      #expect(!page.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x9B })
      // JSON says the names as they are.
      let inspected = try await octet("inspect", oct, "--json", in: folder).json()
      // A label has no line break, since lists of labels have one a line: that one is shown.
      #expect(
        inspected["labels"] as? [String] == [
          "c\\u{1B}[31m\\nFAKED", "d\\u{202E}\\u{009B}2J\\r", "plain",
        ])
      let operators = try #require(inspected["operators"] as? [[String: Any]])
      let names = operators.map { $0["name"] as? String }
      #expect(names.contains("\u{1B}[2Jx") && names.contains("a\nFAK"))
    }
  }

  @Test func errors() async throws {
    try await withTemporaryFolder { folder in
      let evil = Self.file
      for line in [
        ["verify", evil], ["inspect", evil], ["run", evil, evil], ["bench", evil],
        ["quantize", evil, "-o", "x.oct"], ["diff", evil, evil], ["import", evil, "-o", "x.oct"],
        ["export", evil, "-o", "x.h"], ["train", "--data", evil, "-o", "x.onnx"],
        ["board", "run", "--board", "cortex-m4", evil], ["demo", "--data", evil],
      ] {
        try await Self.expectHarmless(line, status: 66, in: folder)
      }
      for line in [
        [evil], ["verify", "--" + evil], ["board", evil], ["train", "-o", evil + "/x"],
      ] {
        let run = try await octet(line, in: folder)
        #expect(run.status != 0)
        try await Self.expectHarmless(line, status: run.status, in: folder)
      }
    }
  }
}
