import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetQuantization
import OctetReport
import TestComparisons
import TestNetworks
import Testing

/// Every cause that the report knows is produced by a damage, and named.
@Suite struct CauseTests {
  @Test func everyCauseIsProduced() {
    let produced = Set(CatalogueDamage.all.flatMap(\.causes) + OtherDamage.all.map(\.cause))
    let missing = DiffReport.Cause.allCases.filter { !produced.contains($0) }
    #expect(missing.isEmpty, "nothing produces \(missing)")
    #expect(Set(CatalogueKind.all.map(\.name)).count > 90)
    for cause in DiffReport.Cause.allCases {
      #expect(!cause.title.isEmpty && !cause.remedy.isEmpty, "\(cause)")
    }
  }

  @Test(arguments: OtherDamage.all.indices)
  func otherDamageIsNamed(index: Int) throws {
    let damage = OtherDamage.all[index]
    let report = try damage.make().run()
    guard let layer = damage.layer else {
      let causes = report.layers.flatMap(\.findings).compactMap(\.cause)
      #expect(Set(causes) == [damage.cause], "\(report.layers.map(\.findings))")
      return
    }
    let verdict = report.verdict
    #expect(verdict.layer == layer, "\(damage.cause): \(verdict.action)")
    #expect(verdict.cause == damage.cause, "\(damage.cause): \(verdict.action)")
  }

  /// Samples on another scale than a blob's codes are for, without labels: as calibrated, as fed.
  @Test(
    arguments: [
      ("0…1", "-1…1", DiffReport.Cause.inputScale), ("-1…1", "0…1", .inputScale),
      ("0…1", "0…255", .inputScale), ("0…255", "0…1", .inputScale),
      ("-1…1", "0…255", .inputScale), ("0…255", "-1…1", .inputScale),
      ("0…1", "ImageNet", .inputNormalization), ("ImageNet", "0…1", .inputNormalization),
      ("0…255", "ImageNet", .inputNormalization), ("MNIST", "0…1", .inputNormalization),
    ])
  func inputOnAnotherScale(calibrated: String, fed: String, cause: DiffReport.Cause) throws {
    for isRight in [true, false] {
      let verdict = try OtherDamage.fed(isRight ? calibrated : fed, calibrated).run().verdict
      #expect(verdict.layer == (isRight ? nil : "input"), "\(verdict.action)")
      #expect(verdict.cause == (isRight ? nil : cause), "\(verdict.action)")
    }
  }

  /// A user's own tensor may be called as equalization calls its own, and a blob whose channels
  /// were equalized need not say so.
  @Test(arguments: [true, false])
  func namesDoNotEqualize(isNamed: Bool) throws {
    var float = try DiffCorpus.lenet()
    try DiffDamage.unbalance(1, of: "conv1", by: 500, in: &float)
    var options = DiffCorpus.plain
    options.equalization = isNamed ? .none : .crossLayer
    var int8 = try DiffCorpus.quantized(float, options: options)
    for index in int8.tensors.indices {
      let name = int8.tensors[index].name
      int8.tensors[index].name = isNamed ? name + "/equalized" : "t\(index)"
    }
    let verdict = try report(float, int8).verdict
    #expect((verdict.layer == nil) == !isNamed, "\(verdict.action)")
  }

  /// What was absorbed is taken from the reference's biases as well; a fault beside it still shows.
  @Test func absorbedIsHealthy() throws {
    var float = try DiffCorpus.lenet()
    try DiffDamage.unbalance(1, of: "conv1", by: 500, in: &float)
    // Channels that always exceed zero by much.
    for layer in ["fc1", "fc2"] {
      let bias = try float.node(layer).inputs[2]
      guard case .float(var values) = float.tensors[bias].constant else { continue }
      for channel in [0, 3, 5] { values[channel] += 20 }
      float.tensors[bias].constant = .float(values)
    }
    var options = DiffCorpus.plain
    options.equalization = .absorbing
    var int8 = try DiffCorpus.quantized(float, options: options)
    #expect(int8.tensors.contains { $0.name.hasSuffix("/equalized/equalized") })
    let healthy = try report(float, int8)
    #expect(healthy.verdict.layer == nil, "\(healthy.verdict.action)")
    #expect(healthy.layers.allSatisfy { $0.findings.allSatisfy { !$0.isDefinite } })
    try DiffDamage.mapCodes(of: "conv2", in: &int8) { -$1 }
    let spoilt = try report(float, int8).verdict
    #expect(spoilt.layer == "conv2" && spoilt.cause == .signFlipped, "\(spoilt.action)")
  }

