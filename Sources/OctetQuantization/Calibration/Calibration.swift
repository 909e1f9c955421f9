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
  /// For each graph output the least, over all samples, of a sample's highest value.
  public private(set) var leastHighest: [TensorIndex: Float]
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
    let ranges = try Self.pass(graph, samples, threadCount) {
      [(Float, Float)](repeating: (.infinity, -.infinity), count: tensors.count)
    } visit: { interpreter, ranges in
      for (position, tensor) in tensors.enumerated() {
        interpreter.withValue(of: tensor) { values in
          var (lower, upper) = ranges[position]
          for value in values {
            // NaN must not slip through a comparison.
            lower = value < lower || value.isNaN ? value : lower
            upper = value > upper || value.isNaN ? value : upper
          }
          ranges[position] = (lower, upper)
        }
      }
    } merge: { into, from in
      for index in into.indices {
        into[index].0 = Self.minimum(into[index].0, from[index].0)
        into[index].1 = Self.maximum(into[index].1, from[index].1)
      }
    }
    for (position, tensor) in tensors.enumerated() {
      guard ranges[position].0.isFinite, ranges[position].1.isFinite else {
        throw .notFinite(tensor: graph.tensors[tensor].name)
      }
    }
    let counted = try Self.pass(graph, samples, threadCount) {
      ranges.map { Histogram(lower: min($0.0, 0), upper: max($0.1, 0)) }
    } visit: { interpreter, histograms in
      for (position, tensor) in tensors.enumerated() {
        interpreter.withValue(of: tensor) { histograms[position].add($0) }
      }
    } merge: { into, from in
      for index in into.indices { into[index].merge(from[index]) }
    }
    histograms = Dictionary(uniqueKeysWithValues: zip(tensors, counted))
    leastHighest = try Self.pass(graph, samples, threadCount) {
      [TensorIndex: Float]()
    } visit: { interpreter, least in
      for output in graph.outputs {
        let highest = interpreter.withValue(of: output) { $0.max() ?? 0 }
        least[output] = min(least[output] ?? highest, highest)
      }
    } merge: { into, from in
      into.merge(from, uniquingKeysWith: min)
    }
    inputStatistics = try InputStatistics.gather(graph, samples, threadCount)
  }

  private static func minimum(_ a: Float, _ b: Float) -> Float { a.isNaN || a < b ? a : b }
  private static func maximum(_ a: Float, _ b: Float) -> Float { a.isNaN || a > b ? a : b }

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
