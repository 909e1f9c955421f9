import Dispatch
import OctetCompiler
import OctetData
import OctetModel
import OctetQuantization
import OctetReport

/// Samples that nothing was chosen by, with what the float model makes of them: what int8 models
/// are judged by.
public struct HeldBack: Sendable {
  /// The inputs as the float model takes them.
  public let samples: CalibrationSamples
  /// The class of each sample; nil where the samples have none that the model's scores stand for.
  public let labels: [Int]?
  /// The float model's outputs, by sample.
  private let references: [Reference]
  private let threadCount: Int

  private struct Reference: Sendable {
    var top: Int
    var outputs: [[Float]]
  }

  /// More samples are not judged by, so that a judgement takes seconds.
  public static let sampleLimit = 10_000
  /// Multiply-adds, roughly, that one pass of the float model may take.
  private static let workLimit = 4e11
  /// Values of outputs that are kept to be compared.
  private static let valueLimit = 1 << 26

  /// How many of `available` samples are held back for a model: all, or as many as a judgement can
  /// afford.
  public static func count(of available: Int, for graph: Graph) -> Int {
    let byWork = Int(min(workLimit / max(graph.inferenceWork, 1), Double(sampleLimit)))
    let values = graph.outputs.reduce(0) { $0 + graph.tensors[$1].elementCount }
    return min(available, max(16, min(byWork, valueLimit / max(values, 1))))
  }

  /// Runs `graph` on the samples.
  public init(
    _ graph: Graph, _ samples: CalibrationSamples, labels: [Int]?, threadCount: Int
  ) throws {
    self.samples = samples
    self.threadCount = max(1, threadCount)
    let scoreCount = graph.outputs.first.map { graph.tensors[$0].elementCount } ?? 0
    self.labels = labels.flatMap { $0.allSatisfy { $0 < scoreCount } ? $0 : nil }
    let machines = try (0..<self.threadCount).map { _ in try FloatInterpreter(graph) }
    nonisolated(unsafe) let interpreters = machines
    references = Self.each(samples.count, threads: self.threadCount) { thread, sample in
      let machine = unsafe interpreters[thread]
      for position in graph.inputs.indices {
        unsafe machine.withInput(position) { unsafe samples.fill(sample, position, $0) }
      }
      machine.run()
      let outputs = graph.outputs.map { machine.value(of: $0) }
      return Reference(top: Scores.top(outputs[0]) ?? 0, outputs: outputs)
    }
  }

  /// The share of labelled samples that the float model gets right; nil without labels.
  public var floatAccuracy: Double? {
    labels.map { labels in
      let right = zip(labels, references).count { $0 == $1.top }
      return Double(right) / Double(max(labels.count, 1))
    }
  }

  /// Runs an int8 model on the samples, and compares.
  public func judge(_ model: LoadedModel) throws -> Judgement {
    let runners = try (0..<threadCount).map { _ in try model.makeRunner() }
    nonisolated(unsafe) let machines = runners
    let samples = samples
    let results = Self.each(samples.count, threads: threadCount) { thread, sample in
      let runner = unsafe machines[thread]
      for index in 0..<model.inputCount {
        let view = model.input(index)
        let size = view.elementCount
        let reals = unsafe [Float](unsafeUninitializedCapacity: size) { buffer, count in
          unsafe samples.fill(sample, index, buffer)
          count = size
        }
        unsafe runner.withInput(index) { unsafe view.write(reals, into: $0) }
      }
      runner.run()
      let top =
        model.output(0).isInt16
        ? Scores.top(runner.realOutput(0)) ?? 0
        : unsafe runner.withOutput(0) { unsafe Scores.top($0) ?? 0 }
      return Result(top: top, errors: errors(runner, references[sample]))
    }
    var judgement = Judgement(
      sampleCount: samples.count, hasLabels: labels != nil, floatAccuracy: floatAccuracy,
      outputs: results.first?.errors.indices.map { position in
        results.map { $0.errors[position] }
      } ?? [])
    for (sample, result) in results.enumerated() {
      let real = references[sample].top
      judgement.agreementCount += result.top == real ? 1 : 0
      if let label = labels?[sample] {
        judgement.rightCount += result.top == label ? 1 : 0
        judgement.lostCount += real == label && result.top != label ? 1 : 0
        judgement.gainedCount += real != label && result.top == label ? 1 : 0
      } else {
        judgement.lostCount += result.top == real ? 0 : 1
      }
    }
    return judgement
  }

  private struct Result: Sendable {
    var top: Int
    var errors: [Judgement.Error]
  }

  private func errors(_ runner: LoadedModel.Runner, _ reference: Reference) -> [Judgement.Error] {
    reference.outputs.indices.map { index in
      guard index < runner.loaded.outputCount else { return Judgement.Error() }
      var error = Judgement.Error()
      // Class scores that nobody can see are clipped on purpose.
      let view = runner.loaded.output(index)
      let isScores = index == 0 && view.elementCount == runner.loaded.labels.count
      let ends = view.ends
      let span = isScores ? ends.lower...ends.upper : -.infinity ... .infinity
      for (value, real) in zip(runner.realOutput(index), reference.outputs[index]) {
        let real = min(max(real, span.lowerBound), span.upperBound)
        let difference = Double(value) - Double(real)
        error.noise += difference * difference
        error.signal += Double(real) * Double(real)
      }
      return error
    }
  }

  /// Calls `body` for every index, spread over threads, and gathers the results in order.
  private static func each<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (_ thread: Int, _ index: Int) -> Value
  ) -> [Value] {
    var values = [Value?](repeating: nil, count: count)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = unsafe buffer
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for index in stride(from: thread, to: count, by: threads) {
          unsafe slots[index] = body(thread, index)
        }
      }
    }
    return values.compactMap { $0 }
  }
}

extension Graph {
  fileprivate var inferenceWork: Double { nodes.reduce(0) { $0 + work(of: $1) } }
}
