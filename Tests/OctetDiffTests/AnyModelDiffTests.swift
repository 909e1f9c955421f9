import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import TestNetworks
import Testing

/// Models that are no classifiers of pictures, on samples that are none.
@Suite struct AnyModelDiffTests {
  private static let count = 12

  private func values(_ elementCount: Int, sample: Int, input: Int) -> [Float] {
    var random = TestRandom(seed: 31 &* sample &+ 7 &* input &+ 5)
    return (0..<elementCount).map { _ in Float.random(in: -0.3...1, using: &random) }
  }

  private func samples(_ graph: Graph) -> TensorSamples {
    let counts = graph.inputs.map { graph.tensors[$0].elementCount }
    return TensorSamples(count: Self.count, elementCounts: counts, checksum: "00000000") {
      sample, input, target in
      for (index, value) in values(counts[input], sample: sample, input: input).enumerated() {
        target[index] = value
      }
    }
  }

  private func int8(_ graph: Graph) throws -> DiffModel {
    let samples = samples(graph)
    let calibration = CalibrationSamples(count: Self.count) { sample, input, target in
      for (index, value) in samples.values(sample: sample, input: input).enumerated() {
        target[index] = value
      }
    }
    let quantized = try Quantizer.quantize(graph, samples: calibration, options: .init()).graph
    return try DiffModel(try LoadedModel(Compiler.compile(quantized).blob))
  }

  private func report(
    _ graph: Graph, labels: [Float]? = nil, perSample: Int = 1,
    options edit: (inout Diff.Options) -> Void = { _ in }
  ) throws -> DiffReport {
    var options = Diff.Options()
    options.measuresTime = false
    edit(&options)
    var data = DiffData(samples(graph))
    if let labels {
      data = try data.labelled(SampleLabels(path: "labels", labels, perSample: perSample))
    }
    return try Diff(DiffModel(graph), int8(graph), data, options: options).run()
  }

  private func builder(_ side: Int = 8, channels: Int = 2) -> NetworkBuilder {
    NetworkBuilder(seed: 3, height: side, width: side, channelCount: channels)
  }

