import Foundation
import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// The reference after a run on each of a few images: made once, when first asked for.
final class BenchImages {
  private let diff: Diff
  private let samples: [Int]
  private var made: [DiffMachine] = []

  init(_ diff: Diff, _ samples: [Int]) {
    self.diff = diff
    self.samples = samples
  }

  func machines() throws -> [DiffMachine] {
    if made.isEmpty {
      made = try samples.map { sample in
        let machine = try DiffMachine(
          diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
        diff.feed(machine, sample)
        return machine
      }
    }
    return made
  }

  /// The means of every so many values at a place of the reference.
  func means(at place: Int, count: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var total = 0
    for machine in try machines() {
      unsafe machine.withReals(place) { values in
        for index in values.indices { sums[index % count] += unsafe Double(values[index]) }
        total += values.count
      }
    }
    return sums.map { $0 * Double(count) / Double(max(total, 1)) }
  }
}

/// One layer of the candidate on a few exact inputs, to try out what explains its results.
///
/// A hypothesis is a variant of the reference's layer; it explains the layer when, computed on the
/// same inputs, it gives what the candidate gives.
struct LayerBench {
  /// Values by sample, then by operand.
  private(set) var inputs: [[[Float]]] = []
  /// The reference's own values, and what the candidate's operator makes of the same inputs.
  private(set) var references: [[Float]] = []
  private(set) var results: [[Float]] = []
  /// The ends of the candidate's codes, and their step; what lies outside is another matter.
  let grid: (lower: Float, upper: Float)
  let step: Float
  let shape: [Int]
  /// How well the reference itself explains the results, in dB.
  private(set) var base = 0.0

  /// Nil where the operator cannot be run alone, or its inputs have no twins.
  ///
  /// - Parameter machines: the reference after a run on each image.
  init?(_ diff: Diff, place: Int, _ machines: [DiffMachine], _ probe: LocalProbe) {
    let sources = diff.candidate.sources(of: place).map(\.place)
    guard !sources.contains(nil) else { return nil }
    self.init(
      diff, place: place, sources.compactMap { $0 }, machines, part: diff.referencePart(place)
    ) { machine, _ in
      probe.run(machine, isSplitting: false)
      return probe.result
    }
  }

  /// The same of a layer with all that stands between it and the last places before it that the
  /// reference has, too.
  init?(
    _ diff: Diff, place: Int, behind sources: [Int], _ machines: [DiffMachine], part: Graph,
    _ segment: Segment
  ) {
    self.init(diff, place: place, sources, machines, part: part) { _, inputs in
      segment.run(inputs)
    }
  }

  private init?(
    _ diff: Diff, place: Int, _ sources: [Int], _ machines: [DiffMachine], part: Graph?,
    _ run: (_ machine: DiffMachine, _ inputs: [[Float]]) -> [Float]
  ) {
    guard let twin = diff.twins[place] else { return nil }
    let twins = sources.map { diff.referencePlace(of: $0) }
    guard !twins.isEmpty, !twins.contains(nil) else { return nil }
    let view = diff.candidate.view(place)
    grid = view?.ends ?? (-.infinity, .infinity)
    step = view?.scale ?? 0
    shape = diff.candidate.places[place].shape
    for machine in machines {
      let operands = twins.compactMap { $0 }.map { twin in
        unsafe machine.withReals(twin) { unsafe Array($0) }
      }
      inputs.append(operands)
      references.append(unsafe machine.withReals(twin) { unsafe Array($0) })
      let result = run(machine, operands)
      guard result.count == references[0].count else { return nil }
      results.append(result)
    }
    clamp(to: sources.map { diff.candidate.view($0) })
    if isClamped, let part, let values = values(of: part) { references = values }
    base = decibels(references)
  }

  /// Whether inputs lay outside what the candidate's operator reads: that is no fault of its own.
  private var isClamped = false

  private mutating func clamp(to grids: [TensorView?]) {
    for sample in inputs.indices {
      for (operand, view) in grids.enumerated() where operand < inputs[sample].count {
        guard let view else { continue }
        let (lower, upper) = view.ends
        for index in inputs[sample][operand].indices {
          let value = inputs[sample][operand][index]
          guard value < lower || value > upper else { continue }
          inputs[sample][operand][index] = max(lower, min(upper, value))
          isClamped = true
        }
      }
    }
  }

