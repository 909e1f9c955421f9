import Foundation
import OctetCompiler
import OctetTFLite
import OctetModel
import TestData
import TestSupport
import Testing

/// No bytes at all, however made, crash the reader; they give a typed error or a sound graph.
@Suite struct TFLiteHostileFileTests {
  static let corpus: [URL] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/tflite")
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "tflite" }.sorted { $0.path < $1.path }
  }()
  static let sound = corpus.filter { $0.lastPathComponent.hasPrefix("sound") }
  static let hostile = corpus.filter { $0.lastPathComponent.hasPrefix("hostile") }

  /// Reads, and takes what was read through everything that an import and an export do.
  static func digest(_ bytes: [UInt8], compiles: Bool = true) -> Bool {
    do {
      let graph = try TFLiteReader.read(bytes)
      try graph.validate()
      _ = try? TFLiteWriter.write(graph)
      // Larger models are legal, but take long in a debug build.
      if compiles, graph.tensors.allSatisfy({ $0.elementCount < 10_000 }) {
        _ = try? BlobReader.read(try Compiler.compile(graph).blob)
      }
      return true
    } catch let error as ExchangeError {
      #expect(!error.description.isEmpty)
      return false
    } catch {
      Issue.record("\(error)")
      return false
    }
  }

  @Test func corpusIsThere() {
    #expect(Self.sound.count == 12)
    #expect(Self.hostile.count == 71)
  }

  @Test(arguments: hostile) func hostileFileIsRefused(_ url: URL) throws {
    #expect(!Self.digest([UInt8](try Data(contentsOf: url))))
  }

  @Test(arguments: sound) func soundFileSurvivesTheRoundTrip(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    let graph = try TFLiteReader.read(bytes)
    #expect(try TFLiteReader.read(try TFLiteWriter.write(graph)) == graph)
    #expect(Self.digest(bytes))
  }

  @Test(arguments: sound) func truncatedAnywhere(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    for count in 0..<bytes.count { _ = Self.digest(Array(bytes[..<count]), compiles: false) }
    #expect(!Self.digest(Array(bytes[..<(bytes.count / 2)])))
  }

  @Test(arguments: sound) func mutated(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    for seed in 0..<SharedData.mutationCount(SharedData.isExhaustive ? 5000 : 500) {
      var random = SplitMix(seed: UInt64(seed))
      _ = Self.digest(random.mutation(of: bytes))
    }
  }

  /// Every node that is not supported is named at once, with what to do.
  @Test func allUnsupportedNodesAreNamed() throws {
    let url = try #require(
      Self.hostile.first { $0.lastPathComponent == "hostile-unsupported.tflite" })
    do {
      _ = try TFLiteReader.read(url)
      Issue.record("it was read")
    } catch {
      guard case .unsupported(let nodes) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(nodes.map(\.operatorName) == ["RANGE", "BROADCAST_TO"])
      #expect(nodes.map(\.name) == ["t1", "t2"])
    }
  }

  @Test func nodesRefusedForOneReasonShareALine() {
    let nodes = [("a", "RANGE"), ("b", "TILE"), ("c", "RANGE")].map {
      UnsupportedNode(name: $0, operatorName: $1, reason: "no")
    }
    #expect(
      ExchangeError.unsupported(nodes).description
        == "3 nodes are not supported:\n  'a', 'c' (RANGE): no\n  'b' (TILE): no")
  }

  /// A small file cannot describe a huge one by sharing its tables.
  @Test func sharedTablesAreBounded() throws {
    let url = try #require(
      Self.hostile.first { $0.lastPathComponent == "hostile-shared-tables.tflite" })
    do {
      _ = try TFLiteReader.read(url)
      Issue.record("it was read")
    } catch {
      #expect(error.description.contains("describes far more than it holds"), "\(error)")
    }
  }
}
