import Foundation
import OctetModel

/// Real inputs to calibrate with, one sample at a time.
@safe public struct CalibrationSamples: Sendable {
  // Safety: who calls `fill` gives it memory of as many elements as the input has.
  /// How many samples there are.
  public var count: Int
  /// Writes sample `index` for the graph input at `position`. Called from several threads.
  public var fill:
    @Sendable (_ index: Int, _ position: Int, UnsafeMutableBufferPointer<Float>) -> Void

  /// Samples that `fill` writes, row-major and real, one graph input at a time.
  public init(
    count: Int,
    fill: @escaping @Sendable (Int, Int, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.count = count
    unsafe self.fill = unsafe fill
  }
}

extension CalibrationSamples {
  /// The samples at `indices`, in that order.
  func picked(_ indices: [Int]) -> CalibrationSamples {
    let fill = unsafe self.fill
    return unsafe CalibrationSamples(count: indices.count) { unsafe fill(indices[$0], $1, $2) }
  }

  /// Indices below `count`, spread evenly: `limit` of them, 1 at least, or all when they are fewer.
  static func spread(_ count: Int, atMost limit: Int) -> [Int] {
    let taken = min(count, max(limit, 1))
    return (0..<taken).map { $0 * count / taken }
  }
}

/// What every activation of a graph was seen to be.
package struct Calibration: Sendable {
  /// For each tensor that is not a constant.
  package private(set) var histograms: [TensorIndex: ValueCounts]
  /// The least, over all samples, of a sample's highest class score; nil without class scores.
  package private(set) var leastHighest: Float?
  /// The greatest, over all samples, of a sample's second highest class score.
  private(set) var greatestSecond: Float?

  /// Runs `graph` on all samples twice: first for the ranges, then for the histograms.
  ///
  /// The result does not depend on `threadCount`.
  package init(
    _ graph: Graph, samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) {
    guard samples.count > 0 else { throw .noCalibrationSamples }
    let tensors = graph.tensors.indices.filter { graph.tensors[$0].constant == nil }
    let classScores = graph.classScores
    let extent = try Self.pass(graph, samples, threadCount) {
      Extent(tensorCount: tensors.count)
    } visit: { _, interpreter, extent in
      for (position, tensor) in tensors.enumerated() {
        unsafe interpreter.withValue(of: tensor) { unsafe extent.ranges[position].take($0) }
      }
      if let classScores {
        let (first, second) = unsafe interpreter.withValue(of: classScores) {
          unsafe Self.highest($0)
        }
        extent.leastHighest = min(extent.leastHighest, first)
        extent.greatestSecond = max(extent.greatestSecond, second)
      }
    } merge: { into, from in
      for index in into.ranges.indices { into.ranges[index].take(from.ranges[index]) }
      into.leastHighest = min(into.leastHighest, from.leastHighest)
      into.greatestSecond = max(into.greatestSecond, from.greatestSecond)
    }
    let ranges = extent.ranges
    leastHighest = classScores == nil ? nil : extent.leastHighest
    greatestSecond = extent.greatestSecond.isFinite ? extent.greatestSecond : nil
    for (position, tensor) in tensors.enumerated() {
      guard ranges[position].lower.isFinite, ranges[position].upper.isFinite else {
        throw .notFinite(tensor: graph.tensors[tensor].name)
      }
    }
    let counted = try Self.pass(graph, samples, threadCount) {
      ranges.map { ValueCounts(lower: min($0.lower, 0), upper: max($0.upper, 0)) }
    } visit: { _, interpreter, histograms in
      for (position, tensor) in tensors.enumerated() {
        unsafe interpreter.withValue(of: tensor) { unsafe histograms[position].add($0) }
      }
    } merge: { into, from in
      for index in into.indices { into[index].merge(from[index]) }
    }
    histograms = Dictionary(uniqueKeysWithValues: zip(tensors, counted))
  }

  /// The two highest of some scores; −∞ where there are none.
  static func highest(
    _ scores: UnsafeBufferPointer<Float>
  ) -> (first: Float, second: Float) {
    unsafe scores.reduce((-.infinity, -.infinity)) { highest, score in
      score > highest.0 ? (score, highest.0) : (highest.0, max(highest.1, score))
    }
  }

  /// What the first pass finds.
  private struct Extent {
    var ranges: [Range]
    var leastHighest = Float.infinity
    var greatestSecond = -Float.infinity

    init(tensorCount: Int) { ranges = [Range](repeating: Range(), count: tensorCount) }
  }

  /// The least and the greatest value; NaN once there was one.
  private struct Range {
    var lower = Float.infinity
    var upper = -Float.infinity

    mutating func take(_ values: UnsafeBufferPointer<Float>) {
      var (lower, upper) = (lower, upper)
      for index in values.indices {
        let value = unsafe values[index]
        // NaN must not slip through a comparison.
        lower = value < lower || value.isNaN ? value : lower
        upper = value > upper || value.isNaN ? value : upper
      }
      (self.lower, self.upper) = (lower, upper)
    }

    mutating func take(_ other: Range) {
      lower = lower.isNaN || lower < other.lower ? lower : other.lower
      upper = upper.isNaN || upper > other.upper ? upper : other.upper
    }
  }

  /// Samples are dealt to this many chunks, each summed in order and merged in order, so that even
  /// rounded sums do not depend on the number of threads.
  private static let chunkCount = 8

  /// Runs every sample and merges what `visit`, which is told the sample, gathered.
  static func pass<State: Sendable>(
    _ graph: Graph, _ samples: CalibrationSamples, _ threadCount: Int,
    start: () -> State, visit: @Sendable (Int, FloatInterpreter, inout State) -> Void,
    merge: (inout State, State) -> Void
  ) throws(QuantizationError) -> State {
    try pass([graph], [samples], threadCount, start: start) { sample, machines, state in
      visit(sample, machines[0], &state)
    } merge: {
      merge(&$0, $1)
    }
  }

  /// The same with several graphs, each of which has samples of its own, as many.
  static func pass<State: Sendable>(
    _ graphs: [Graph], _ samples: [CalibrationSamples], _ threadCount: Int,
    start: () -> State, visit: @Sendable (Int, [FloatInterpreter], inout State) -> Void,
    merge: (inout State, State) -> Void
  ) throws(QuantizationError) -> State {
    let threads = max(1, min(threadCount, chunkCount))
    var interpreters: [[FloatInterpreter]] = []
    do {
      for _ in 0..<threads { interpreters.append(try graphs.map { try FloatInterpreter($0) }) }
    } catch {
      throw .graph(error as? GraphError ?? .invalid(node: "", reason: "\(error)"))
    }
    nonisolated(unsafe) let machines = interpreters
    nonisolated(unsafe) var states = (0..<chunkCount).map { _ in start() }
    unsafe states.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = unsafe buffer
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for chunk in stride(from: thread, to: chunkCount, by: threads) {
          for sample in stride(from: chunk, to: samples[0].count, by: chunkCount) {
            for (machine, samples) in zip(unsafe machines[thread], samples) {
              for position in machine.graph.inputs.indices {
                unsafe machine.withInput(position) { unsafe samples.fill(sample, position, $0) }
              }
              machine.run()
            }
            unsafe visit(sample, machines[thread], &slots[chunk])
          }
        }
      }
    }
    var result = unsafe states[0]
    for state in unsafe states.dropFirst() { merge(&result, state) }
    return result
  }
}

