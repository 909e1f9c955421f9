import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// Both models cut at all places that match, to be run with any of the layers of either.
final class Hybrid {
  /// A place of the candidate that the reference has, too.
  private struct Unit {
    var place: Int
    /// The places of the candidate that both segments read; empty of the input.
    var sources: [Int]
    var own: Segment?
    var given: Segment?
  }

  private let diff: Diff
  private let reference: DiffMachine
  private let candidate: DiffMachine
  private let units: [Unit]
  private var values: [[Float]]

  init(_ diff: Diff) throws {
    self.diff = diff
    reference = try DiffMachine(diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
    candidate = try DiffMachine(diff.candidate, encoder: diff.candidateEncoder, keepsReals: true)
    let own = try diff.candidate.loaded?.makeRunner()
    let given = try diff.reference.loaded?.makeRunner()
    units = diff.layers.compactMap { place in
      guard diff.candidate.places[place].operatorIndex != nil else {
        return Unit(place: place, sources: [], own: nil, given: nil)
      }
      let sources = diff.knownSources(of: place)
      guard let segment = Segment(diff.candidate, from: sources, to: place, own) else { return nil }
      let twins = sources.compactMap { diff.twins[$0] }
      return Unit(
        place: place, sources: sources, own: segment,
        given: diff.twins[place].flatMap { twin in
          twins.count == sources.count
            ? Segment(diff.reference, from: twins, to: twin, given) : nil
        })
    }
    values = diff.candidate.places.map { _ in [] }
  }

  /// The places that can be either model's.
  var exchangeable: [Int] {
    units.filter { $0.sources.isEmpty || $0.given != nil }.map(\.place)
  }

  /// The places that are the candidate's in any case.
  var fixed: [Int] { units.filter { !$0.sources.isEmpty && $0.given == nil }.map(\.place) }

  /// Whether all outputs that both have can be computed so.
  var isComplete: Bool {
    Set(diff.outputs.map(\.candidate)).isSubset(of: units.map(\.place))
  }

  /// Every output on one sample, with the layers of `places` those of the candidate and all others
  /// those of the reference; beside it the reference's own.
  func run(
    _ sample: Int, candidateAt places: Set<Int>
  ) -> [(reference: [Float], hybrid: [Float])] {
    diff.feed(reference, sample)
    let expected = diff.outputs.map { output in
      unsafe reference.withReals(output.reference) { unsafe Array($0) }
    }
    var isInputNeeded = places.contains { diff.candidate.places[$0].operatorIndex == nil }
    for unit in units {
      if unit.sources.isEmpty {
        if isInputNeeded {
          diff.feed(candidate, sample)
          unsafe candidate.withReals(unit.place) { values[unit.place] = unsafe Array($0) }
          isInputNeeded = false
        } else if let twin = diff.twins[unit.place] {
          unsafe reference.withReals(twin) { values[unit.place] = unsafe Array($0) }
        }
        continue
      }
      let isOwn = places.contains(unit.place) || unit.given == nil
      guard let segment = isOwn ? unit.own : unit.given else { continue }
      values[unit.place] = segment.run(unit.sources.map { values[$0] })
    }
    return zip(expected, diff.outputs).map { ($0, values[$1.candidate]) }
  }
}

extension Diff {
  /// The nearest places that the reference has, too, on which the values at one depend.
  func knownSources(of place: Int) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var pending = candidate.sources(of: place).compactMap(\.place)
    while !pending.isEmpty {
      let next = pending.removeFirst()
      guard seen.insert(next).inserted else { continue }
      if twins[next] != nil {
        found.append(next)
      } else {
        pending += candidate.sources(of: next).compactMap(\.place)
      }
    }
    return found
  }
}
