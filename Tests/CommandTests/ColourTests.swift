import Foundation
import OctetData
import Testing

/// Training on colour, and on sets of other sizes than MNIST's, from files to a board.
struct ColourTests {
  /// One colour a class on noise, so that any network learns it.
  private static func image(
    _ label: Int, _ index: Int, height: Int, width: Int, constantBlue: Bool = false
  ) -> Image {
    var random = Xoshiro256(seed: UInt64(1 + label), stream: UInt64(index))
    let hue = [(210, 40, 40), (40, 210, 40), (40, 40, 210)][label % 3]
    let shade = label / 3 * 30
    var pixels: [UInt8] = []
    for _ in 0..<height * width {
      for (channel, value) in [hue.0, hue.1, hue.2].enumerated() {
        pixels.append(
          constantBlue && channel == 2
            ? 99 : UInt8(clamping: value + shade + random.next(below: 30) - 15))
      }
    }
    return Image(height: height, width: width, channelCount: 3, pixels: pixels)
  }

  private static func write(_ bytes: [UInt8], to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private static func writeFolder(
    _ folder: URL, classCount: Int, count: Int, height: Int, width: Int, isMixed: Bool = false,
    constantBlue: Bool = false
  ) throws {
    for label in 0..<classCount {
      for index in 0..<count {
        var image = image(label, index, height: height, width: width, constantBlue: constantBlue)
        if isMixed, index % 4 == 3 { image = image.converted(toChannelCount: 1) }
        let name = "class \(label)/\(100 + index).\(isMixed && index % 4 == 1 ? "ppm" : "png")"
        let bytes =
          isMixed && index % 4 == 1
          ? Array("P6 \(width) \(height) 255\n".utf8) + image.pixels : PNG.encode(image)
        try write(bytes, to: folder.appendingPathComponent(name))
      }
    }
  }

  private static func writeCIFAR(_ folder: URL) throws {
    for (name, count) in [("data_batch_1.bin", 60), ("test_batch.bin", 20)] {
      var file: [UInt8] = []
      for index in 0..<count {
        let label = index % 10
        let pixels = image(label, index, height: 32, width: 32).pixels
        file.append(UInt8(label))
        for plane in 0..<3 {
          file += stride(from: plane, to: pixels.count, by: 3).map { pixels[$0] }
        }
      }
      try write(file, to: folder.appendingPathComponent(name))
    }
  }

  /// train → quantize → diff → run → verify, with every architecture.
  private static func wholeWay(
    _ architecture: String, _ data: String, _ picture: String?, in folder: URL,
    minimumAccuracy: Double
  ) async throws {
    var lines = [
      "train --arch \(architecture) --data \(data) -o m.onnx --epochs 6 --learning-rate 5e-3",
      "quantize m.onnx --data \(data) -o m.oct", "diff m.onnx m.oct --data \(data)", "verify m.oct",
    ]
    if let picture { lines.append("run m.oct \(picture)") }
    for line in lines {
      var words = line.split(separator: " ").map(String.init) + ["--json"]
      words = words.map { $0.replacing("_", with: " ") }
      let run = try await octet(words, in: folder, timeout: 240)
      try #require(run.status == 0, "\(architecture), \(data): \(line): \(run.stderr)")
      let json = try run.json()
      if words[0] == "train" {
        #expect(try #require(json["testAccuracy"] as? Double) >= minimumAccuracy)
      } else if words[0] == "diff" {
        #expect(try #require(json["agreement"] as? Double) >= 0.9)
      }
    }
  }

  @Test(arguments: ["lenet", "mlp"])
  func cifar(architecture: String) async throws {
    try await withTemporaryFolder { folder in
      try Self.writeCIFAR(folder.appendingPathComponent("cifar"))
      // Chance is 0.1.
      try await Self.wholeWay(architecture, "cifar", nil, in: folder, minimumAccuracy: 0.2)
    }
  }

  @Test(arguments: [
    ("lenet-avg", 20, 20), ("cnn-small", 8, 12), ("mlp", 48, 32), ("lenet", 13, 21),
  ])
  func classFolders(architecture: String, height: Int, width: Int) async throws {
    try await withTemporaryFolder { folder in
      try Self.writeFolder(
        folder.appendingPathComponent("data"), classCount: 3, count: 10, height: height,
        width: width, isMixed: true)
      try await Self.wholeWay(
        architecture, "data", "data/class_1/100.png", in: folder, minimumAccuracy: 0.5)
    }
  }

  /// The file and the blob hold one mean and deviation a channel, those of the training images.
  @Test func normalisationIsKept() async throws {
    try await withTemporaryFolder { folder in
      let data = folder.appendingPathComponent("data")
      try Self.writeFolder(data, classCount: 2, count: 5, height: 16, width: 16, constantBlue: true)
      let statistics = try DataSource.load(data.path).train.channelStatistics
      let trained = try await octet(
        "train", "--arch", "mlp", "--data", "data", "-o", "m.onnx", "--epochs", "1", in: folder)
      #expect(trained.status == 0 && trained.stderr.contains("in channel blue,"), "\(trained)")
      let quantized = try await octet(
        "quantize", "m.onnx", "--data", "data", "-o", "m.oct", in: folder)
      #expect(quantized.status == 0, "\(quantized.stderr)")
      for file in ["m.onnx", "m.oct"] {
        let json = try await octet("inspect", file, "--json", in: folder).json()
        let found = try #require(json["normalization"] as? [String: Any])
        let mean = try #require(found["mean"] as? [Double])
        let deviation = try #require(found["standardDeviation"] as? [Double])
        for channel in 0..<3 {
          #expect(abs(mean[channel] - statistics[channel].mean) < 1e-6)
        }
        #expect(abs(deviation[0] - statistics[0].standardDeviation) < 1e-6)
        #expect(deviation[2] == 1, "a channel that never changes is only centred")
      }
    }
  }

  /// `--mean` and `--std` of `train` are the file's, and one number serves all channels.
  @Test(arguments: [("0.5", "0.25", 1), ("0.4,0.5,0.6", "0.2,0.2,0.3", 3)])
  func givenNormalisation(mean: String, deviation: String, count: Int) async throws {
    try await withTemporaryFolder { folder in
      try Self.writeFolder(
        folder.appendingPathComponent("data"), classCount: 2, count: 5, height: 16, width: 16)
      let arguments = [
        "train", "--arch", "mlp", "--data", "data", "-o", "m.onnx", "--epochs", "1", "--mean", mean,
        "--std", deviation,
      ]
      let run = try await octet(arguments, in: folder)
      #expect(run.status == 0, "\(run.stderr)")
      let json = try await octet("inspect", "m.onnx", "--json", in: folder).json()
      let found = try #require(json["normalization"] as? [String: Any])
      #expect((found["mean"] as? [Double])?.count == count)
      let wrong = try await octet(Array(arguments.dropLast()) + ["0.1,0.2"], in: folder)
      #expect(wrong.status != 0 && wrong.stdout.isEmpty)
    }
  }

  @Test func manyAndFewClasses() async throws {
    try await withTemporaryFolder { folder in
      for (classCount, count) in [(2, 2), (100, 2)] {
        let name = "\(classCount)"
        try Self.writeFolder(
          folder.appendingPathComponent(name), classCount: classCount, count: count, height: 12,
          width: 12)
        let run = try await octet(
          "train", "--arch", "mlp", "--data", name, "-o", "m.onnx", "--epochs", "1", "--json",
          in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        let inspected = try await octet("inspect", "m.onnx", "--json", in: folder).json()
        let outputs = try #require(inspected["outputs"] as? [[String: Any]])
        #expect(outputs[0]["shape"] as? [Int] == [1, classCount])
      }
    }
  }
}
