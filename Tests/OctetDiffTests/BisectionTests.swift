import Foundation
import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetQuantization
import OctetReport
import OctetTFLite
import TestComparisons
import TestNetworks
import Testing

/// The layers that were spoilt are the smallest set that costs what is lost.
@Suite struct BisectionTests {
  private func diff(_ reference: DiffModel, _ candidate: DiffModel) throws -> Diff {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 4
    return try Diff(reference, candidate, DiffCorpus.test, options: options)
  }

  private func float() throws -> DiffModel { DiffModel(try DiffCorpus.lenet()) }

  private func blob(spoiling layers: [String]) throws -> DiffModel {
    var graph = try DiffCorpus.int8.get()
    for layer in layers { try DiffDamage.mapCodes(of: layer, in: &graph) { -$1 } }
    return try DiffModel(try LoadedModel(Compiler.compile(graph).blob))
  }

  @Test(arguments: [["conv2"], ["fc1"], ["fc3"]])
  func oneLayer(spoilt: [String]) throws {
    let diff = try diff(float(), blob(spoiling: spoilt))
    let found = try diff.bisection(of: diff.run())
    #expect(found.layers == spoilt, "\(found)")
    #expect(found.measure == .accuracy)
    #expect(found.evaluations <= 8)
    #expect(found.reference == 1 && found.allButThese > 0.9 && found.onlyThese < 0.5)
  }

  /// No smaller set costs as much as the one that was found, and no single layer of it can be left
  /// out: all sets are tried beside it, by the figures that the search itself goes by.
  @Test(
    arguments: zip(
      [["conv2"], ["conv1", "fc2"], ["conv1", "conv2", "fc3"]], [true, false, true]))
  func smallestOfAll(spoilt: [String], isLabelled: Bool) throws {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 4
    options.data.isLabelled = isLabelled
    let diff = try Diff(float(), blob(spoiling: spoilt), DiffCorpus.test, options: options)
    let found = try diff.bisection(of: diff.run())
    let trial = try diff.trial()
    let places = trial.names
    #expect(Set(found.layers).isSubset(of: places) && found.measure == trial.measure)
    let sets = (0..<1 << places.count).map { bits in
      Set(places.indices.filter { bits >> $0 & 1 == 1 }.map { places[$0] })
    }
    let failing = sets.filter { trial.fails($0) }
    #expect(failing.contains(Set(found.layers)), "\(found)")
    for layer in found.layers {
      #expect(!failing.contains(Set(found.layers).subtracting([layer])), "\(layer) of \(found)")
    }
    let least = failing.map(\.count).min() ?? 0
    #expect(found.layers.count <= least, "\(found) where \(least) do")
    #expect(found.evaluations < sets.count / 2)
  }

  /// Where neither alone costs it, both are found.
  @Test func twoBlobs() throws {
    let diff = try diff(blob(spoiling: []), blob(spoiling: ["conv1"]))
    let found = try diff.bisection(of: diff.run())
    #expect(found.layers == ["conv1"], "\(found)")
    #expect(found.allButThese == found.reference)
  }

  @Test func twoFloatModels() throws {
    var other = try DiffCorpus.lenet()
    let weights = try other.node("fc2").inputs[1]
    guard case .float(let values) = other.tensors[weights].constant else { return }
    other.tensors[weights].constant = .float(values.map { -$0 })
    let diff = try diff(float(), DiffModel(other))
    let found = try diff.bisection(of: diff.run())
    #expect(found.layers == ["fc2"], "\(found)")
  }

  @Test func sameModels() throws {
    let diff = try diff(float(), float())
    let found = try diff.bisection(of: diff.run())
    #expect(found.layers.isEmpty && found.evaluations <= 3)
    #expect(found.reference == found.candidate)
  }

