import Foundation
import OctetModel

// Which activations get 16 bits: those whose rounding to 8 the outputs feel most.

extension Graph {
  /// What the options ask to be int16, of a simplified graph, those first that gain most.
  func chosenInt16(
    _ samples: CalibrationSamples, _ options: Quantizer.Options, _ choice: RangeSearch.Choice
  ) throws(QuantizationError) -> [Int16Unit] {
    switch options.int16 {
    case .none: return []
    case .all: return int16Units(tabulatedNodes)
    case .layers(let names): return try int16Units(named: names, tabulatedNodes)
    case .automatic(let decibels):
      let units = int16Units(tabulatedNodes).filter { !$0.isOuter }
      if units.isEmpty || decibels == .infinity && !options.ranksInt16 { return units }
      return try RangeSearch.int16(self, units, samples, options, choice, decibels)
    }
  }
}

extension RangeSearch {
  /// Multiply-adds, roughly, that trying units one by one may take; runs of units beyond that.
  private static let unitWork = 4e10
  private static let leastRuns = 8

  /// The fewest units that lower the error of rounded activations by so many decibels: each, or
  /// each run of them, is tried by itself, and those that gain most are taken.
  fileprivate static func int16(
    _ graph: Graph, _ units: [Int16Unit], _ samples: CalibrationSamples,
    _ options: Quantizer.Options, _ choice: Choice, _ decibels: Double
  ) throws(QuantizationError) -> [Int16Unit] {
    guard samples.count > 0 else { throw .noCalibrationSamples }
    var search = try RangeSearch(graph, samples, options)
    let pass = max(1, graph.workEstimate * Double(search.heldBack.count))
    let count = min(units.count, max(leastRuns, Int(min(unitWork / pass, 1e6))))
    let runs = (0..<count).map { run in
      Array(units[run * units.count / count..<(run + 1) * units.count / count])
    }
    func error(_ taken: [Int]) throws(QuantizationError) -> Double {
      var candidate = choice
      candidate.int16 = taken.flatMap { runs[$0] }
      return try search.error(candidate).total
    }
    let start = try error([])
    var left: [Double] = []
    for run in runs.indices { left.append(try error([run])) }
    let order = runs.indices.sorted { (left[$0], $0) < (left[$1], $1) }
    let goal = start * pow(10, -decibels / 10)
    // The least prefix that reaches the goal; all where none does.
    var (lower, upper) = (decibels == .infinity ? runs.count : 1, runs.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      let isEnough = try error(Array(order.prefix(middle))) <= goal
      if isEnough { upper = middle } else { lower = middle + 1 }
    }
    return order.prefix(upper).flatMap { runs[$0] }
  }
}
