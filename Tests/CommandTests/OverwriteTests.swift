import Foundation
import Testing

/// No verb writes over what it reads, nor over something else than it writes, unless it is told to.
@Suite struct OverwriteTests {
  /// A folder with copies of the workshop's files, under many names.
  private static func withFiles(_ body: (URL) async throws -> Void) async throws {
    let workshop = try await Workshop.shared.folder()
    try await withTemporaryFolder { folder in
      let manager = FileManager.default
      for name in ["data", "m.onnx", "m.oct"] {
        try manager.copyItem(
          at: workshop.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
      for (name, target) in [("link", "m.onnx"), ("link.oct", "m.oct"), ("chain", "link")] {
        try manager.createSymbolicLink(
          atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
      }
      for (name, target) in [("hard", "m.onnx"), ("hard.raw", "in.f32")] {
        if target == "in.f32" {
          try Data(count: 4 * 144).write(to: folder.appendingPathComponent(target))
        }
        try manager.linkItem(
          at: folder.appendingPathComponent(target), to: folder.appendingPathComponent(name))
      }
      try Data("<!DOCTYPE html><p>mine".utf8).write(to: folder.appendingPathComponent("my.html"))
      try Data("let mine = 1\n".utf8).write(to: folder.appendingPathComponent("my.swift"))
      try manager.createDirectory(
        at: folder.appendingPathComponent("own"), withIntermediateDirectories: false)
      try Data("mine".utf8).write(to: folder.appendingPathComponent("own/thesis.txt"))
      try Data("mine".utf8).write(to: folder.appendingPathComponent("own/lenet.oct"))
      try await body(folder)
    }
  }

  /// Every file below the folder, by its bytes.
  private static func contents(_ folder: URL) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      result[name] = FileManager.default.contents(
        atPath: folder.appendingPathComponent(name).path)
    }
    return result
  }

  private static let refusals: [(line: String, status: Int32)] = [
    // What is read, under any of its names.
    ("quantize m.onnx --data data -o m.onnx", 73),
    ("quantize m.onnx --data data -o ./own/../m.onnx", 73),
    ("quantize m.onnx --data data -o link", 73), ("quantize m.onnx --data data -o chain", 73),
    ("quantize m.onnx --data data -o hard", 73), ("quantize link --data data -o m.onnx", 73),
    ("quantize m.onnx --raw-input in.f32 -o in.f32", 73),
    ("import m.onnx -o m.onnx", 73), ("export m.oct --to tflite -o m.oct", 73),
    ("export m.oct -o link.oct", 73), ("run m.onnx --raw-input in.f32 --raw-output in.f32", 73),
    ("run m.onnx --raw-input in.f32 --raw-output hard.raw", 73),
    ("diff m.onnx m.oct --data data --html m.oct", 73),
    ("board run --board cortex-m4 m.oct --raw-input in.f32 --raw-output in.f32", 73),
    // What belongs to the data.
    ("train --data data -o data/train-labels-idx1-ubyte", 73),
    ("quantize m.onnx --data data -o data/t10k-images-idx3-ubyte", 73),
    ("augment --data data --augment flip --show data/train-labels-idx1-ubyte", 73),
    ("train --data data -o new.onnx --checkpoint link", 73),
    ("train --data data -o new.onnx --checkpoint new.json", 64),
    ("train --data data -o same --checkpoint same", 64),
    ("train --data data -o new.onnx --html my.html", 73),
    ("train --data data -o new.onnx --html new.png", 64),
    ("train --data data -o same --html same", 64),
    ("train --data data -o new.onnx --html -", 64),
    ("train --data data -o new.onnx --tensorboard m.onnx", 73),
    ("train --data data -o new.onnx --tensorboard m.onnx/below", 73),
    ("evaluate m.onnx --data data --html m.onnx --test-only", 73),
    ("evaluate m.onnx --data data --html my.html --test-only", 73),
    ("evaluate m.onnx --data data --html new.png --test-only", 64),
    ("search --data data --over l1=0,1 --html my.html", 73),
    ("search --data data --over l1=0,1 --html data/s.png", 64),
    ("search --data data --over l1=0,1 -o link.oct", 64),
    ("search --data data --over l1=0,1 -o same --html same", 64),
    ("search --data data --over l1=0,1 --out m.oct --quiet", 73),
    // What is something else.
    ("export m.oct --to swift -o my.swift", 73), ("export m.oct --to header -o hard", 73),
    ("diff m.onnx m.oct --data data --html my.html", 73),
    ("diff m.onnx m.oct --data data --overlay m.oct", 73),
    ("diff m.onnx m.oct --data data --overlay new.html", 64),
    ("run m.onnx --raw-input in.f32 --raw-output m.oct", 64),
    // A name that says something else.
    ("augment --data data --augment flip --show link", 73),
    ("augment --data data --augment flip --show new.onnx", 64),
    ("train --data data -o new.oct", 64), ("quantize m.onnx --data data -o new.onnx", 64),
    ("quantize m.onnx --data data -o new.png", 64), ("export m.oct --to tflite -o new.h", 64),
    ("export m.oct --to swift -o new.h", 64), ("export m.oct --to header -o new.swift", 64),
    ("import m.onnx -o new.tflite", 64), ("diff m.onnx m.oct --data data --html new.json", 64),
    // Two outputs in one place.
    ("diff m.onnx m.oct --data data --save-repro x --dump ./x", 64),
    ("diff m.onnx m.oct --data data --save-repro x --html x/page.html", 64),
    // Folders of others.
    ("diff m.onnx m.oct --data data --save-repro own", 73),
    ("diff m.onnx m.oct --data data --dump own", 73),
    ("diff m.onnx m.oct --data data --dump .", 73),
    ("board build --board cortex-m4 m.oct -o own", 73),
    ("board run --board cortex-m4 m.oct -o own", 73), ("board library -o own", 73),
    ("board library --package m.oct", 64),
    ("demo --data data --epochs 1 --out own", 73),
  ]

  @Test func nothingIsLost() async throws {
    try await Self.withFiles { folder in
      let before = try Self.contents(folder)
      for (line, status) in Self.refusals {
        let run = try await octet(line.split(separator: " ").map(String.init), in: folder)
        #expect(run.isFailure(status), "\(line): \(run)")
        let after = try Self.contents(folder)
        #expect(after == before, "\(line)")
      }
    }
  }

  /// Each verb that writes, and each of its outputs, is in the list above; and whatever names a
  /// file says how it is used.
  @Test func everyOutputIsCovered() async throws {
    let list = try await octet("--help", "--json").json()["verbs"] as? [[String: String]]
    for verb in try #require(list).compactMap({ $0["name"] }) {
      let help = try await octet(verb, "--help", "--json").json()
      let lines = Self.refusals.map(\.line).filter { $0.hasPrefix(verb + " ") }
      for parameter in try #require(help["parameters"] as? [[String: Any]]) {
        let name = try #require(parameter["name"] as? String)
        let placeholder = parameter["placeholder"] as? String ?? ""
        let use = parameter["fileUse"] as? String
        let namesFile = ["FILE", "DIR", "IMAGE"].contains(placeholder) || placeholder.contains(".")
        #expect(!namesFile || use != nil, "\(verb) \(name)")
        if let use, use.lowercased().contains("output") {
          let short = parameter["short"] as? String ?? name
          #expect(lines.contains { $0.contains(" \(short) ") || $0.contains(" \(name) ") })
        }
      }
    }
  }

  /// The tool writes in no other way than that which is checked.
  @Test func nothingIsWrittenBesides() throws {
    let tool = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Tools/octet").standardizedFileURL
    let files = FileManager.default.enumerator(at: tool, includingPropertiesForKeys: nil)
    for file in (files?.compactMap { $0 as? URL } ?? []) where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for call in text.components(separatedBy: "AtomicFile.write(").dropFirst() {
        #expect(call.prefix(200).contains(", as: "), "\(file.lastPathComponent)")
      }
      for other in [".write(to: URL", "createFile", "moveItem", "removeItem", "Process()"] {
        #expect(!text.contains(other), "\(file.lastPathComponent): \(other)")
      }
    }
  }

  @Test func itIsWrittenWhenToldTo() async throws {
    try await Self.withFiles { folder in
      for line in [
        "import m.onnx -o m.onnx --force", "quantize m.onnx --data data -o m.onnx --force",
        "export m.oct --to swift -o my.swift --force",
      ] {
        let run = try await octet(line.split(separator: " ").map(String.init), in: folder)
        #expect(run.status == 0, "\(line): \(run.stderr)")
      }
      #expect(try await octet("verify", "m.onnx", in: folder).status == 0)
    }
  }

  /// What Octet wrote it writes again, unasked.
  @Test func itsOwnFilesAreReplaced() async throws {
    try await Self.withFiles { folder in
      for line in [
        "train --data data --arch mlp --epochs 1 -o t.onnx", "import m.onnx -o i.onnx",
        "quantize m.onnx --data data -o q.oct", "export m.oct -o e.h",
        "export m.oct --to swift -o e.swift", "export m.oct --to tflite -o e.tflite",
        "diff m.onnx m.oct --data data --html d.html --save-repro r --dump v --samples 3",
        "run m.onnx --raw-input in.f32 --raw-output out.f32",
      ] {
        for _ in 0..<2 {
          let run = try await octet(line.split(separator: " ").map(String.init), in: folder)
          #expect(run.status == 0, "\(line): \(run.stderr)")
        }
      }
      try Data("mine".utf8).write(to: folder.appendingPathComponent("r/notes.txt"))
      let run = try await octet(
        "diff", "m.onnx", "m.oct", "--data", "data", "--save-repro", "r", in: folder)
      #expect(run.isFailure(73, "'notes.txt'"))
    }
  }

  /// The file beside an ONNX model in which it keeps its weights.
  @Test func externalDataIsRead() async throws {
    let corpus = ImportTests.corpus.deletingLastPathComponent()
    let files = FileManager.default.enumerator(at: corpus, includingPropertiesForKeys: nil)
    let models = (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "onnx" }
    #expect(!models.isEmpty)
    try await withTemporaryFolder { folder in
      // x [1, 2] plus w [1, 2], whose 8 bytes are in w.bin.
      let model = ExternalModel.bytes(location: "w.bin")
      try Data(model).write(to: folder.appendingPathComponent("m.onnx"))
      try Data([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]).write(to: folder.appendingPathComponent("w.bin"))
      try Data(count: 8).write(to: folder.appendingPathComponent("in"))
      let run = try await octet(
        "run", "m.onnx", "--raw-input", "in", "--raw-output", "w.bin", in: folder)
      #expect(run.isFailure(73, "w.bin"), "\(run)")
      let fine = try await octet(
        "run", "m.onnx", "--raw-input", "in", "--raw-output", "out", in: folder)
      #expect(fine.status == 0, "\(fine.stderr)")
    }
  }
}

/// The bytes of a small ONNX file, field by field.
private enum ExternalModel {
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  private static func value(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }

  private static func text(_ number: UInt8, _ text: String) -> [UInt8] {
    field(number, Array(text.utf8))
  }

  private static func port(_ name: String) -> [UInt8] {
    let shape = field(1, value(1, 1)) + field(1, value(1, 2))
    return text(1, name) + field(2, field(1, value(1, 1) + field(2, shape)))
  }

  static func bytes(location: String) -> [UInt8] {
    let node = text(1, "x") + text(1, "w") + text(2, "y") + text(4, "Add")
    let weights =
      value(1, 1) + value(1, 2) + value(2, 1) + text(8, "w")
      + field(13, text(1, "location") + text(2, location)) + value(14, 1)
    let graph =
      field(1, node) + text(2, "g") + field(5, weights) + field(11, port("x"))
      + field(12, port("y"))
    return value(1, 8) + field(7, graph) + field(8, value(2, 13))
  }
}