  /// Models that name no classes: the planted layer costs the most of the outputs' signal, in
  /// whichever output it shows.
  @Test(arguments: OtherEnd.allCases, ["first", "second"])
  func otherEnds(end: OtherEnd, layer: String) throws {
    let graph = try end.graph()
    let size = graph.tensors[graph.inputs[0]].elementCount
    let data = TensorSamples(count: 12, elementCounts: [size], checksum: "00000000") {
      sample, _, target in
      var random = TestRandom(seed: sample)
      for index in target.indices { target[index] = Float.random(in: 0...1, using: &random) }
    }
    let calibration = CalibrationSamples(count: 12) { sample, input, target in
      for (index, value) in data.values(sample: sample, input: input).enumerated() {
        target[index] = value
      }
    }
    var int8 = try Quantizer.quantize(graph, samples: calibration, options: DiffCorpus.plain).graph
    try DiffDamage.mapCodes(of: layer, in: &int8) { -$1 }
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 4
    let diff = try Diff(
      DiffModel(graph), DiffModel(LoadedModel(Compiler.compile(int8).blob)), DiffData(data),
      options: options)
    let report = try diff.run()
    #expect(report.verdict.layer == layer && report.verdict.cause == .signFlipped)
    let found = try diff.bisection(of: report)
    if ProcessInfo.processInfo.environment["OCTET_BISECTION_TABLE"] != nil {
      func text(_ decibels: Double) -> String { String(format: "%.1f", decibels) }
      print(
        "|", end.rawValue, "|", layer, "|", found.layers.joined(separator: ", "), "|",
        found.evaluations, "|", text(found.candidate), "|", text(found.onlyThese), "|",
        text(found.allButThese), "|")
    }
    #expect(found.layers == [layer] && found.measure == .sqnr, "\(end): \(found)")
    #expect(found.allButThese > found.candidate + 10 && found.onlyThese < 15, "\(found)")
  }

  /// What stands at a model's end.
  enum OtherEnd: String, CaseIterable, Sendable {
    case regressor, autoencoder, detector

    func graph() throws -> Graph {
      var builder = NetworkBuilder(seed: 4, height: 8, width: 8, channelCount: 2)
      var padded = ConvolutionAttributes()
      padded.padding = Padding(1)
      padded.activation = .relu
      try builder.convolution("first", outputCount: 8, kernel: Extent(3), padded)
      let start = builder.last
      switch self {
      case .regressor:
        try builder.convolution("second", outputCount: 8, kernel: Extent(3), padded)
        try builder.fullyConnected("value", outputCount: 1)
      case .autoencoder:
        try builder.convolution("second", outputCount: 8, kernel: Extent(3), padded)
        try builder.convolution("picture", outputCount: 2, kernel: Extent(1))
      case .detector:
        try builder.convolution("scores", outputCount: 3, kernel: Extent(1))
        let scores = builder.last
        builder.select(start)
        try builder.convolution("second", outputCount: 8, kernel: Extent(3), padded)
        try builder.convolution("boxes", outputCount: 4, kernel: Extent(1))
        var graph = builder.finished()
        graph.outputs.insert(scores, at: 0)
        return graph
      }
      return builder.finished()
    }
  }

  /// What remains is a part of the network in every form, and gives the same in each.
  @Test func partInEveryForm() throws {
    let diff = try diff(float(), blob(spoiling: ["conv2", "fc2"]))
    var report = try diff.run()
    report.bisection = try diff.bisection(of: report)
    report.bisection?.layers = ["conv2", "fc2"]
    let files = try diff.reproduction(of: report)
    let blob = try LoadedModel(Blob(try #require(files["int8.oct"])))
    #expect(blob.operatorCount == 3 && blob.inputCount == 1 && blob.outputCount == 1)
    let qdq = try ONNXReader.read(try #require(files["qdq.onnx"]))
    let twin = try ONNXReader.read(try #require(files["float.onnx"]))
    let tflite = try TFLiteReader.read(try #require(files["int8.tflite"]))
    #expect(twin.outputs.count == 1 && !qdq.nodes.isEmpty && !tflite.nodes.isEmpty)
    let text = String(decoding: try #require(files["repro.json"]), as: UTF8.self)
    #expect(text.contains("\"fc1\"") && files["run.py"] != nil)
  }
}