  @Test func regressorWithTargets() throws {
    var builder = builder()
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.fullyConnected("fc", outputCount: 2)
    let graph = builder.finished()
    let targets: [Float] = (0..<2 * Self.count).map { Float($0 % 5) / 4 }
    let report = try report(graph, labels: targets, perSample: 2)
    let output = try #require(report.outputs.first)
    #expect(output.metric == .regression)
    let regression = try #require(output.regression)
    #expect(regression.float != nil && regression.pairedTest != nil)
    #expect(regression.difference.maxAbsError == output.maxAbsError)
    #expect(report.floatTop1.isNaN && report.flips.isEmpty && report.floatConfusion.isEmpty)
    #expect(output.sqnrDecibels > 20)
    // Targets do not change what lies between the models.
    #expect(try self.report(graph).outputs[0].metric == .classification)
    #expect(
      try self.report(graph) { $0.metrics = ["": .regression] }.outputs[0].regression?.difference
        == regression.difference)
  }

  @Test func probabilitiesAreRanked() throws {
    var builder = builder()
    try builder.fullyConnected("fc", outputCount: 1)
    try builder.append("sigmoid", .scalar(.logistic))
    let report = try report(
      builder.finished(), labels: (0..<Self.count).map { Float($0 % 2) })
    let ranking = try #require(report.outputs[0].ranking)
    #expect(report.outputs[0].metric == .scores)
    #expect(ranking.sampleCount == Self.count && ranking.positiveCount == Self.count / 2)
    #expect(ranking.floatAuc != nil && ranking.pValue != nil)
    #expect((ranking.spearman ?? 0) > 0.9)
    #expect(report.qualityDrop?.quality == "AUC")
  }

  /// Two inputs, in another order in the second model.
  @Test func twoInputs() throws {
    let (first, second) = (try Self.twoInputs(["a", "b"]), try Self.twoInputs(["b", "a"]))
    var options = Diff.Options()
    options.measuresTime = false
    let report = try Diff(
      DiffModel(first), DiffModel(second), DiffData(samples(first)), options: options
    ).run()
    #expect(report.layers.filter { $0.operator == "input" }.count == 2)
    #expect(report.layers.allSatisfy { $0.maxAbsError == 0 }, "\(report.layers.map(\.name))")
    #expect(report.structure.isEmpty)
    let quantized = try Diff(
      DiffModel(first), int8(second), DiffData(samples(first)), options: options)
    #expect(try quantized.run().outputs[0].sqnrDecibels > 15)
  }

  /// Weights without chance.
  private static func ramp(_ count: Int, _ step: Int, _ period: Int) -> [Float] {
    (0..<count).map { index in
      let place = Float((index * step) % period) / Float(period)
      return 0.6 * place - 0.25
    }
  }

  /// `y = w·a + v·b`, with the inputs in the order of `names`.
  private static func twoInputs(_ names: [String]) throws -> Graph {
    var graph = Graph(name: "two")
    graph.inputs = names.map {
      graph.add(Tensor(name: $0, shape: [1, $0 == "a" ? 6 : 4]))
    }
    var sums: [TensorIndex] = []
    for name in ["a", "b"] {
      let count = name == "a" ? 6 : 4
      let weights = graph.add(
        Tensor(
          name: "w\(name)", shape: [3, count],
          constant: .float(ramp(3 * count, 5, 7))))
      let output = graph.add(Tensor(name: "s\(name)", shape: [1, 3]))
      let input = try #require(graph.inputs.first { graph.tensors[$0].name == name })
      graph.nodes.append(
        Node(
          name: "fc\(name)",
          operation: .fullyConnected(FullyConnectedAttributes()), inputs: [input, weights],
          outputs: [output]))
      sums.append(output)
    }
    let y = graph.add(Tensor(name: "y", shape: [1, 3]))
    graph.nodes.append(Node(name: "add", operation: .add(.none), inputs: sums, outputs: [y]))
    graph.outputs = [y]
    return graph
  }

  @Test func detectorsHead() throws {
    var builder = builder(16)
    try builder.convolution("trunk", outputCount: 6, kernel: Extent(3))
    let trunk = builder.last
    try builder.convolution("boxes", outputCount: 4, kernel: Extent(1))
    let boxes = builder.last
    builder.select(trunk)
    try builder.convolution("cells", outputCount: 3, kernel: Extent(1))
    try builder.append("scores", .scalar(.logistic))
    var graph = builder.finished()
    graph.outputs.append(boxes)
    let report = try report(graph)
    #expect(report.outputs.map(\.metric) == [.detection, .regression])
    let detection = try #require(report.outputs[0].detection)
    #expect(detection.cellCount == 14 * 14 && detection.channelCount == 3)
    #expect(detection.bothCount <= min(detection.floatCount, detection.int8Count))
    #expect(report.outputs.allSatisfy { $0.sqnrDecibels > 15 })
    #expect(report.warnings.isEmpty)
  }

  @Test func autoencoder() throws {
    var graph = Graph(name: "auto")
    let x = graph.add(Tensor(name: "x", shape: [1, 10]))
    graph.inputs = [x]
    var last = x
    for (name, size) in [("down", 4), ("up", 10)] {
      let width = graph.tensors[last].elementCount
      let weights = graph.add(
        Tensor(
          name: "\(name).w", shape: [size, width],
          constant: .float(Self.ramp(size * width, 11, 13))))
      let output = graph.add(Tensor(name: name, shape: [1, size]))
      graph.nodes.append(
        Node(
          name: name, operation: .fullyConnected(FullyConnectedAttributes()),
          inputs: [last, weights], outputs: [output]))
      last = output
    }
    graph.outputs = [last]
    let report = try report(graph, labels: (0..<Self.count).map { Float($0 % 3 == 0 ? 1 : 0) })
    let output = report.outputs[0]
    #expect(output.metric == .reconstruction)
    let found = try #require(output.reconstruction)
    // The reference's error, by hand.
    let interpreter = try FloatInterpreter(graph)
    var mean = 0.0
    for sample in 0..<Self.count {
      let input = values(10, sample: sample, input: 0)
      let output = interpreter.run(inputs: [input])[0]
      var sum = 0.0
      for (x, y) in zip(input, output) {
        let gap = Double(x) - Double(y)
        sum += gap * gap
      }
      mean += sum / 10 / Double(Self.count)
    }
    #expect(abs(found.floatError.value - mean) < 1e-9)
    #expect(output.ranking?.floatAuc != nil)
  }

  @Test func embeddingsAndPictures() throws {
    var embedding = builder()
    try embedding.convolution("conv", outputCount: 16, kernel: Extent(3))
    try embedding.fullyConnected("fc", outputCount: 12)
    try embedding.append("unit", .l2Normalization())
    let vectors = try report(embedding.finished()).outputs[0]
    #expect(vectors.metric == .embedding)
    #expect((vectors.embedding?.cosine.value ?? 0) > 0.95)
    #expect(vectors.embedding?.neighbourSampleCount == Self.count)

    var picture = builder(12, channels: 3)
    try picture.convolution("a", outputCount: 4, kernel: Extent(3))
    try picture.convolution("b", outputCount: 1, kernel: Extent(1))
    let pictures = try report(picture.finished()).outputs[0]
    #expect(pictures.metric == .picture)
    let quality = try #require(pictures.picture)
    #expect(quality.lowestPsnrDecibels <= quality.psnrDecibels && quality.psnrDecibels > 20)
    let shown = try #require(pictures.samples.first?.int8Picture)
    #expect(shown.pixels.count == 100 && shown.channelCount == 1)
  }

  @Test func shardsOfAnyOutputs() throws {
    var builder = builder()
    try builder.fullyConnected("fc", outputCount: 1)
    try builder.append("sigmoid", .scalar(.logistic))
    let graph = builder.finished()
    let labels = (0..<Self.count).map { Float($0 % 2) }
    let shards = try [2, 1, 3].map { part in
      let report = try report(graph, labels: labels) {
        $0.shard = DiffShard.Part(index: part, count: 3)
      }
      let bytes = try JSONEncoder().encode(try #require(report.shard))
      return try JSONDecoder().decode(DiffShard.self, from: bytes)
    }
    let (merged, whole) = (try DiffShard.merge(shards), try report(graph, labels: labels))
    #expect(merged.outputs[0].ranking == whole.outputs[0].ranking)
    #expect(merged.outputs[0].samples == whole.outputs[0].samples)
    #expect(merged.outputs[0].sqnrDecibels == whole.outputs[0].sqnrDecibels)
    #expect(merged.verdict == whole.verdict)
  }

  @Test func unlabelledPictures() throws {
    let graph = try Networks.tiny()
    let pixels = (0..<10 * 144).map { UInt8($0 * 37 % 256) }
    let images = Dataset(pixels: pixels, labels: [], height: 12, width: 12, channelCount: 1)
    var options = Diff.Options()
    options.measuresTime = false
    let blob = try Networks.compiled(graph).blob
    let report = try Diff(
      DiffModel(graph), DiffModel(LoadedModel(blob)), DiffData(images), options: options
    ).run()
    #expect(report.sampleCount == 10 && report.floatTop1.isNaN)
    #expect(report.outputs[0].metric == .classification)
    #expect(report.outputs[0].classification?.floatTop1 == nil)
    #expect(report.agreement == report.outputs[0].agreement)
  }

  @Test func metricsThatDoNotFitAreRefused() throws {
    var builder = builder()
    try builder.fullyConnected("fc", outputCount: 3)
    let graph = builder.finished()
    for (name, metric) in [
      ("", DiffReport.Metric.scores), ("", .reconstruction), ("nowhere", .regression),
    ] {
      #expect(throws: EvaluationError.self, "\(metric)") {
        try report(graph) { $0.metrics = [name: metric] }
      }
    }
    #expect(throws: EvaluationError.self) { try report(graph, labels: [1, 2, 3]) }
  }
}