  /// The results' signal over how far they are from `values`, in dB; −∞ where either is no number.
  func decibels(_ values: [[Float]]) -> Double {
    var (signal, noise) = (0.0, 0.0)
    for (own, other) in zip(results, values) {
      guard own.count == other.count else { return -.infinity }
      for (a, b) in zip(own, other) {
        let error = Double(a) - Double(max(grid.lower, min(grid.upper, b)))
        signal += Double(a) * Double(a)
        noise += error * error
      }
    }
    guard signal.isFinite, noise.isFinite, signal > 0 else { return -.infinity }
    return noise == 0 ? 200 : min(200, 10 * log10(signal / noise))
  }

  /// How near what a graph gives on the inputs is to the reference's values, in dB; nil where it
  /// cannot be computed.
  func distance(of graph: Graph) -> Double? {
    guard let values = values(of: graph) else { return nil }
    var (signal, noise) = (0.0, 0.0)
    for (own, other) in zip(values, references) {
      guard own.count == other.count else { return nil }
      for (a, b) in zip(own, other) {
        signal += Double(b) * Double(b)
        noise += Double(a - b) * Double(a - b)
      }
    }
    guard signal.isFinite, noise.isFinite, signal > 0 else { return nil }
    return noise == 0 ? 200 : min(200, 10 * log10(signal / noise))
  }

  /// What a variant of the reference's layer gives on the inputs; nil where it cannot be computed.
  func values(of variant: Graph) -> [[Float]]? {
    guard let interpreter = try? FloatInterpreter(variant), let first = inputs.first,
      variant.inputs.map({ variant.tensors[$0].elementCount }) == first.map(\.count),
      variant.outputs.count == 1, !variant.tensors[variant.outputs[0]].isInteger
    else { return nil }
    return inputs.map { operands in
      for (position, values) in operands.enumerated() { interpreter.setInput(position, values) }
      interpreter.run()
      return interpreter.value(of: variant.outputs[0])
    }
  }

  /// How well a variant explains the results, in dB.
  func decibels(_ variant: Graph) -> Double { values(of: variant).map(decibels) ?? -.infinity }

  // MARK: Lines through what both give

  /// Least squares over elements that lie well within the codes: result ≈ gain · value + offset.
  func line(_ values: [[Float]]) -> (gain: Double, offset: Double)? {
    var (n, x, y, xx, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (own, other) in zip(results, values) {
      for (result, value) in zip(own, other) where isInside(result) && value != 0 {
        let (a, b) = (Double(value), Double(result))
        n += 1
        x += a
        y += b
        xx += a * a
        xy += a * b
      }
    }
    let variance = n * xx - x * x
    guard n >= 16, variance > 1e-9 * n * xx else { return nil }
    let gain = (n * xy - x * y) / variance
    return (gain, (y - gain * x) / n)
  }

  /// Least squares of results over two operands of their size: result ≈ a · first + b · second.
  func mixture() -> (first: Double, second: Double)? {
    var (aa, ab, bb, ar, br) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (own, operands) in zip(results, inputs) {
      guard operands.count == 2, operands.allSatisfy({ $0.count == own.count }) else { return nil }
      for index in own.indices where isInside(own[index]) && own[index] != 0 {
        let (a, b, r) = (Double(operands[0][index]), Double(operands[1][index]), Double(own[index]))
        aa += a * a
        ab += a * b
        bb += b * b
        ar += a * r
        br += b * r
      }
    }
    let determinant = aa * bb - ab * ab
    guard determinant > 1e-9 * aa * bb else { return nil }
    return ((ar * bb - br * ab) / determinant, (br * aa - ar * ab) / determinant)
  }

  private func isInside(_ value: Float) -> Bool {
    value > grid.lower + step / 2 && value < grid.upper - step / 2
  }
}

extension Diff {
  /// Runs a model on one sample of the whole set.
  func feed(_ machine: DiffMachine, _ sample: Int, visit: (_ place: Int) -> Void = { _ in }) {
    machine.run(sample, visit: visit)
  }
}
