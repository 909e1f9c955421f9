import Foundation
import OctetData
import Testing

/// Folders whose pictures are not what a model takes: resized by all verbs alike, said once.
@Suite struct PictureSizeTests {
  private static func write(_ folder: URL, _ name: String, label: Int, size: Int) throws {
    var random = Xoshiro256(seed: UInt64(1 + label), stream: UInt64(size))
    let pixels = (0..<size * size).map { index in
      UInt8((index % size < size / 2) == (label == 0) ? 200 + random.next(below: 50) : 20)
    }
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(Array("P5 \(size) \(size) 255\n".utf8) + pixels).write(to: url)
  }

  @Test func verbsResizeToTheModelsInput() async throws {
    try await withTemporaryFolder { folder in
      for index in 0..<16 {
        for label in 0..<2 {
          let size = index % 4 == 3 ? 12 : 8
          try Self.write(folder, "data/\(label)/\(index).pgm", label: label, size: size)
          try Self.write(folder, "flat/\(index * 2 + label).pgm", label: label, size: size)
        }
      }
      for line in [
        "train --arch mlp --data data --size 10x10 --normalize --epochs 2 -o m.onnx",
        "quantize m.onnx --data data -o m.oct", "diff m.onnx m.oct --data data",
        "diff m.onnx m.oct --data flat", "evaluate m.oct --data data",
      ] {
        let run = try await octet(line.split(separator: " ").map(String.init), in: folder)
        #expect(run.status == 0, "\(line): \(run.stderr)")
        let notes = run.stderr.components(separatedBy: "pictures were resized to 10×10 pixels")
        #expect(notes.count == 2, "\(line): \(run.stderr)")
      }
    }
  }

  /// Mean and deviation of gray images are computed and kept in the file, where asked for.
  @Test func grayIsNormalized() async throws {
    try await withTemporaryFolder { folder in
      for index in 0..<8 {
        for label in 0..<2 {
          try Self.write(folder, "data/\(label)/\(index).pgm", label: label, size: 8)
        }
      }
      let statistics = try DataSource.load(folder.appendingPathComponent("data").path)
        .train.channelStatistics[0]
      let words = "train --arch mlp --data data --epochs 1 -o m.onnx --normalize"
        .split(separator: " ").map(String.init)
      let run = try await octet(words, in: folder)
      #expect(run.status == 0, "\(run.stderr)")
      let json = try await octet("inspect", "m.onnx", "--json", in: folder).json()
      let found = try #require(json["normalization"] as? [String: Any])
      let mean = try #require((found["mean"] as? [Double])?.first)
      let deviation = try #require((found["standardDeviation"] as? [Double])?.first)
      #expect(abs(mean - statistics.mean) < 1e-6)
      #expect(abs(deviation - statistics.standardDeviation) < 1e-6)
      let both = try await octet(words + ["--mean", "0.5", "--std", "0.5"], in: folder)
      #expect(both.status == 64 && both.stderr.contains("give one of them"), "\(both.stderr)")
    }
  }
}
