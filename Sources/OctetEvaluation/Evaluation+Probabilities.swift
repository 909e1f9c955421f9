import Foundation
import OctetCompiler
import OctetData
import OctetModel
import OctetReport
import OctetRuntime

/// A model of any format that gives each class a score.
public enum ScoringModel: Sendable {
  case float(Graph)
  case int8(LoadedModel)

  /// The shape of its one input.
  ///
  /// - Throws: when it has more than one.
  package func inputShape() throws(EvaluationError) -> [Int] {
    switch self {
    case .float(let graph): return try graph.onlyInputShape()
    case .int8(let loaded):
      guard loaded.inputCount == 1 else { throw .inputCount(loaded.inputCount) }
      return loaded.input(0).shape
    }
  }

  /// The values of its first output.
  package var scoreCount: Int {
    switch self {
    case .float(let graph): graph.tensors[graph.outputs[0]].elementCount
    case .int8(let loaded): loaded.output(0).elementCount
    }
  }

  /// Whether its scores are probabilities already.
  var endsInSoftmax: Bool {
    switch self {
    case .float(let graph):
      if case .softmax? = graph.nodes.last?.operation { true } else { false }
    case .int8(let loaded):
      loaded.operatorCount > 0
        && [.softmax, .softmax16].contains(loaded.operator(loaded.operatorCount - 1).kind)
    }
  }
}

extension Evaluation {
  /// A probability for each class of each image, one image after the other: the model's own where
  /// it ends in softmax, otherwise the softmax of its scores.
  ///
  /// - Throws: when the model has several inputs, or the images are not of its size.
  public static func probabilities(
    _ model: ScoringModel, _ data: Dataset, threadCount: Int,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Float] {
    let classCount = model.scoreCount
    let isDone = model.endsInSoftmax
    @Sendable func finish(_ scores: [Float]) -> [Float] { isDone ? scores : softmax(scores) }
    switch model {
    case .float(let graph):
      try requireImages(data, fit: try graph.onlyInputShape())
      let encoder = PixelEncoder(
        channelCount: data.channelCount, normalization: graph.metadata.normalization)
      let machines = try (0..<max(1, threadCount)).map { _ in try FloatInterpreter(graph) }
      nonisolated(unsafe) let all = machines
      return rows(data.count, classCount, threadCount: machines.count, progress) {
        thread, index in
        let machine = unsafe all[thread]
        unsafe machine.withInput(0) { unsafe encoder.encode(data.pixelSlice(index), into: $0) }
        machine.run()
        return unsafe machine.withValue(of: graph.outputs[0]) { unsafe finish(Array($0)) }
      }
    case .int8(let loaded):
      let encoder = try inputEncoder(loaded, data)
      let runners = try (0..<max(1, threadCount)).map { _ in
        try loaded.makeRunner(backend: .best)
      }
      nonisolated(unsafe) let all = runners
      return rows(data.count, classCount, threadCount: runners.count, progress) {
        thread, index in
        let runner = unsafe all[thread]
        unsafe runner.withInput(0) { unsafe encoder.encode(data.pixelSlice(index), into: $0) }
        runner.run()
        return finish(runner.realOutput(0))
      }
    }
  }

  package static func softmax(_ scores: [Float]) -> [Float] {
    let highest = scores.max() ?? 0
    let powers = scores.map { exp($0 - highest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// Calls `body` for every image, spread over threads, and puts the rows in order.
  private static func rows(
    _ count: Int, _ width: Int, threadCount: Int, _ progress: (@Sendable (Int) -> Void)?,
    _ body: @Sendable (_ thread: Int, _ index: Int) -> [Float]
  ) -> [Float] {
    var values = [Float](repeating: 0, count: count * width)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = unsafe buffer
      DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
        for index in stride(from: thread, to: count, by: threadCount) {
          for (column, value) in body(thread, index).enumerated() {
            unsafe slots[index * width + column] = value
          }
          if thread == 0, index % 1024 == 0 { progress?(index) }
        }
      }
    }
    progress?(count)
    return values
  }
}
