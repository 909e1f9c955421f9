import Foundation
import OctetModel

/// Real inputs to calibrate with, one sample at a time.
public struct CalibrationSamples: Sendable {
  public var count: Int
  /// Writes sample `index` for the graph input at `position`. Called from several threads.
  public var fill:
    @Sendable (_ index: Int, _ position: Int, UnsafeMutableBufferPointer<Float>) -> Void

  public init(
    count: Int,
    fill: @escaping @Sendable (Int, Int, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.count = count
    self.fill = fill
  }
}

/// What every activation of a graph was seen to be.
public struct Calibration: Sendable {
  /// For each tensor that is not a constant.
  public private(set) var histograms: [TensorIndex: Histogram]
  /// The least, over all samples, of a sample's highest class score; nil without class scores.
  public private(set) var leastHighest: Float?
  /// For each node with weights, how its inputs vary together.
  let inputStatistics: [Int: InputStatistics]

  /// Runs `graph` on all samples twice: first for the ranges, then for the histograms.
  ///
  /// The result does not depend on `threadCount`.
  public init(
    _ graph: Graph, samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) {
    guard samples.count > 0 else { throw .noCalibrationSamples }
    let tensors = graph.tensors.indices.filter { graph.tensors[$0].constant == nil }
    let classScores = graph.classScores
    let extent = try Self.pass(graph, samples, threadCount) {
      Extent(tensorCount: tensors.count)
    } visit: { interpreter, extent in
      for (position, tensor) in tensors.enumerated() {
        interpreter.withValue(of: tensor) { extent.ranges[position].take($0) }
      }
      if let classScores {
        let highest = interpreter.withValue(of: classScores) { $0.max() ?? 0 }
        extent.leastHighest = min(extent.leastHighest, highest)
      }
    } merge: { into, from in
      for index in into.ranges.indices { into.ranges[index].take(from.ranges[index]) }
      into.leastHighest = min(into.leastHighest, from.leastHighest)
    }
    let ranges = extent.ranges
    leastHighest = classScores == nil ? nil : extent.leastHighest
    for (position, tensor) in tensors.enumerated() {
      guard ranges[position].lower.isFinite, ranges[position].upper.isFinite else {
        throw .notFinite(tensor: graph.tensors[tensor].name)
      }
    }
    let counted = try Self.pass(graph, samples, threadCount) {
      ranges.map { Histogram(lower: min($0.lower, 0), upper: max($0.upper, 0)) }
    } visit: { interpreter, histograms in
      for (position, tensor) in tensors.enumerated() {
        interpreter.withValue(of: tensor) { histograms[position].add($0) }
      }
    } merge: { into, from in
      for index in into.indices { into[index].merge(from[index]) }
    }
    histograms = Dictionary(uniqueKeysWithValues: zip(tensors, counted))
    inputStatistics = try InputStatistics.gather(graph, samples, threadCount)
  }

  /// What the first pass finds.
  private struct Extent {
    var ranges: [Range]
    var leastHighest = Float.infinity

    init(tensorCount: Int) { ranges = [Range](repeating: Range(), count: tensorCount) }
  }

  /// The least and the greatest value; NaN once there was one.
  private struct Range {
    var lower = Float.infinity
    var upper = -Float.infinity

    mutating func take(_ values: UnsafeBufferPointer<Float>) {
      var (lower, upper) = (lower, upper)
      for value in values {
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

  /// Runs every sample and merges what `visit` gathered.
  static func pass<State: Sendable>(
    _ graph: Graph, _ samples: CalibrationSamples, _ threadCount: Int,
    start: () -> State, visit: @Sendable (FloatInterpreter, inout State) -> Void,
    merge: (inout State, State) -> Void
  ) throws(QuantizationError) -> State {
    let threads = max(1, min(threadCount, chunkCount))
    var interpreters: [FloatInterpreter] = []
    do {
      for _ in 0..<threads { interpreters.append(try FloatInterpreter(graph)) }
    } catch {
      throw .graph(error)
    }
    nonisolated(unsafe) let machines = interpreters
    nonisolated(unsafe) var states = (0..<chunkCount).map { _ in start() }
    states.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for chunk in stride(from: thread, to: chunkCount, by: threads) {
          for sample in stride(from: chunk, to: samples.count, by: chunkCount) {
            for position in graph.inputs.indices {
              machines[thread].withInput(position) { samples.fill(sample, position, $0) }
            }
            machines[thread].run()
            visit(machines[thread], &slots[chunk])
          }
        }
      }
    }
    var result = states[0]
    for state in states.dropFirst() { merge(&result, state) }
    return result
  }
}
