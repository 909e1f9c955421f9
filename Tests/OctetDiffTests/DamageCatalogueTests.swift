import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetReport
import TestComparisons
import Testing

/// Of every damage in the catalogue the verdict names the layer and the cause, and none where there
/// is none.
@Suite struct DamageCatalogueTests {
  @Test(arguments: CatalogueDamage.chosen)
  func verdictNamesIt(damage: CatalogueDamage) throws {
    let report = try report(damage.network, damage.make(damage.network))
    let verdict = report.verdict
    #expect(verdict.layer == damage.layer, "\(verdict.summary) \(verdict.action)")
    #expect(damage.kinds.contains(verdict.kind), "\(verdict.summary) \(verdict.action)")
    #expect(report.layers.allSatisfy { $0.splitNote == nil })
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
  }

  private func report(_ network: CatalogueNetwork, _ int8: Graph) throws -> DiffReport {
    var options = Diff.Options()
    options.localSampleCount = 16
    options.measuresTime = false
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    return try Diff(network.float(), loaded, network.images(), options: options).run()
  }
}
