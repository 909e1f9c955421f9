import Foundation
import Testing

/// The verbs that read a blob: run, diff, inspect, bench, verify.
@Suite struct BlobVerbTests {
  // MARK: export

  @Test("An update has a header of 64 bytes, the version and the blob; the version must be given")
  func exportsUpdates() async throws {
    let folder = try await Workshop.shared.folder()
    let run = try await workshop("export m.oct --to slot --model-version 258 -o update.bin --json")
    #expect(run.status == 0, "\(run.stderr)")
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("update.bin")))
    #expect(bytes.prefix(4).elementsEqual("UPD1".utf8))
    #expect(bytes[4..<8] == [2, 1, 0, 0])
    #expect(bytes[64..<68].elementsEqual("OCT8".utf8))
    let byteCount = bytes[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(byteCount == bytes.count - 64)
    #expect(try run.json()["fileByteCount"] as? Int == bytes.count)
    for line in [
      "export m.oct --to slot -o x.bin", "export m.oct --to header --model-version 1 -o x.h",
      "export m.oct --to slot --model-version -1 -o x.bin",
      "board library --boards cortex-m4 m.oct -o x", "board library m.oct -o x --package x.zip",
      "board library m.oct", "board library --board wasm32 -o x",
    ] {
      #expect(try await workshop(line).status == 64, "\(line)")
    }
  }

  @Test("octet and octet.h have one version")
  func versionIsOne() async throws {
    let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../" + "Firmware/CLibrary/include/octet.h")
    let text = try String(contentsOf: header, encoding: .utf8)
    let match = try #require(text.firstMatch(of: /#define OCTET_VERSION ([0-9]+)/))
    let number = try #require(Int(match.output.1))
    let version = "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
    #expect(try await workshop("--version").stdout == "octet \(version)\n")
  }

  // MARK: run

  @Test func picturesAreNamed() async throws {
    let folder = try await Workshop.shared.folder()
    for label in 0..<3 {
      try Pictures.pgm(label: label, seed: 999).write(
        to: folder.appendingPathComponent("\(label).pgm"))
    }
    let run = try await workshop("run m.oct 0.pgm 1.pgm 2.pgm --json")
    #expect(run.status == 0, "\(run.stderr)")
    let images = try #require(try run.json()["images"] as? [[String: Any]])
    #expect(images.map { $0["path"] as? String } == ["0.pgm", "1.pgm", "2.pgm"])
    for image in images {
      let probabilities = try #require(image["probabilities"] as? [Double])
      #expect(probabilities.count == 10 && abs(probabilities.reduce(0, +) - 1) < 0.01)
      #expect(image["label"] is String && image["index"] is Int)
    }
    let text = try await workshop("run m.oct 0.pgm")
    #expect(text.status == 0 && text.stdout.contains("0.pgm") && text.stdout.contains("%"))
  }

  @Test func rawTensors() async throws {
    let folder = try await Workshop.shared.folder()
    let samples = (0..<4 * 144).map { UInt8(truncatingIfNeeded: $0 * 31) }
    try Data(samples).write(to: folder.appendingPathComponent("in.raw"))
    let run = try await workshop("run m.oct --raw-input in.raw --raw-output out.raw --json")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try run.json()["sampleCount"] as? Int == 4)
    let all = try Data(contentsOf: folder.appendingPathComponent("out.raw"))
    #expect(all.count == 4 * 10)
    // The third sample alone gives the third output.
    try Data(samples[288..<432]).write(to: folder.appendingPathComponent("third.raw"))
    let third = try await workshop(
      "run m.oct --raw-input third.raw --raw-output third.out --backend portable")
    #expect(third.status == 0)
    #expect(try Data(contentsOf: folder.appendingPathComponent("third.out")) == all[20..<30])
  }

  /// The float model and its forms of int8 and int16, made and run on float32 tensors, give nearly
  /// the same.
  @Test func rawFloats() async throws {
    let folder = try await Workshop.shared.folder()
    let samples = (0..<30 * 144).map { Float($0 * 37 % 101) / 100 }
    let bytes = samples.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) }
    }
    try Data(bytes).write(to: folder.appendingPathComponent("in.f32"))
    let fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (30, 1, 12, 12), }"
    let header = fields.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
    let start = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
    try Data(start + Array(header.utf8) + bytes)
      .write(to: folder.appendingPathComponent("in.npy"))
    for line in [
      "quantize m.onnx --raw-input in.f32 -o raw.oct",
      "quantize m.onnx --raw-input in.npy -o numpy.oct",
      "run m.onnx --raw-input in.f32 --raw-output float.f32",
      "run raw.oct --floats --raw-input in.f32 --raw-output int8.f32",
      "quantize m.onnx --raw-input in.f32 -o raw16.oct --int16 all",
      "run raw16.oct --floats --raw-input in.f32 --raw-output int16.f32",
    ] {
      let run = try await workshop(line)
      #expect(run.status == 0, "\(line): \(run.stderr)")
    }
    #expect(
      try Data(contentsOf: folder.appendingPathComponent("numpy.oct"))
        == Data(contentsOf: folder.appendingPathComponent("raw.oct")))
    func floats(_ name: String) throws -> [Float] {
      let data = try Data(contentsOf: folder.appendingPathComponent(name))
      return stride(from: 0, to: data.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[start + $1]) << (8 * UInt32($1)) })
      }
    }
    let (real, int8) = (try floats("float.f32"), try floats("int8.f32"))
    #expect(real.count == 300 && int8.count == 300)
    let largest = real.map { abs($0) }.max() ?? 0
    #expect(zip(real, int8).allSatisfy { abs($0 - $1) < 0.1 * largest })
    let int16 = try floats("int16.f32")
    #expect(int16.count == 300)
    #expect(zip(real, int16).allSatisfy { abs($0 - $1) < 0.02 * largest })
  }

  @Test func runFailures() async throws {
    let folder = try await Workshop.shared.folder()
    for count in [0, 1, 143, 145, 287] {
      try Data(count: count).write(to: folder.appendingPathComponent("\(count).raw"))
      let run = try await workshop(
        "run m.oct --raw-input \(count).raw --raw-output x.raw --json")
      #expect(run.isFailure(65, "144"), "\(run)")
    }
    try Data(count: 144).write(to: folder.appendingPathComponent("one.raw"))
    try Data("not a picture".utf8).write(to: folder.appendingPathComponent("bad.png"))
    try Pictures.pgm(label: 0, seed: 1).prefix(40).write(
      to: folder.appendingPathComponent("cut.pgm"))
    let cases: [(line: String, status: Int32, word: String)] = [
      ("run m.oct", 64, "pictures"),
      ("run m.oct --raw-input one.raw", 64, "--raw-output"),
      ("run m.oct one.raw --raw-input one.raw --raw-output x", 64, "not both"),
      ("run m.onnx --raw-input one.raw --raw-output x", 65, "float32"),
      ("run m.oct --floats --raw-input one.raw --raw-output x", 65, "float32"),
      ("run m.oct x.png --backend quantum", 64, "quantum"),
      ("run m.oct --raw-input none.raw --raw-output x.raw", 66, "none.raw"),
      ("run m.oct none.png", 66, "none.png"),
      ("run none.oct none.png", 66, "none.oct"),
      ("run m.onnx cut.pgm", 65, "m.onnx"),
      ("run m.oct bad.png", 65, "bad.png"),
      ("run m.oct cut.pgm", 65, "cut.pgm"),
      ("run m.oct --raw-input one.raw --raw-output no/where", 73, "no"),
      ("run m.oct --raw-input one.raw --raw-output data", 73, "folder"),
    ]
    for (line, status, word) in cases {
      let run = try await workshop("\(line) --json")
      #expect(run.isFailure(status, word), "\(line): \(run)")
    }
  }

  // MARK: diff

  @Test func diffJSON() async throws {
    let run = try await workshop("diff m.onnx m.oct --data data --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    #expect(json["sampleCount"] as? Int == 30)
    for key in ["floatTop1", "int8Top1", "agreement"] {
      let share = try #require(json[key] as? Double, "\(key)")
      #expect((0...1).contains(share), "\(key)")
    }
    #expect(json["rightToWrong"] is Int && json["wrongToRight"] is Int)
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(layers.count >= 5)
    for key in ["sqnrDecibels", "maxAbsError", "rmseOverScale", "cosine"] {
      #expect(layers.allSatisfy { $0[key] != nil }, "\(key)")
    }
    let one = try await workshop("diff m.onnx m.oct --data data --json --threads 1").json()
    #expect(one["layers"] as? NSArray == json["layers"] as? NSArray)
    let few = try await workshop("diff m.onnx m.oct --data data --json --samples 7").json()
    #expect(few["sampleCount"] as? Int == 7)
  }

  @Test(arguments: [
    "diff m.onnx m.oct --data data", "inspect m.oct", "inspect m.onnx", "board list",
  ])
  func textFitsTheTerminal(line: String) async throws {
    for limit in [80, 60] {
      let run = try await workshop(line, environment: ["COLUMNS": "\(limit)"])
      #expect(run.status == 0 && !run.stdout.isEmpty, "\(run.stderr)")
      for text in run.stdout.split(separator: "\n") {
        #expect(text.count <= limit, "\(text)")
      }
    }
  }

  /// A gate that is missed ends with 1, and the report is there all the same.
  @Test func gates() async throws {
    let cases: [(gate: String, status: Int32)] = [
      ("--max-drop 1", 0), ("--max-drop -0.99", 1), ("--min-agreement 0", 0),
    ]
    for (gate, status) in cases {
      let run = try await workshop("diff m.onnx m.oct --data data --json \(gate)")
      #expect(run.status == status, "\(gate): \(run.stderr)")
      #expect(try run.json()["sampleCount"] as? Int == 30)
      #expect(status == 0 || run.stderr.contains("max-drop"))
    }
  }

  @Test func diffFailures() async throws {
    let cases: [(line: String, status: Int32, word: String)] = [
      ("diff m.onnx", 64, "M.oct"),
      ("diff m.onnx m.oct --max-drop much", 64, "much"),
      ("diff m.onnx m.oct --data large", 65, "20×20"),
      ("diff none.onnx m.oct --data data", 66, "none.onnx"),
      ("diff m.onnx none.oct --data data", 66, "none.oct"),
      ("diff m.onnx m.oct --data nowhere", 66, "nowhere"),
    ]
    for (line, status, word) in cases {
      let run = try await workshop("\(line) --json")
      #expect(run.isFailure(status, word), "\(line): \(run)")
    }
  }

  // MARK: inspect, bench, verify

  @Test(arguments: ["m.oct", "m.onnx"])
  func inspectJSON(file: String) async throws {
    let run = try await workshop("inspect \(file) --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    #expect(json["format"] as? String == String(file.dropFirst(2)))
    for key in ["fileByteCount", "weightByteCount", "macCount"] {
      #expect(json[key] as? Int ?? 0 > 0, "\(key)")
    }
    if file == "m.oct" { #expect(json["arenaByteCount"] as? Int ?? 0 > 0) }
    let operators = try #require(json["operators"] as? [[String: Any]])
    for key in ["name", "operator", "macCount"] {
      #expect(operators.allSatisfy { $0[key] != nil }, "\(key)")
    }
    let text = try await workshop("inspect \(file)")
    #expect(text.status == 0 && text.stdout.contains("conv1") && text.stderr.isEmpty)
  }

  @Test func benchJSON() async throws {
    let run = try await workshop("bench m.oct --iterations 20 --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    #expect(json["backend"] is String && json["iterations"] as? Int == 20)
    let least = try #require(json["minNanoseconds"] as? Double)
    let median = try #require(json["medianNanoseconds"] as? Double)
    #expect(least > 0 && least <= median)
    let operators = try #require(json["operators"] as? [[String: Any]])
    #expect(operators.count == 5)
    for key in ["name", "medianNanoseconds"] {
      #expect(operators.allSatisfy { $0[key] != nil }, "\(key)")
    }
  }

  @Test func verifyPasses() async throws {
    let run = try await workshop("verify m.oct --json")
    #expect(run.status == 0, "\(run.stderr)")
    let backends = try #require(try run.json()["backends"] as? [[String: Any]])
    #expect(backends.contains { $0["name"] as? String == "portable" })
    #expect(backends.allSatisfy { $0["passed"] as? Bool == true })
  }

  /// Every verb that reads a blob refuses a damaged one, and says at which byte.
  @Test(arguments: ["verify", "inspect", "bench", "run -", "export --to header -o x.h"])
  func damagedBlobs(verb: String) async throws {
    let folder = try await Workshop.shared.folder()
    let whole = try Data(contentsOf: folder.appendingPathComponent("m.oct"))
    let words = verb.split(separator: " ").map(String.init)
    try await withTemporaryFolder { temporary in
      let file = temporary.appendingPathComponent("bad.oct")
      func expectRefusal(_ bytes: Data, _ comment: String) async throws {
        try bytes.write(to: file)
        let line = [words[0], "bad.oct"] + words.dropFirst() + ["--json"]
        let run = try await octet(line.map { $0 == "-" ? "x.png" : $0 }, in: temporary)
        #expect(run.isFailure(65, "bad.oct", "byte "), "\(comment): \(run)")
      }
      try Data().write(to: file)
      let line = [words[0], "bad.oct"] + words.dropFirst()
      let empty = try await octet(line.map { $0 == "-" ? "x.png" : $0 }, in: temporary)
      #expect(empty.isFailure(65, "bad.oct", "this file is empty"), "\(empty)")
      for count in [1, 95, 96, whole.count / 2, whole.count - 1] {
        try await expectRefusal(whole.prefix(count), "the first \(count) bytes")
      }
      for position in [0, 3, 9, 40, 200, whole.count / 2, whole.count - 1] {
        var flipped = whole
        flipped[position] ^= 0x10
        try await expectRefusal(flipped, "byte \(position)")
      }
      let missing = try await octet([words[0], "none.oct"] + words.dropFirst(), in: temporary)
      #expect(missing.isFailure(66, "none.oct"), "\(missing)")
    }
  }
}
