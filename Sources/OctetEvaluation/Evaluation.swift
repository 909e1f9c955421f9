import Foundation
import OctetCompiler
import OctetData
import OctetModel
import OctetReport
import OctetRuntime

/// Runs models over a dataset on several threads.
public enum Evaluation {
  /// The predicted class of each image.
  public struct Predictions: Sendable {
    /// The class of each image, by index.
    public var labels: [Int]
    /// The time that it took.
    public var seconds: Double

    /// The share of images whose prediction is the dataset's label.
    public func accuracy(_ data: Dataset) -> Double {
      let right = zip(labels, data.labels).count { $0 == Int($1) }
      return labels.isEmpty ? 0 : Double(right) / Double(labels.count)
    }
  }

  /// Predictions of an int8 model.
  public static func predict(
    _ loaded: LoadedModel, _ data: Dataset, threadCount: Int, backend: Backend = .best,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> Predictions {
    let encoder = try inputEncoder(loaded, data)
    let runners = try (0..<max(1, threadCount)).map { _ in
      try loaded.makeRunner(backend: backend)
    }
    nonisolated(unsafe) let machines = runners
    return unsafe over(data.count, threadCount: machines.count, progress: progress) {
      thread, index in
      let runner = unsafe machines[thread]
      unsafe runner.withInput(0) { unsafe encoder.encode(data.pixelSlice(index), into: $0) }
      runner.run()
      if loaded.output(0).isInt16 { return Scores.top(runner.realOutput(0)) ?? 0 }
      return unsafe runner.withOutput(0) { unsafe Scores.top($0) ?? 0 }
    }
  }

  /// Predictions of a float model.
  public static func predict(
    _ graph: Graph, _ data: Dataset, threadCount: Int, normalization: Normalization?
  ) throws -> Predictions {
    try requireImages(data, fit: try graph.onlyInputShape())
    let encoder = PixelEncoder(
      channelCount: data.channelCount, normalization: normalization ?? graph.metadata.normalization)
    let interpreters = try (0..<max(1, threadCount)).map { _ in try FloatInterpreter(graph) }
    nonisolated(unsafe) let machines = interpreters
    return unsafe over(data.count, threadCount: machines.count, progress: nil) { thread, index in
      let machine = unsafe machines[thread]
      unsafe machine.withInput(0) { unsafe encoder.encode(data.pixelSlice(index), into: $0) }
      machine.run()
      return unsafe machine.withValue(of: graph.outputs[0]) { unsafe Scores.top($0) ?? 0 }
    }
  }

  /// The encoder of a blob's input, checked against the data.
  static func inputEncoder(_ model: LoadedModel, _ data: Dataset) throws(EvaluationError)
    -> PixelEncoder
  {
    guard model.inputCount == 1 else { throw .inputCount(model.inputCount) }
    let input = model.input(0)
    try requireImages(data, fit: input.shape)
    return PixelEncoder(
      channelCount: data.channelCount, normalization: model.normalization, input: input)
  }

  /// Calls `body` for every index, spread over threads, and gathers the results in order.
  private static func over(
    _ count: Int, threadCount: Int, progress: (@Sendable (Int) -> Void)?,
    _ body: @Sendable (_ thread: Int, _ index: Int) -> Int
  ) -> Predictions {
    var labels = [Int](repeating: 0, count: count)
    let start = ContinuousClock.now
    unsafe labels.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = unsafe buffer
      DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
        for index in stride(from: thread, to: count, by: threadCount) {
          unsafe slots[index] = body(thread, index)
          if thread == 0, index % 1024 == 0 { progress?(index) }
        }
      }
    }
    progress?(count)
    return Predictions(labels: labels, seconds: (ContinuousClock.now - start).inSeconds)
  }
}

extension Graph {
  /// The shape of the graph's single input.
  package func onlyInputShape() throws(EvaluationError) -> [Int] {
    guard inputs.count == 1 else { throw .inputCount(inputs.count) }
    return tensors[inputs[0]].shape
  }
}

extension Dataset {
  /// The bytes of image `index`: H·W·C.
  package func pixelSlice(_ index: Int) -> ArraySlice<UInt8> {
    pixels[index * imageByteCount..<(index + 1) * imageByteCount]
  }
}

extension Duration {
  package var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
