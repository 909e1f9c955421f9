import Foundation
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// No bytes at all, however made, crash the reader; they give a typed error or a sound graph.
@Suite struct ONNXHostileFileTests {
  static let corpus: [URL] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx")
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "onnx" }.sorted { $0.path < $1.path }
  }()

  /// Imports, and runs what was imported; only `ExchangeError` may come out.
  static func digest(_ bytes: [UInt8]) -> Bool {
    do {
      let model = try ONNXReader.importModel(bytes)
      try model.graph.validate()
      _ = try model.prove()
      _ = try? ONNXWriter.write(model.graph)
      return true
    } catch let error as ExchangeError {
      #expect(!error.description.isEmpty)
      return false
    } catch {
      Issue.record("\(error)")
      return false
    }
  }

  @Test func corpusIsThere() { #expect(Self.corpus.count > 15) }

  @Test(arguments: corpus) func corpusFile(_ url: URL) throws {
    let isHostile = url.lastPathComponent.hasPrefix("hostile")
    #expect(Self.digest([UInt8](try Data(contentsOf: url))) == !isHostile)
  }

  @Test(arguments: corpus) func truncated(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    for count in stride(from: 0, to: bytes.count, by: 7) { _ = Self.digest(Array(bytes[..<count])) }
  }

  @Test(arguments: corpus) func mutated(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    for seed in 0..<SharedData.mutationCount(40) {
      var random = SplitMix(seed: UInt64(seed))
      _ = Self.digest(Self.mutation(of: bytes, &random))
    }
  }

  /// One to four changes: a byte set, a bit flipped, a run removed, doubled or filled.
  static func mutation(of bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var result = bytes
    for _ in 0...Int.random(in: 0..<4, using: &random) where !result.isEmpty {
      let offset = Int.random(in: 0..<result.count, using: &random)
      let end = min(result.count, offset + Int.random(in: 1...9, using: &random))
      switch Int.random(in: 0..<6, using: &random) {
      case 0: result[offset] = UInt8.random(in: 0...255, using: &random)
      case 1: result[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: result.removeSubrange(offset..<end)
      case 3: result.insert(contentsOf: result[offset..<end], at: offset)
      case 4: for k in offset..<end { result[k] = 0xff }
      default: result[offset] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
      }
    }
    return result
  }

  /// What is refused for good reasons, and the reason.
  @Test(arguments: [
    ("old_training", "'drop' (Dropout): it is in training mode (is_test = 0)"),
    ("old_training", "'norm' (BatchNormalization): it is in training mode (is_test = 0)"),
    ("old_training", "Octet has no such operator of domain 'other'"),
    ("old_broadcast", "broadcast is not set"),
    ("old_axis", "B of shape [4, 2] does not fit A of shape [1, 4, 2, 2] from axis 3"),
    ("branches", "nests too deep"), ("windows", "too large"),
  ])
  func refusals(file: String, reason: String) throws {
    let url = try #require(Self.corpus.first { $0.lastPathComponent == "hostile_\(file).onnx" })
    let error = #expect(throws: ExchangeError.self) {
      try ONNXReader.importModel([UInt8](try Data(contentsOf: url)))
    }
    #expect(error?.description.contains(reason) == true)
  }

  /// Many equal names, each node refused or renamed, take no more than time in proportion.
  @Test func manyEqualNames() throws {
    var graph = Graph(name: "many")
    var last = graph.add(Tensor(name: "x", shape: [1]))
    graph.inputs = [last]
    for index in 0..<2000 {
      let next = graph.add(Tensor(name: "t\(index)", shape: [1]))
      graph.nodes.append(
        Node(name: "n\(index)", operation: .scalar(.relu), inputs: [last], outputs: [next]))
      last = next
    }
    graph.outputs = [last]
    #expect(try ONNXReader.read(try ONNXWriter.write(graph)) == graph)
  }
}
