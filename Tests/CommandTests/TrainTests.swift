import Foundation
import Testing

@Suite struct TrainTests {
  private static let quick = "--arch mlp --data data --epochs 1"

  @Test func json() async throws {
    let run = try await workshop("train \(Self.quick) -o json.onnx --json")
    #expect(run.status == 0, "\(run.stderr)")
    let json = try run.json()
    #expect(json["testAccuracy"] as? Double != nil && json["seconds"] as? Double != nil)
    // IDX files have ten classes, whatever labels occur.
    #expect(json["parameterCount"] as? Int == 145 * 128 + 129 * 64 + 65 * 10)
    let epoch = try #require((json["epochs"] as? [[String: Any]])?.first)
    let keys = ["epoch", "trainLoss", "validationAccuracy", "seconds", "imagesPerSecond"]
    for key in keys { #expect(epoch[key] is NSNumber, "\(key)") }
    let accuracy = try #require(json["testAccuracy"] as? Double)
    #expect((0...1).contains(accuracy))
  }

  @Test func theSameSeedGivesTheSameFile() async throws {
    let folder = try await Workshop.shared.folder()
    var files: [Data] = []
    for threads in 1...3 {
      let run = try await workshop(
        "train \(Self.quick) -o same\(threads).onnx --threads \(threads)")
      #expect(run.status == 0)
      files.append(try Data(contentsOf: folder.appendingPathComponent("same\(threads).onnx")))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  /// A recipe is the options that it prints; options of the user go before.
  @Test func recipes() async throws {
    let list = try #require(
      try await octet("train", "--recipes", "--json").json()["recipes"] as? [[String: String]])
    #expect(list.count >= 4)
    for name in list.compactMap({ $0["name"] }) {
      // Its options are read before the data are.
      let run = try await workshop("train --recipe \(name) --data nowhere -o x.onnx")
      #expect(run.status == 66, "\(name): \(run)")
    }
    let folder = try await Workshop.shared.folder()
    for recipe in list where ["lenet-plain", "lecun-1998"].contains(recipe["name"]) {
      let name = try #require(recipe["name"])
      let options = try #require(recipe["options"])
        .replacing("--epochs 10", with: "--epochs 1").replacing("--epochs 20", with: "--epochs 1")
      let byName = try await workshop(
        "train --recipe \(name) --epochs 1 --data data -o by-name.onnx")
      let byOptions = try await workshop("train \(options) --data data -o by-options.onnx")
      #expect(byName.status == 0 && byOptions.status == 0, "\(byName.stderr)\(byOptions.stderr)")
      #expect(byName.stderr.contains("recipe \(name): --arch"))
      #expect(
        try Data(contentsOf: folder.appendingPathComponent("by-name.onnx"))
          == Data(contentsOf: folder.appendingPathComponent("by-options.onnx")))
    }
  }

  @Test func usage() async throws {
    for arguments in [
      "", "-o x.onnx --epochs 0", "-o x.onnx --arch nothing", "-o x.onnx --learning-rate nan",
      "-o x.onnx extra", "-o",
    ] {
      let run = try await workshop("train --json --data data \(arguments)")
      #expect(run.isFailure(64), "\(arguments): \(run)")
    }
  }

  /// A network comes from one place; a file with layers that is broken is named; who learned
  /// nothing is told so.
  @Test func networks() async throws {
    let both = try await workshop("train --from m.onnx --arch mlp --data data -o both.onnx --json")
    #expect(both.isFailure(64, "--arch means nothing with --from"), "\(both)")
    let file = try await Workshop.shared.folder().appendingPathComponent("layers.json")
    for text in ["{", #"{"layers": [{"layer": "none"}]}"#] {
      try Data(text.utf8).write(to: file)
      let run = try await workshop("train --arch layers.json --data data -o l.onnx --json")
      #expect(run.status == 65 && run.stderr.contains("octet train: layers.json: "), "\(run)")
    }
    let wild = try await workshop(
      "train \(Self.quick) --optimizer sgd --init zero --learning-rate 1e-7 -o wild.onnx")
    #expect(wild.status == 0 && wild.stderr.contains("the commonest class has"), "\(wild)")
  }

  @Test func outputs() async throws {
    for path in ["no/such/folder.onnx", ".", "data"] {
      let run = try await workshop("train --json \(Self.quick) -o \(path)")
      #expect(run.isFailure(73, path == "." ? "folder" : path), "\(run)")
    }
  }

  @Test func missingData() async throws {
    #expect(try await workshop("train --json --data nowhere -o x.onnx").isFailure(66, "nowhere"))
    try await withTemporaryFolder { folder in
      let run = try await octet("train", "--json", "--data", folder.path, "-o", "x", in: folder)
      #expect(run.stdout.isEmpty && [65, 66].contains(run.status), "\(run)")
    }
  }

  @Test func truncatedData() async throws {
    try await withTemporaryFolder { folder in
      try Pictures.writeIDX(to: folder)
      let file = folder.appendingPathComponent("train-images-idx3-ubyte")
      let whole = try Data(contentsOf: file)
      for count in [0, 3, 15, 16, whole.count - 1] {
        try whole.prefix(count).write(to: file)
        let run = try await octet("train", "--json", "--data", ".", "-o", "x.onnx", in: folder)
        #expect(run.isFailure(65, "train-images-idx3-ubyte"), "\(count) bytes: \(run)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.onnx").path))
    }
  }

  @Test func picturesTooSmallForTheNetwork() async throws {
    try await withTemporaryFolder { folder in
      try Pictures.writeIDX(to: folder, extent: 4)
      let run = try await octet("train", "--json", "--data", ".", "-o", "x.onnx", in: folder)
      #expect([64, 65].contains(run.status) && run.stdout.isEmpty, "\(run)")
    }
  }

  // MARK: Interruptions

  /// Sent at several moments, a signal leaves the old file, or a whole new one, and nothing else.
  @Test(arguments: ["TERM", "INT", "KILL"])
  func interrupted(signal: String) async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    for delay in [0.02, 0.1, 0.3, 0.9] {
      try await withTemporaryFolder { folder in
        let file = folder.appendingPathComponent("old.onnx")
        try Data("old".utf8).write(to: file)
        // `env` undoes an inherited "ignore": a shell cannot.
        let run = try await shell(
          """
          env --default-signal=INT timeout -s \(signal) \(delay) "$OCTET" train --arch mlp \
          --data '\(data)' --epochs 400 -o old.onnx --json
          """, in: folder)
        let bytes = try Data(contentsOf: file)
        if bytes != Data("old".utf8) {
          let inspected = try await octet("inspect", "old.onnx", "--json", in: folder)
          #expect(inspected.status == 0, "after \(delay) s: \(bytes.count) bytes")
        }
        if signal != "KILL" {
          let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
          #expect(left == ["old.onnx"], "after \(delay) s: \(left)")
          if !run.stdout.isEmpty { _ = try run.json() }
        }
      }
    }
  }

  /// A second in, the best epoch so far is kept and said to be.
  @Test func interruptionKeepsTheBestEpoch() async throws {
    let data = try await Workshop.shared.folder().appendingPathComponent("data").path
    try await withTemporaryFolder { folder in
      let run = try await shell(
        """
        timeout --preserve-status -s TERM 2 "$OCTET" train --arch mlp --data '\(data)' \
        --epochs 100000 -o m.onnx --json
        """, in: folder)
      #expect(run.status == 143, "\(run.stderr)")
      if run.stdout.isEmpty {
        // A machine so slow that no epoch was done.
        #expect(run.stderr.contains("nothing was written"))
      } else {
        #expect(try run.json()["bestEpoch"] as? Int ?? 0 > 0)
        #expect(run.stderr.contains("holds the best epoch so far"))
        #expect(try await octet("inspect", "m.onnx", in: folder).status == 0)
      }
    }
  }
}
