import Foundation
import OctetData
import Testing

/// QEMU for 32-bit ARM.
private let emulator = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  .map { "\($0)/qemu-arm" }.first { FileManager.default.isExecutableFile(atPath: $0) }

/// octet-run on a 32-bit board, whose integers and heap differ most from the host's: every picture
/// has the class that `octet run` gives it.
@Suite(.enabled(if: emulator != nil, "QEMU is not installed"))
struct RunnerTests {
  /// The program, made by the tool once for all tests.
  private actor Program {
    static let shared = Program()
    private var making: Task<URL, any Error>?

    func url() async throws -> URL {
      if let making { return try await making.value }
      let task = Task {
        let folder = try await Workshop.shared.folder()
        let made = try await octet(
          "board", "runner", "--board", "linux-armv7", "-o", "runner", in: folder, timeout: 300)
        try #require(made.status == 0, "\(made.stderr)")
        return folder.appendingPathComponent("runner/octet-run")
      }
      making = task
      return try await task.value
    }
  }

  /// Runs octet-run in the folder, with `script` around `$RUN`.
  private func run(_ script: String, in folder: URL) async throws -> Run {
    let program = try await Program.shared.url()
    return try await shell(
      script, in: folder,
      environment: ["RUN": "\(try #require(emulator)) \(program.path)"])
  }

  /// The objects that octet-run writes, one a line.
  private func objects(_ run: Run) throws -> [[String: Any]] {
    try run.stdout.split(separator: "\n").map { line in
      try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  /// Pictures of every format, size and depth that the tool writes or a person has.
  private func pictures(_ folder: URL) throws -> [String] {
    var files: [String: [UInt8]] = [
      "text.pgm": Array("P2\n# by hand\n3 2\n100\n0 50 100\n100 50 0\n".utf8),
      "wide.ppm": Array("P6\n2 1\n65535\n".utf8) + [0, 0, 255, 255, 128, 0, 1, 2, 3, 4, 5, 6],
    ]
    for (extent, label) in [(12, 0), (30, 1), (7, 2)] {
      let gray = Pictures.pixels(label: label, seed: extent, extent: extent)
      files["gray\(extent).png"] = PNG.encode(
        Image(height: extent, width: extent, channelCount: 1, pixels: gray))
      let colour = gray.flatMap { [$0, $0 / 2, 255 - $0] }
      files["colour\(extent).png"] = PNG.encode(
        Image(height: extent, width: extent, channelCount: 3, pixels: colour))
      files["gray\(extent).pgm"] = Array("P5 \(extent) \(extent) 255\n".utf8) + gray
      // A stored block of more than one read, and a match that reaches far.
      files["flat\(extent).png"] = PNG.encode(
        Image(
          height: 10 * extent, width: 300, channelCount: 1,
          pixels: [UInt8](repeating: UInt8(extent), count: 3000 * extent)))
    }
    for (name, bytes) in files {
      try Data(bytes).write(to: folder.appendingPathComponent(name))
    }
    return files.keys.sorted()
  }

  @Test("Pictures have the classes that the host gives them")
  func classes() async throws {
    try await withOwnWorkshop { folder in
      let names = try pictures(folder)
      let host = try await octet(["run", "m.oct", "--json"] + names, in: folder)
      let expected = try #require(try host.json()["images"] as? [[String: Any]])
      let board = try await run(
        "$RUN m.oct --json --top 2 \(names.joined(separator: " "))", in: folder)
      #expect(board.status == 0 && board.stderr.isEmpty, "\(board.stderr)")
      let found = try objects(board)
      #expect(found.count == names.count)
      for (own, host) in zip(found, expected) {
        #expect(own["path"] as? String == host["path"] as? String)
        #expect(own["label"] as? String == host["label"] as? String)
        let probabilities = try #require(own["probability"] as? Double)
        #expect(abs(probabilities - (host["probability"] as? Double ?? -1)) < 1e-6)
        #expect((own["classes"] as? [Any])?.count == 2 && own["nanoseconds"] as? Int != nil)
      }
    }
  }

  @Test("What the host refuses is refused, what it takes is taken")
  func damages() async throws {
    try await withOwnWorkshop { folder in
      let names = try pictures(folder)
      let damaged = folder.appendingPathComponent("damaged")
      try FileManager.default.createDirectory(at: damaged, withIntermediateDirectories: true)
      var random = Xoshiro256(seed: 20)
      var files: [String] = []
      for index in 0..<300 {
        let whole = folder.appendingPathComponent(names[index % names.count])
        var changed = [UInt8](try Data(contentsOf: whole))
        for _ in 0...random.next(below: 2) {
          let place = random.next(below: min(changed.count, 200))
          switch random.next(below: 4) {
          case 0: changed[place] ^= 1 << UInt8(random.next(below: 8))
          case 1: changed[place] = [0, 0x7f, 0x80, 0xff][random.next(below: 4)]
          case 2: changed.removeLast(changed.count - place)
          default: changed.insert(UInt8(random.next(below: 256)), at: place)
          }
          if changed.isEmpty { break }
        }
        try Data(changed).write(to: damaged.appendingPathComponent("\(index)"))
        files.append("damaged/\(index)")
      }
      let board = try await run("$RUN m.oct --json \(files.joined(separator: " "))", in: folder)
      let taken = Set(try objects(board).compactMap { $0["path"] as? String })
      for file in files {
        let path = folder.appendingPathComponent(file).path
        let isRead = (try? Image.decode(contentsOf: path)) != nil
        #expect(taken.contains(file) == isRead, "\(file)")
      }
      #expect(board.status == 65)
      #expect(taken.count < files.count && !taken.isEmpty)
      let lines = board.stderr.split(separator: "\n")
      #expect(lines.count == files.count - taken.count)
      #expect(lines.allSatisfy { $0.hasPrefix("octet-run: '") })
    }
  }

  @Test("Frames without headers, and the model's own codes")
  func frames() async throws {
    try await withOwnWorkshop { folder in
      let pixels = Pictures.pixels(label: 1, seed: 4, extent: 20)
      try Data(pixels + pixels).write(to: folder.appendingPathComponent("frames"))
      try Data(Array("P5 20 20 255\n".utf8) + pixels)
        .write(to: folder.appendingPathComponent("frame.pgm"))
      // The same picture as gray, as luma with neutral chroma, and as three channels of 8 bits.
      try Data(pixels.flatMap { [$0, $0, $0] }).write(to: folder.appendingPathComponent("rgb"))
      let picture = try objects(try await run("$RUN m.oct --json frame.pgm", in: folder))
      let gray = try objects(
        try await run("cat frames | $RUN m.oct --json --frames 20x20:gray -", in: folder))
      let colour = try objects(
        try await run("$RUN m.oct --json --frames 20x20:bgr rgb", in: folder))
      #expect(gray.count == 2 && colour.count == 1)
      for one in gray + colour {
        #expect(one["probability"] as? Double == picture[0]["probability"] as? Double)
      }
      let raw = Data((0..<3 * 144).map { UInt8(truncatingIfNeeded: $0 * 37) })
      try raw.write(to: folder.appendingPathComponent("in.raw"))
      let host = try await octet(
        ["run", "m.oct", "--raw-input", "in.raw", "--raw-output", "host.raw"], in: folder)
      #expect(host.status == 0)
      let codes = try await run(
        "$RUN m.oct --raw in.raw --raw-output board.raw --count 3", in: folder)
      #expect(codes.stdout.split(separator: "\n").count == 3)
      let piped = try await run(
        "$RUN m.oct --raw - --raw-output - < in.raw | cmp - host.raw", in: folder)
      #expect(piped.status == 0, "\(piped.stdout)\(piped.stderr)")
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(name))
      }
      #expect(try bytes("board.raw") == bytes("host.raw"))
    }
  }

