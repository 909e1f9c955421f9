import Foundation
import OctetData

/// A tree of Parzen estimators (Bergstra, Bardenet, Bengio, Kégl: Algorithms for Hyper-Parameter
/// Optimization, NIPS 2011).
///
/// Trials are split into a good and a bad part; each dimension gets a density of the good values
/// and one of the bad, from the trials in which it applied. Of candidates that are drawn from the
/// good density the one with the largest ratio of good to bad is taken, which is the one of the
/// largest expected improvement.
struct ParzenTree: SearchModel, Sendable {
  /// The share of the trials that is good, and how many are at most.
  static let goodShare = 0.15, goodLimit = 25
  /// Candidates a dimension.
  static let candidateCount = 24

  private let good, bad: [SearchValues]

  init(_ evidence: SearchEvidence) {
    let count = min(
      max(Int((Self.goodShare * Double(evidence.judged.count)).rounded(.up)), 2), Self.goodLimit)
    good = Array(evidence.judged.prefix(count))
    bad = evidence.judged.dropFirst(count) + evidence.pending
  }

  func place(_ dimension: Int, _ range: SearchRange, _ generator: inout Xoshiro256) -> Double {
    func places(_ trials: [SearchValues]) -> [Double] {
      trials.compactMap { $0[dimension].flatMap { range.place(of: $0) } }
    }
    let (goodPlaces, badPlaces) = (places(good), places(bad))
    if case .choices(let texts) = range {
      let (l, g) = (Shares(goodPlaces, texts.count), Shares(badPlaces, texts.count))
      return best(&generator, { l.draw(&$0) }, { log(l.share($0)) - log(g.share($0)) })
    }
    let (l, g) = (ParzenDensity(goodPlaces), ParzenDensity(badPlaces))
    return best(&generator, { l.draw(&$0) }, { log(l.value($0)) - log(g.value($0)) })
  }

  private func best(
    _ generator: inout Xoshiro256, _ draw: (inout Xoshiro256) -> Double,
    _ gain: (Double) -> Double
  ) -> Double {
    var best = (place: draw(&generator), gain: -Double.infinity)
    best.gain = gain(best.place)
    for _ in 1..<Self.candidateCount {
      let place = draw(&generator)
      let value = gain(place)
      if value > best.gain { best = (place, value) }
    }
    return best.place
  }
}

/// How often each of some choices was taken, with one more of each, as a prior.
private struct Shares {
  let shares: [Double]

  init(_ places: [Double], _ count: Int) {
    var weights = [Double](repeating: 1, count: count)
    for place in places { weights[SearchRange.cell(place, count)] += 1 }
    let sum = weights.reduce(0, +)
    shares = weights.map { $0 / sum }
  }

  func share(_ place: Double) -> Double { shares[SearchRange.cell(place, shares.count)] }

  func draw(_ generator: inout Xoshiro256) -> Double {
    var rest = generator.nextUnit()
    var index = 0
    while index < shares.count - 1, rest >= shares[index] {
      rest -= shares[index]
      index += 1
    }
    return (Double(index) + 0.5) / Double(shares.count)
  }
}

/// A mixture of bells over 0…1, cut off at the ends: one for each observation, as wide as the
/// larger distance to a neighbour, and a wide one in the middle as a prior.
struct ParzenDensity: Sendable {
  private struct Bell {
    var mean, deviation: Double
    /// The share of the bell that lies within 0…1.
    var inside: Double
  }

  private let bells: [Bell]

  init(_ places: [Double]) {
    let prior = (mean: 0.5, deviation: 1.0)
    // The prior is a neighbour too.
    let means = (places + [prior.mean]).sorted()
    let least = 1 / Double(min(100, means.count + 1))
    var wasPrior = false
    bells = means.enumerated().map { index, mean in
      var deviation = prior.deviation
      if mean == prior.mean, !wasPrior {
        wasPrior = true
      } else {
        let left = mean - (index > 0 ? means[index - 1] : 0)
        let right = (index + 1 < means.count ? means[index + 1] : 1) - mean
        deviation = min(max(left, right, least), 1)
      }
      let inside =
        Self.cumulative((1 - mean) / deviation) - Self.cumulative(-mean / deviation)
      return Bell(mean: mean, deviation: deviation, inside: inside)
    }
  }

  /// The density at a place of 0…1; its integral is 1.
  func value(_ place: Double) -> Double {
    let sum = bells.reduce(0) { sum, bell in
      let z = (place - bell.mean) / bell.deviation
      return sum + exp(-z * z / 2) / (bell.deviation * bell.inside)
    }
    return sum / (Double(bells.count) * (2 * Double.pi).squareRoot())
  }

  func draw(_ generator: inout Xoshiro256) -> Double {
    let bell = bells[generator.next(below: bells.count)]
    // At least a third of every bell lies inside.
    for _ in 0..<100 {
      let place = bell.mean + bell.deviation * Self.normal(&generator)
      if (0...1).contains(place) { return place }
    }
    return bell.mean
  }

  private static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// Box and Muller 1958.
  private static func normal(_ generator: inout Xoshiro256) -> Double {
    let radius = (-2 * log(1 - generator.nextUnit())).squareRoot()
    return radius * cos(2 * Double.pi * generator.nextUnit())
  }
}
