import Foundation
import OctetData

/// How a search chooses what to try next.
package enum SearchMethod: String, Sendable, CaseIterable {
  /// Every trial by itself (Bergstra and Bengio 2012).
  case random
  /// Trials at random first, then in a box around the best one that halves its sides, from coarse
  /// to fine.
  case narrow
  /// A tree of Parzen estimators (Bergstra et al. 2011).
  case tpe
}

/// What a sampler knows of a trial: its values by dimension, nil where one did not apply.
package typealias SearchValues = [String?]

/// What a sampler goes by.
package struct SearchEvidence: Sendable {
  /// Trials that have ended, the best first.
  package var judged: [SearchValues] = []
  /// Trials that others are at: counted among the bad ones, so that no two workers go to the same
  /// place (Ginsbourger et al. 2010, the constant liar).
  package var pending: [SearchValues] = []

  package init(judged: [SearchValues] = [], pending: [SearchValues] = []) {
    self.judged = judged
    self.pending = pending
  }
}

/// Draws trials. What is drawn depends on the seed, the number of the trial, the attempt and the
/// evidence alone.
package struct SearchSampler: Sendable {
  package let dimensions: [SearchDimension]
  package let method: SearchMethod
  package let seed: UInt64

  /// Trials that are drawn at random before a method looks at them, and the length of a round of
  /// `narrow`.
  package static let startCount = 10
  /// The least half side of the box of `narrow`.
  static let leastHalfSide = 1.0 / 128

  package init(_ dimensions: [SearchDimension], method: SearchMethod, seed: UInt64) {
    self.dimensions = dimensions
    self.method = method
    self.seed = seed
  }

  /// - Parameters:
  ///   - number: of the trial, from 0.
  ///   - attempt: from 0; another one where what was drawn before cannot be used.
  /// - Returns: a text for each dimension.
  package func values(
    number: Int, attempt: Int = 0, evidence: SearchEvidence
  ) -> [String] {
    // The word keeps these numbers apart from those that train draws from the same seed.
    var generator = Xoshiro256(
      seed: seed ^ 0x7365_6172_6368, stream: UInt64(number) << 20 | UInt64(attempt))
    let isStart = evidence.judged.count < Self.startCount
    let model: any SearchModel =
      switch method {
      case .narrow where !isStart:
        NarrowBox(
          center: evidence.judged[0], round: evidence.judged.count / Self.startCount,
          leastHalfSide: Self.leastHalfSide)
      case .tpe where !isStart: ParzenTree(evidence)
      case .random, .narrow, .tpe: Anywhere()
      }
    return dimensions.indices.map { index in
      let range = dimensions[index].range
      return range.text(at: model.place(index, range, &generator))
    }
  }
}

/// A way to draw the place of one dimension's value.
protocol SearchModel {
  func place(_ dimension: Int, _ range: SearchRange, _ generator: inout Xoshiro256) -> Double
}

private struct Anywhere: SearchModel {
  func place(_ dimension: Int, _ range: SearchRange, _ generator: inout Xoshiro256) -> Double {
    generator.nextUnit()
  }
}

/// A box around the best trial. Numbers are drawn within it; choices are the best's, but for a
/// share that halves with the box.
private struct NarrowBox: SearchModel {
  var center: SearchValues
  /// The number of the round, from 1.
  var round: Int
  var leastHalfSide: Double

  func place(_ dimension: Int, _ range: SearchRange, _ generator: inout Xoshiro256) -> Double {
    let (first, second) = (generator.nextUnit(), generator.nextUnit())
    guard let middle = center[dimension].flatMap({ range.place(of: $0) }) else { return first }
    let share = pow(0.5, Double(min(round, 30)))
    guard range.isOrdered else { return first < share ? second : middle }
    let half = max(share / 2, leastHalfSide)
    let (lower, upper) = (max(middle - half, 0), min(middle + half, 1))
    return lower + (upper - lower) * first
  }
}
