import Foundation
import OctetReport
import Testing

@Suite struct OutputMetricTests {
  /// Quantiles and probabilities from tables: Student's t, Abramowitz and Stegun 26.10.
  @Test(arguments: [(1, 12.7062), (2, 4.30265), (5, 2.57058), (30, 2.04227), (120, 1.97993)])
  func studentsQuantiles(count: Int, quantile: Double) {
    #expect(abs(StudentT.quantile95(degreesOfFreedom: count) - quantile) < 1e-4)
    #expect(abs(StudentT.twoSided(quantile, degreesOfFreedom: count) - 0.05) < 1e-5)
  }

  @Test func momentsOfAFewNumbers() {
    var moments = Moments()
    for value in [1.0, 2, 3, 4] { moments.add(value) }
    #expect(moments.mean == 2.5)
    #expect(abs(moments.variance - 5 / 3.0) < 1e-15)
    let half = 3.182446305284263 * (5 / 3.0 / 4).squareRoot()
    #expect(abs(moments.estimate.upper - (2.5 + half)) < 1e-9)
    let test = moments.pairedTest
    // t = 2.5 / 0.645497…, 3 degrees of freedom: the closed form of Student's distribution.
    let t = 2.5 / (5 / 12.0).squareRoot()
    let angle = atan(t / 3.0.squareRoot())
    let expected = 1 - 2 / Double.pi * (angle + sin(angle) * cos(angle))
    #expect(abs(test.pValue - expected) < 1e-12)
  }

  /// Areas by counting pairs.
  @Test func areasByCounting() throws {
    let labels = [true, false, true, true, false, false, false, true]
    let scores = [0.9, 0.8, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1]
    let others = [0.9, 0.1, 0.7, 0.4, 0.4, 0.3, 0.2, 0.6]
    let areas = try #require(AreaComparison(labels: labels, scores, others))
    func counted(_ scores: [Double]) -> Double {
      var sum = 0.0
      for (i, a) in labels.enumerated() where a {
        for (j, b) in labels.enumerated() where !b {
          sum += scores[i] > scores[j] ? 1 : (scores[i] == scores[j] ? 0.5 : 0)
        }
      }
      return sum / 16
    }
    #expect(abs(areas.reference.value - counted(scores)) < 1e-12)
    #expect(abs(areas.candidate.value - counted(others)) < 1e-12)
    #expect(abs(areas.difference.value - counted(others) + counted(scores)) < 1e-12)
    #expect(AreaComparison(labels: [true, true], [1, 2], [1, 2]) == nil)
  }

  @Test func ranksShareTies() {
    #expect(Ranks.of([3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
    #expect(Ranks.correlation([1, 2, 3], [3, 2, 1]) == -1)
    #expect(Ranks.correlation([1, 1], [1, 2]) == nil)
  }

  private func facts(_ metric: DiffReport.Metric, _ shape: [Int], count: Int) -> OutputFacts {
    OutputFacts(
      name: "y", floatName: "y", shape: shape, metric: metric, reason: "a test says so",
      threshold: 0.5, range: 2, sampleCount: count)
  }

  /// Every metric over samples in parts, put together in any order, is that of one run.
  @Test(arguments: DiffReport.Metric.allCases)
  func partsGiveTheWhole(metric: DiffReport.Metric) throws {
    let shape = metric == .scores ? [1, 1] : (metric == .picture ? [1, 8, 8, 1] : [1, 4, 3])
    let facts = facts(metric, shape, count: 40)
    let elementCount = shape.reduce(1, *)
    func sample(_ index: Int) -> OutputSample {
      var sample = OutputSample(index: index)
      sample.reference = (0..<elementCount).map { Float(($0 * 7 + index * 13) % 29) / 29 }
      sample.candidate = sample.reference.enumerated().map {
        $0.element + Float(($0.offset * 3 + index * 5) % 11) / 110 - 0.05
      }
      sample.label = index % 3
      sample.targets = sample.reference.map { $0 + 0.125 }
      sample.input = sample.reference.map { $0 * 0.75 }
      return sample
    }
    func sums(_ indices: some Sequence<Int>) throws -> OutputSums {
      var sums = OutputSums()
      for index in indices { sums.add(sample(index), facts) }
      return try JSONDecoder().decode(OutputSums.self, from: JSONEncoder().encode(sums))
    }
    func text(_ sums: OutputSums) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return String(
        decoding: try encoder.encode(DiffReport.Output(facts, sums)), as: UTF8.self)
    }
    var merged = try sums(stride(from: 2, to: 40, by: 3))
    merged.merge(try sums(stride(from: 0, to: 40, by: 3)))
    merged.merge(try sums(stride(from: 1, to: 40, by: 3)))
    #expect(try text(merged) == text(sums(0..<40)))
  }

  @Test func memoryDoesNotGrow() {
    let facts = facts(.scores, [1], count: 1_000_000)
    var kept = 0
    for index in 0..<1_000_000 where index % facts.keptStride == 0 { kept += 1 }
    #expect(kept <= KeptScores.limit)
  }
}