  /// Arguments, the status, and a part of what is printed.
  private static let ends: [(arguments: String, status: Int32, text: String)] = [
    ("", 64, "give a model"), ("m.oct", 64, "give pictures"), ("--help", 0, "usage: octet-run"),
    ("m.oct --self-test", 0, "self-test passed"),
    ("m.oct --self-test --json", 0, "{\"selfTestPassed\":true}"),
    ("m.oct --wrong", 64, "there is no option '--wrong'"),
    ("m.oct --top", 64, "'--top' needs a value"),
    ("m.oct --top 0 frame", 64, "from 1 on, not '0'"),
    ("m.oct --raw in.raw frame", 64, "one thing too many"),
    ("m.oct --raw in.raw --self-test", 64, "give one of"),
    ("m.oct --frames 20x20:gray", 64, "needs one file"),
    ("m.oct --frames 20x20 in.raw", 64, "such as 640x480:yuyv"),
    ("m.oct --frames 99999x1:gray in.raw", 64, "up to 16384"),
    ("m.oct --frames 99x1:grey in.raw", 64, "such as 640x480:yuyv"),
    ("m.oct --size 3x3 a.png", 64, "--size goes with --camera"),
    ("nowhere a.png", 66, "cannot open 'nowhere': there is no such file"),
    ("data a.png", 66, "cannot map 'data': this is a folder"),
    ("m.onnx a.png", 65, "no model that can be run: byte 0"),
    ("m.oct nowhere", 66, "cannot open 'nowhere'"), ("m.oct data", 66, "cannot read 'data'"),
    ("m.oct m.oct", 65, "this is no PNG, JPEG, PGM, PPM or BMP picture"),
    ("m.oct --raw /dev/null", 65, "ends within sample 0, which has 144 bytes"),
    ("m.oct --raw m.onnx", 65, "ends within sample"),
    ("m.oct --raw in.raw --raw-output nowhere/out", 73, "cannot write 'nowhere/out'"),
    ("m.oct --raw in.raw --raw-output /dev/full", 74, "cannot write '/dev/full': no space"),
    ("m.oct --raw in.raw >/dev/full", 74, "cannot write 'standard output': no space"),
    ("m.oct --camera m.oct", 66, "cannot start the camera 'm.oct': this is not a camera"),
    ("m.oct --camera nowhere", 66, "cannot start the camera 'nowhere': there is no such file"),
  ]

  @Test("Every end has its status and its sentence")
  func ends() async throws {
    try await withOwnWorkshop { folder in
      try Data((0..<3 * 144).map { UInt8(truncatingIfNeeded: $0 * 37) })
        .write(to: folder.appendingPathComponent("in.raw"))
      for (arguments, status, text) in Self.ends {
        let end = try await run("$RUN \(arguments)", in: folder)
        #expect(end.status == status, "\(arguments): \(end.stderr)")
        #expect((end.stderr + end.stdout).contains(text), "\(arguments): \(end.stderr)")
        #expect(status == 0 || end.stderr.hasPrefix("octet-run: "), "\(arguments): \(end.stderr)")
      }
    }
  }

  @Test("It is for Linux, and for every model")
  func refusals() async throws {
    let bare = try await workshop("board runner --board cortex-m4 -o own")
    #expect(bare.isFailure(64, "cortex-m4 is bare metal"))
    let model = try await workshop("board runner --board linux-armv7 m.oct -o own")
    #expect(model.isFailure(64, "no model: it runs every model"))
  }
}
