import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetQuantization
import TestNetworks
import Testing

/// What costs more than a contract allows is left out, and no more than that.
@Suite struct LadderTests {
  private func climb(
    _ contract: Contract, cycles: @escaping (LoadedModel) -> Int?
  ) throws -> Ladder.Climb {
    let graph = try Networks.lenet()
    let heldBack = try HeldBack(graph, Networks.samples(12, seed: 9), labels: nil, threadCount: 2)
    var options = Quantizer.Options()
    options.calibrator = .minMax
    options.rounding = .nearest
    options.equalization = .none
    options.biasCorrection = .none
    let ladder = Ladder(
      graph, samples: Networks.samples(8), heldBack: heldBack, contract: contract, shrinks: true
    ) { cycles(try LoadedModel($0)) }
    return try ladder.climb(options)
  }

  /// Each tensor of int16 costs as much, and few are affordable.
  @Test func asManyAsCyclesAllow() throws {
    var contract = Contract()
    contract.minSQNR = 190
    contract.maxCycles = 1_055
    contract.boardName = "board"
    let found = try climb(contract) { model in
      1_000 + 10 * (0..<model.tensorCount).count { model.tensor($0).isInt16 }
    }
    let costly = try #require(found.steps.first { !$0.result.int16Layers.isEmpty })
    #expect(costly.clauses.contains { $0.kind == .maxCycles && !$0.holds })
    let last = try #require(found.steps.last)
    #expect(last.rung == .fittingInt16)
    #expect(last.result.int16Layers.count < costly.result.int16Layers.count)
    #expect(try #require(last.cycleCount) <= 1_055 && last.judgement != nil)
    // Those that gain most.
    #expect(Set(last.result.int16Layers).isSubset(of: costly.result.int16Ranking))
    #expect(last.clauses.map(\.kind) == [.minSQNR, .maxCycles])
    #expect(last.clauses.map(\.holds) == [false, true])
  }

  @Test func impossibleOnes() throws {
    var contract = Contract()
    contract.maxCycles = 900
    contract.boardName = "board"
    let slow = try climb(contract) { _ in 1_000 }.answer
    let text = "--max-cycles 900: an inference takes 1000 modelled cycles on board, 100 too many"
    #expect(slow.clauses.map(\.missedText) == [text])
    let large = try climb(contract) { _ in nil }.answer
    #expect(
      large.clauses.map(\.missedText) == ["--max-cycles 900: the model does not fit board"])
    #expect(!large.holds && large.cycleCount == nil)
  }
}
