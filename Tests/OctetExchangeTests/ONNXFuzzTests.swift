import Foundation
import OctetCompiler
import OctetPasses
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import Testing

/// Files of somebody who knows the format: each is refused with a sentence, or what becomes of it
/// is proven, written and read again with the same results, and compiled, all in bounded time.
///
/// `OCTET_FUZZ_SECONDS` says how long (a few seconds by default), `OCTET_FUZZ_SEED` where to begin;
/// every case is printed by its number when it fails, and is in a temporary file while it runs.
@Suite(.serialized) struct ONNXFuzzTests {
  static let environment = ProcessInfo.processInfo.environment
  static let seconds = environment["OCTET_FUZZ_SECONDS"].flatMap { Double($0) } ?? 8
  static let seed =
    environment["OCTET_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)

  enum Fault: Error { case otherPorts }

  struct Tally {
    var count = 0, accepted = 0, compiled = 0
    var longest = 0.0
  }

  static func seeds() throws -> [WireMessage] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus")
    var files =
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
      .compactMap { $0 as? URL } ?? []
    if let shared = try? SharedData.url("conformance/onnx_node"),
      let found = FileManager.default.enumerator(at: shared, includingPropertiesForKeys: nil)
    {
      files += found.compactMap { $0 as? URL }
    }
    return try files.filter { $0.pathExtension == "onnx" }.sorted { $0.path < $1.path }
      .map { [UInt8](try Data(contentsOf: $0)) }.filter { $0.count < 1 << 16 }
      .compactMap { WireMessage($0[...], .model) }
  }

  /// How one file fares; throws what is no `ExchangeError` and the like. Proofs may fail: infinite
  /// weights, or of 10³⁰, make results incomparable.
  static func digest(_ bytes: [UInt8], _ tally: inout Tally) throws {
    tally.count += 1
    var model: ONNXImport
    do {
      model = try ONNXReader.importModel(bytes)
      try model.graph.validate()
      _ = try model.prove(workLimit: 1 << 22)
    } catch let error as ExchangeError {
      #expect(error.description.utf8.count < 20_000)
      return
    }
    tally.accepted += 1
    if let written = try? ONNXWriter.write(model) {
      let again = try ONNXReader.importModel(written)
      guard again.inputs.map(\.shape) == model.inputs.map(\.shape),
        again.outputs.map(\.shape) == model.outputs.map(\.shape)
      else { throw Fault.otherPorts }
    }
    try compile(&model, &tally)
  }

  private static func compile(_ model: inout ONNXImport, _ tally: inout Tally) throws {
    model.moveQuantizationOutOfTheEdges()
    model.moveImageChannelsLast()
    var graph = model.graph
    _ = graph.dropIntegerOutputs()
    let count = graph.tensors.reduce(0) { $0 + $1.elementCount }
    guard count < 1 << 14, !graph.outputs.isEmpty,
      graph.tensors.allSatisfy({ $0.elementCount > 0 }),
      graph.inputs.allSatisfy({ !graph.tensors[$0].isInteger })
    else { return }
    do {
      if graph.tensors.allSatisfy({ $0.quantization == nil }) || graph.lacksGrids {
        try Compiler.requireRoom(for: graph)
        let samples = CalibrationSamples(count: 2) { sample, _, target in
          for index in target.indices { target[index] = Float((index + sample) % 7) / 4 - 0.7 }
        }
        graph = try Quantizer.quantize(graph, samples: samples, options: .init()).graph
      }
      _ = try Compiler.compile(graph)
      tally.compiled += 1
    } catch let error as CompilerError {
      if case .rejected = error { Issue.record("\(error)") }
    } catch is QuantizationError {}
  }

  @Test func mutants() throws {
    let seeds = try Self.seeds()
    try #require(seeds.count > 8)
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-fuzz-\(ProcessInfo.processInfo.processIdentifier).onnx")
    defer { try? FileManager.default.removeItem(at: place) }
    var tally = Tally()
    let start = Date()
    var number: UInt64 = 0
    while Date().timeIntervalSince(start) < Self.seconds {
      var mutator = ONNXMutator(seed: Self.seed &* 1_000_003 &+ number)
      let origin = Int(number % UInt64(seeds.count))
      let bytes = mutator.mutation(of: seeds[origin]).bytes
      try Data(bytes).write(to: place)
      let before = Date()
      do {
        try Self.digest(bytes, &tally)
      } catch {
        Issue.record("seed \(Self.seed), case \(number): \(error)")
      }
      let seconds = Date().timeIntervalSince(before)
      tally.longest = max(tally.longest, seconds)
      #expect(seconds < 60, "seed \(Self.seed), case \(number) took \(seconds) s")
      number += 1
    }
    print(
      "ONNX fuzzer, seed \(Self.seed): \(tally.count) files, \(tally.accepted) accepted, "
        + "\(tally.compiled) compiled, longest \(tally.longest) s")
    #expect(tally.accepted > 0)
  }
}
