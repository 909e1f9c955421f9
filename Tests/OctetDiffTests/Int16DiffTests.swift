import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import TestComparisons
import TestNetworks
import Testing

/// Blobs with activations of int16, wholly or in part, are compared as those of int8 are.
@Suite struct Int16DiffTests {
  /// What a blob's activations and weights are.
  enum Form: String, CaseIterable {
    case all, some, withInt4

    var options: Quantizer.Options {
      var options = DiffCorpus.plain
      options.int16 = self == .all ? .all : .automatic(decibels: self == .some ? 3 : .infinity)
      if self == .withInt4 {
        options.int16 = .automatic(decibels: 1)
        options.commonWeightBits = 4
        options.rounding = .automatic
        options.biasCorrection = .data
      }
      return options
    }
  }

  private var options: Diff.Options {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 8
    return options
  }

  private func diff(_ network: CatalogueNetwork, _ int16: Graph) throws -> Diff {
    let loaded = try LoadedModel(Compiler.compile(int16).blob)
    return try Diff(network.float(), loaded, network.images(), options: options)
  }

  @Test(arguments: CatalogueNetwork.allCases, Form.allCases)
  func healthyOnesAreHealthy(network: CatalogueNetwork, form: Form) throws {
    let graph = try network.quantized(network.float(), options: form.options)
    let isWide = graph.tensors.contains { $0.elementType == .int16 }
    let report = try diff(network, graph).run()
    #expect(isWide && report.comparison.candidate.arithmetic.hasPrefix("int"))
    #expect(report.verdict.layer == nil, "\(report.verdict.action)")
    #expect(
      report.layers.allSatisfy { $0.findings.allSatisfy { !$0.isDefinite } },
      "\(report.layers.flatMap(\.findings))")
    #expect(report.structure.isEmpty, "\(report.structure)")
    #expect(report.layers.contains { $0.elementType == "int16" && $0.local != nil })
    // Tables read and make eight bits.
    guard form == .all, ![.mobile, .branches].contains(network) else { return }
    // Sixteen bits leave next to nothing of the activations' rounding.
    for layer in report.layers where layer.elementType == "int16" && layer.operator != "input" {
      let rounding = layer.split?.activationRounding ?? 60
      #expect(rounding > 55, "\(layer.name): \(rounding)")
      #expect(layer.splitNote == nil, "\(layer.name): \(layer.splitNote ?? "")")
    }
  }

  @Test func damagesAreNamed() throws {
    let whole = try DiffCorpus.quantized(DiffCorpus.lenet(), options: Form.all.options)
    typealias Damage = (DiffReport.Cause, String, (inout Graph) throws -> Void)
    let damages: [Damage] = [
      (.signFlipped, "conv2", { try DiffDamage.mapCodes(of: "conv2", in: &$0) { -$1 } }),
      (.biasDropped, "fc1", { try DiffDamage.dropBiases(of: "fc1", in: &$0) }),
      (.channelsPermuted, "conv1", { try DiffDamage.rotateChannels(of: "conv1", in: &$0) }),
      (.weightsScaled, "fc2", { try DiffDamage.scaleWeights(of: "fc2", by: 2, in: &$0) }),
      (.rangeTooNarrow, "conv2", { try DiffDamage.scaleRange(of: "conv2", by: 0.2, in: &$0) }),
    ]
    for (cause, layer, spoil) in damages {
      var graph = whole
      try spoil(&graph)
      let verdict = try diff(.lenet, graph).run().verdict
      #expect(verdict.layer == layer && verdict.cause == cause, "\(cause): \(verdict.action)")
    }
  }

  /// A blob of int16 is its own twin. Beside one of int8 whose convolutions have the pools in them
  /// it has no layers to be compared.
  @Test func blobsAgainstBlobs() throws {
    let float = try DiffCorpus.lenet()
    let narrow = try DiffModel(LoadedModel(Compiler.compile(DiffCorpus.int8.get()).blob))
    let wide = try DiffModel(
      LoadedModel(
        Compiler.compile(DiffCorpus.quantized(float, options: Form.all.options)).blob))
    let same = try Diff(wide, wide, DiffCorpus.test, options: options).run()
    #expect(same.layers.allSatisfy { $0.maxAbsError == 0 && $0.condition == .healthy })
    for (a, b) in [(narrow, wide), (wide, narrow)] {
      let error = #expect(throws: CompilerError.self) {
        try Diff(a, b, DiffCorpus.test, options: options)
      }
      #expect(error?.description.contains("compare each with the float model") == true)
    }
  }

  /// The layer that was spoilt is found, and what is saved of it computes the same again.
  @Test(arguments: [Form.all, .some])
  func bisectedAndReproduced(form: Form) throws {
    var graph = try DiffCorpus.quantized(DiffCorpus.lenet(), options: form.options)
    try DiffDamage.mapCodes(of: "fc1", in: &graph) { -$1 }
    let diff = try diff(.lenet, graph)
    var report = try diff.run()
    report.bisection = try diff.bisection(of: report)
    #expect(report.bisection?.layers == ["fc1"], "\(String(describing: report.bisection))")
    let sensitivity = try diff.sensitivity(progress: { _, _ in })
    let worst = sensitivity.layers.min { ($0.onlyThis ?? 1) < ($1.onlyThis ?? 1) }
    #expect(worst?.name == "fc1")
    let files = try diff.reproduction(of: report)
    let part = try LoadedModel(Blob(try #require(files["int8.oct"])))
    let isWide = part.input(0).isInt16
    let input = try #require(files[isWide ? "input0.i16" : "input0.i8"])
    let output = try #require(files[part.output(0).isInt16 ? "int8_output.i16" : "int8_output.i8"])
    let runner = try part.makeRunner()
    runner.withInput(0) { target in
      for index in target.indices { target[index] = Int8(bitPattern: input[index]) }
    }
    runner.run()
    #expect(runner.output(0).map { UInt8(bitPattern: $0) } == output)
    let text = String(decoding: try #require(files["repro.json"]), as: UTF8.self)
    #expect(text.contains("\"type\" : \"\(isWide ? "int16" : "int8")\""))
  }

  /// Every operator that there is of int16 can be taken apart.
  @Test func everyOperator() throws {
    let graph = try Networks.everyOperator()
    var options = DiffCorpus.plain
    options.int16 = .all
    let quantized = try Networks.quantized(graph, options: options)
    let loaded = try LoadedModel(Compiler.compile(quantized).blob)
    let shape = graph.tensors[graph.inputs[0]].shape
    var random = TestRandom(seed: 4)
    let data = Dataset(
      pixels: (0..<3 * shape.elementCount).map { _ in UInt8(random.int(0...255)) },
      labels: [0, 1, 2], height: shape[1], width: shape[2], channelCount: shape[3],
      classNames: [])
    let report = try Diff(graph, loaded, data, options: self.options).run()
    for layer in report.layers where layer.elementType == "int16" && layer.operator != "input" {
      #expect(layer.splitNote == nil, "\(layer.name): \(layer.splitNote ?? "")")
      #expect(layer.condition != .differentStructure, "\(layer.name): \(layer.finding)")
    }
  }
}