extension Graph {
  /// Multiply-adds, and elements made, of one inference, roughly.
  var workEstimate: Double {
    nodes.reduce(0) { sum, node in
      let made = node.outputs.reduce(0.0) { $0 + Double(tensors[$1].elementCount) }
      var each = 1.0
      if let axis = node.operation.weightChannelAxis, node.inputs.count > 1 {
        let shape = tensors[node.inputs[1]].shape
        each += Double(shape.elementCount) / Double(max(shape[axis], 1))
      } else if case .matrixMultiply = node.operation {
        each += Double(tensors[node.inputs[0]].shape.last ?? 1)
      }
      return sum + made * each
    }
  }
}

extension Quantizer {
  /// A class that scores this far below the best has a probability under 2⁻¹⁶: nobody can see it,
  /// and codes spent on it would be taken from the scores that decide.
  package static let invisibleBelow: Float = 11.09

  /// The span in which scores matter: what the highest has beyond its end is no more certain.
  package static func visibleScores(_ scores: UnsafeBufferPointer<Float>) -> ClosedRange<Float> {
    let (first, second) = unsafe Calibration.highest(scores)
    guard first.isFinite, second.isFinite else { return -.infinity ... .infinity }
    let upper = second + invisibleBelow
    return min(first, upper) - invisibleBelow...upper
  }
}
