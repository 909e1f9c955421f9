import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetReport
import TestComparisons
import TestNetworks
import Testing

/// Of every damage in the catalogue the verdict names the layer and the cause, and none where there
/// is none.
@Suite struct DamageCatalogueTests {
  @Test(arguments: CatalogueDamage.chosen)
  func verdictNamesIt(damage: CatalogueDamage) throws {
    let pair = try damage.make()
    let report = try Diff(pair.float, pair.int8, pair.data, options: options).run()
    let verdict = report.verdict
    if ProcessInfo.processInfo.environment["OCTET_CATALOGUE_TABLE"] != nil {
      let isRight = damage.isNamed(by: verdict)
      print(
        "|", damage.network.rawValue, "|", damage.name, "|", damage.layers.first ?? "-", "|",
        verdict.layer ?? "-", "|", verdict.cause?.title ?? verdict.kind.title, "|",
        isRight.layer ? "right" : "WRONG", "|", isRight.cause ? "right" : "WRONG", "|",
        isRight.cause ? "" : verdict.action)
      return
    }
    #expect(damage.isNamed(by: verdict).layer, "\(verdict.summary) \(verdict.action)")
    #expect(damage.isNamed(by: verdict).cause, "\(verdict.summary) \(verdict.action)")
    #expect(report.layers.allSatisfy { $0.splitNote == nil || !damage.layers.isEmpty })
    let isHealthy = report.layers.allSatisfy { $0.condition == .healthy }
    #expect(isHealthy || !verdict.action.contains("every layer is healthy"), "\(verdict.action)")
    for finding in report.layers.flatMap(\.findings) where finding.kind == .coarseSteps {
      #expect(!finding.detail.contains("-"), "a sign where a direction is said: \(finding.detail)")
    }
  }

  /// Every layer that is damaged is listed.
  @Test(arguments: CatalogueNetwork.allCases)
  func allBiasesDropped(network: CatalogueNetwork) throws {
    var graph = try network.int8()
    let layers = graph.nodes.filter { $0.operation.weightChannelAxis != nil }.map(\.name)
    for layer in layers { try DiffDamage.dropBiases(of: layer, in: &graph) }
    let verdict = try report(network, graph).verdict
    #expect(verdict.kind == .biasWrong)
    #expect(Set([verdict.layer] + verdict.others.map(\.layer)) == Set(layers), "\(verdict.action)")
    #expect(verdict.others.allSatisfy { !$0.remedy.isEmpty && $0.cause == .biasDropped })
  }

  /// Healthy models of other seeds, quantized with all that `octet quantize` does, on other images
  /// than they were calibrated with.
  @Test(arguments: CatalogueNetwork.allCases, [7, 21])
  func healthyOnesAreHealthy(network: CatalogueNetwork, seed: Int) throws {
    let graph = try network.make(seed: seed)
    var data = try CatalogueNetwork.images(for: network, seed: seed + 100)
    if network != .lenet {
      let found = try Evaluation.predict(graph, data, threadCount: 1, normalization: nil)
      data.labels = found.labels.map { UInt8($0) }
    }
    let loaded = try LoadedModel(Compiler.compile(network.quantized(graph, options: .init())).blob)
    let report = try Diff(graph, loaded, data, options: options).run()
    #expect(report.verdict.layer == nil, "\(report.verdict.action)")
    #expect(report.layers.allSatisfy { $0.findings.allSatisfy { !$0.isDefinite } })
  }

  private var options: Diff.Options {
    var options = Diff.Options()
    options.localSampleCount = 16
    options.measuresTime = false
    return options
  }

  private func report(_ network: CatalogueNetwork, _ int8: Graph) throws -> DiffReport {
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    return try Diff(network.float(), loaded, network.images(), options: options).run()
  }
}

extension CatalogueDamage {
  func isNamed(by verdict: DiffReport.Verdict) -> (layer: Bool, cause: Bool) {
    let listed = Set([verdict.layer].compactMap { $0 } + verdict.others.map(\.layer))
    let isLayer =
      layers.isEmpty
      ? verdict.layer == nil
      : layers.contains(verdict.layer ?? "") && (!namesAll || listed.isSuperset(of: layers))
    let isCause =
      kinds.contains(verdict.kind)
      && (causes.isEmpty || verdict.cause.map { causes.contains($0) } == true)
    return (isLayer, isLayer && isCause)
  }
}
