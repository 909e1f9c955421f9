import Foundation
import Testing

/// What `--json` prints against the article that says what it means.
struct JSONKeysTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// The documented paths, by verb.
  private static func documented() throws -> [String: Set<String>] {
    let article = try String(
      contentsOf: root.appendingPathComponent("Sources/OctetRuntime/OctetRuntime.docc/JSON.md"),
      encoding: .utf8)
    var paths: [String: Set<String>] = [:]
    var verbs: [String] = []
    for line in article.split(separator: "\n") {
      if line.hasPrefix("## ") {
        verbs = line.dropFirst(3).split(separator: ",").map {
          $0.trimmingCharacters(in: .whitespaces)
        }
      }
      guard line.hasPrefix("| `"), let end = line.range(of: " | ") else { continue }
      for piece in line[..<end.lowerBound].split(separator: "`") where !piece.contains(" ") {
        for verb in verbs { paths[verb, default: []].formUnion(expanded(String(piece))) }
      }
    }
    return paths
  }

  /// `a.{b,c}` as `a.b` and `a.c`.
  private static func expanded(_ path: String) -> [String] {
    guard let open = path.firstIndex(of: "{"), let close = path.firstIndex(of: "}") else {
      return [path]
    }
    let head = path[..<open]
    let tail = path[path.index(after: close)...]
    return path[path.index(after: open)..<close].split(separator: ",").flatMap {
      expanded("\(head)\($0)\(tail)")
    }
  }

  /// Every key below a value.
  private func keys(_ value: Any, _ prefix: String = "") -> Set<String> {
    var found: Set<String> = []
    if let object = value as? [String: Any] {
      for (key, value) in object {
        let path = prefix.isEmpty ? key : "\(prefix).\(key)"
        found.insert(path)
        found.formUnion(keys(value, path))
      }
    } else if let list = value as? [Any] {
      for element in list {
        if !(element is [String: Any]), !(element is [Any]) { found.insert(prefix + "[]") }
        found.formUnion(keys(element, prefix + "[]"))
      }
    }
    return found
  }

  @Test(
    "Every key that is printed is documented",
    arguments: [
      "train --arch lenet --data data --epochs 1 -o keys.onnx",
      "train --arch mlp --data data --epochs 1 -o keys.onnx --html k.html --tensorboard keys-t",
      "train --list", "train --recipes",
      "augment --data data --augment flip --show keys.png",
      "evaluate m.onnx m.oct --data data --html keys-e.html",
      "search --data data --arch mlp --epochs 3 --trials 12 --over learning-rate=log(1e-4,1) "
        + "--over l2=0,0.1 --max-parameters 999999 --out keys-s --html keys-s.html -o keys-s.onnx",
      "quantize m.onnx --data data -o keys.oct --calibration-samples 20",
      "quantize m.onnx --data data -o keys.oct --calibration-samples 20 --max-drop 0.5",
      "quantize m.onnx --data data -o keys.oct --calibration-samples 20 --train-epochs 1",
      "run m.oct keys.pgm", "run m.oct --raw-input keys.raw --raw-output keys.out",
      "diff m.onnx m.oct --data data", "diff m.onnx m.oct --data data --max-drop -0.99",
      "diff m.onnx m.oct --data data --samples 4 --baseline keys.json",
      "diff m.onnx m.oct --raw-input keys.f32 --metric regression --labels keys.txt",
      "diff m.onnx m.oct --raw-input keys.f32 --metric embedding --html keys.html",
      "diff m.onnx m.oct --raw-input keys.f32 --metric detection",
      "diff m.onnx m.oct --raw-input keys.f32 --metric picture",
      "diff m.onnx m.oct --data data --samples 4 --bisect",
      "inspect m.oct", "inspect m.onnx", "bench m.oct --iterations 2", "verify m.oct",
      "import keys.tflite -o keys-i.oct", "import m.onnx -o keys-i.onnx",
      "export m.oct --to header -o keys.h", "export m.oct --to tflite -o keys-2.tflite",
      "board list", "completion bash", "manual",
    ])
  func printed(line: String) async throws {
    let folder = try await Workshop.shared.folder()
    let verb = String(line.prefix { $0 != " " })
    try Pictures.pgm(label: 1, seed: 1).write(
      to: folder.appendingPathComponent("keys.pgm"), options: .atomic)
    try Data(count: 2 * 144).write(to: folder.appendingPathComponent("keys.raw"), options: .atomic)
    // Four samples of 144 small numbers, and five targets of each.
    var floats = Data()
    for index in 0..<4 * 144 {
      let value = Float(index * 29 % 97) / 97
      withUnsafeBytes(of: value) { floats.append(contentsOf: $0) }
    }
    try floats.write(to: folder.appendingPathComponent("keys.f32"), options: .atomic)
    let targets = "0 0.5 0 1 0.25\n1 0.5 0 1 0.25\n2 0.5 0 1 0.25\n3 0.5 0 1 0.25\n"
    try Data(targets.utf8).write(to: folder.appendingPathComponent("keys.txt"), options: .atomic)
    if line.contains("keys.tflite") {
      #expect(try await workshop("export m.oct --to tflite -o keys.tflite --force").status == 0)
    }
    if line.contains("keys.json") {
      let then = try await workshop("diff m.onnx m.oct --data data --samples 4 --json")
      try Data(then.stdout.utf8).write(
        to: folder.appendingPathComponent("keys.json"), options: .atomic)
    }
    let isWriting =
      line.contains(" -o ") || line.contains("--raw-output") || line.contains("--html")
    let run = try await workshop(line + " --json" + (isWriting ? " --force" : ""))
    let allowed = try #require(try Self.documented()[verb])
    try #require(!run.stdout.isEmpty, "\(line): \(run.stderr)")
    for key in keys(try run.json()).sorted() {
      // Names that a model or a calibrator brings.
      let generic = key.replacing(/tensorCounts\..*/, with: "tensorCounts.*")
        .replacing(/roundings\..*/, with: "roundings.*")
      #expect(allowed.contains(generic), "\(line): \(key)")
    }
  }

  @Test("Every documented key is a property of something that is printed")
  func isThere() throws {
    var properties: Set<Substring> = []
    for folder in ["Sources", "Tools/octet"] {
      let files = FileManager.default.enumerator(
        at: Self.root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
      for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
        let text = try String(contentsOf: file, encoding: .utf8)
        // Several are declared in one line now and then.
        for line in text.split(separator: "\n")
        where ["var ", "let ", "case "].contains(where: { line.contains($0) }) {
          for match in line.matches(of: /[a-zA-Z][a-zA-Z0-9]*/) { properties.insert(match.0) }
        }
      }
    }
    for (verb, paths) in try Self.documented() {
      for path in paths where !path.hasSuffix("*") {
        let name = path.split(separator: ".").last?.replacing("[]", with: "") ?? ""
        #expect(properties.contains(Substring(name)), "\(verb): \(path)")
      }
    }
  }
}