  /// Whatever the blob's biases, the reference's decisions are the model's own: what makes good for
  /// coarse weights is not taken for what was absorbed.
  @Test(arguments: [CatalogueNetwork.lenet, .mobile, .resnet, .keywords])
  func coarseWeightsDoNotMoveTheReference(network: CatalogueNetwork) throws {
    let float = try network.float()
    var options = Quantizer.Options()
    (options.commonWeightBits, options.equalization) = (4, .crossLayer)
    let data = try network.images()
    let int4 = try LoadedModel(Compiler.compile(network.quantized(float, options: options)).blob)
    var choice = Diff.Options()
    (choice.measuresTime, choice.localSampleCount) = (false, 8)
    let own = try Diff(DiffModel(float), DiffModel(float), data, options: choice).run()
    let report = try Diff(DiffModel(float), DiffModel(int4), data, options: choice).run()
    #expect(report.floatTop1 == own.floatTop1)
  }

  /// Weights of more than eight bits stand in a blob as parts, over inputs that are repeated.
  @Test(arguments: [CatalogueNetwork.mobile, .resnet, .keywords])
  func weightsInPartsAreHealthy(network: CatalogueNetwork) throws {
    var int8 = try network.int8()
    var names = UniqueNames(Set(int8.tensors.map(\.name) + int8.nodes.map(\.name)))
    var nodes: [Node] = []
    for node in int8.nodes {
      var node = node
      if node.operation.weightChannelAxis != nil,
        case .int8(let codes) = int8.tensors[node.inputs[1]].constant
      {
        var weights = int8.tensors[node.inputs[1]]
        weights.name = names.take(weights.name)
        let parts = [codes.map { $0 / 2 }, codes.map { $0 - $0 / 2 }]
        var others = names
        nodes += int8.widen(&node, &weights, parts, tensorNames: &names, nodeNames: &others)
        node.inputs[1] = int8.add(weights)
      }
      nodes.append(node)
    }
    int8.nodes = nodes
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    var options = Diff.Options()
    (options.measuresTime, options.localSampleCount) = (false, 16)
    let report = try Diff(network.float(), loaded, network.images(), options: options).run()
    #expect(report.verdict.layer == nil, "\(report.verdict.action)")
    #expect(!report.verdict.summary.contains("hardly two forms"), "\(report.verdict.summary)")
  }

  /// Weights of four bits take few codes, and biases make good for much.
  @Test func narrowWeightsAreHealthy() throws {
    let float = try DiffCorpus.lenet()
    var options = Quantizer.Options()
    options.commonWeightBits = 4
    let healthy = try report(float, DiffCorpus.quantized(float, options: options))
    #expect(healthy.verdict.layer == nil, "\(healthy.verdict.action)")
  }

  /// Few samples that are nothing like those of calibration use little of any range.
  @Test(arguments: CatalogueNetwork.allCases)
  func otherSamplesAreNoDamage(network: CatalogueNetwork) throws {
    var data = try network.images()
    let size = data.imageByteCount
    var random = TestRandom(seed: 12)
    data.pixels = (0..<6 * size).map { _ in UInt8(random.int(0...255)) }
    data.labels = []
    var options = Diff.Options()
    options.measuresTime = false
    let loaded = try LoadedModel(Compiler.compile(network.int8()).blob)
    let verdict = try Diff(network.float(), loaded, data, options: options).run().verdict
    #expect(verdict.layer == nil, "\(verdict.action)")
  }

  private func report(_ float: Graph, _ int8: Graph) throws -> DiffReport {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 16
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    // Changed biases make other classes of most: without labels nobody asks what it is fed.
    var data = DiffCorpus.test
    data.labels = []
    return try Diff(float, loaded, data, options: options).run()
  }
}
