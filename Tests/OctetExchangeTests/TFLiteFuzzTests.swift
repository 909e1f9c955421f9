import Foundation
import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Files of somebody who knows the format: each is refused with a sentence, or what becomes of it
/// is written, read again alike, compiled and raised, all in bounded time.
///
/// `OCTET_FUZZ_SECONDS` says how long (a few seconds by default), `OCTET_FUZZ_SEED` where to begin;
/// the number of a case that fails is printed, and it is in a temporary file while it runs.
@Suite(.serialized) struct TFLiteFuzzTests {
  static let environment = ProcessInfo.processInfo.environment
  static let seconds = environment["OCTET_FUZZ_SECONDS"].flatMap { Double($0) } ?? 5
  static let seed = environment["OCTET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

  static let seeds: [(name: String, tree: FlatTree)] = {
    let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus")
    let files =
      FileManager.default.enumerator(at: corpus, includingPropertiesForKeys: nil)?
      .compactMap { $0 as? URL } ?? []
    return files.filter {
      $0.pathExtension == "tflite" && !$0.lastPathComponent.hasPrefix("hostile")
    }
    .sorted { $0.path < $1.path }
    .compactMap { url in
      guard let data = try? Data(contentsOf: url), data.count < 1 << 16 else { return nil }
      return (url.lastPathComponent, FlatTree([UInt8](data)))
    }
  }()

  struct Tally {
    var count = 0, accepted = 0, compiled = 0
    var longest = 0.0
  }

  /// Taken apart and put together again, a file means what it meant.
  @Test func treesAreWhole() throws {
    try #require(Self.seeds.count > 60)
    for (name, tree) in Self.seeds {
      let graph = try TFLiteReader.read(tree.file)
      #expect(!graph.outputs.isEmpty, "\(name)")
    }
  }

  static func digest(_ bytes: [UInt8], _ tally: inout Tally) throws {
    tally.count += 1
    let graph: Graph
    do {
      graph = try TFLiteReader.read(bytes)
    } catch {
      #expect(!error.description.isEmpty && error.description.utf8.count < 20_000)
      return
    }
    tally.accepted += 1
    try graph.validate()
    if let written = try? TFLiteWriter.write(graph) {
      let again = try TFLiteReader.read(written)
      #expect(
        again.outputs.map { again.tensors[$0].shape }
          == graph.outputs.map { graph.tensors[$0].shape })
    }
    // Larger models are legal, but take long in a debug build.
    guard graph.tensors.allSatisfy({ $0.elementCount < 10_000 }) else { return }
    let blob: Blob
    do {
      blob = try Compiler.compile(graph).blob
    } catch {
      if case .rejected = error { Issue.record("\(error)") }
      return
    }
    tally.compiled += 1
    _ = try? BlobRaiser.raise(blob)
  }

  @Test func mutants() throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-fuzz-\(ProcessInfo.processInfo.processIdentifier).tflite")
    defer { try? FileManager.default.removeItem(at: place) }
    var tally = Tally()
    let start = Date()
    var number: UInt64 = 0
    while Date().timeIntervalSince(start) < Self.seconds {
      var mutator = TFLiteMutator(seed: Self.seed &* 1_000_003 &+ number)
      let origin = Self.seeds[Int(number % UInt64(Self.seeds.count))]
      let bytes = mutator.mutation(of: origin.tree).file
      try Data(bytes).write(to: place)
      let before = Date()
      do {
        try Self.digest(bytes, &tally)
      } catch {
        Issue.record("seed \(Self.seed), case \(number), \(origin.name): \(error)")
      }
      let seconds = Date().timeIntervalSince(before)
      tally.longest = max(tally.longest, seconds)
      #expect(seconds < 20, "seed \(Self.seed), case \(number) took \(seconds) s")
      number += 1
    }
    print(
      "TFLite fuzzer, seed \(Self.seed): \(tally.count) files, \(tally.accepted) accepted, "
        + "\(tally.compiled) compiled, longest \(tally.longest) s")
    #expect(tally.accepted > 0)
  }
}
