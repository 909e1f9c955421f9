import Foundation
import OctetCompiler
import OctetData
import OctetModel
import OctetRuntime

/// Compares a float model with an int8 model image by image and layer by layer.
///
/// The int8 side is the runtime itself, so what is measured is what a board computes.
public struct Diff: Sendable {
  let graph: Graph
  let loaded: LoadedModel
  let data: Dataset
  private let floatEncoder: PixelEncoder
  private let integerEncoder: PixelEncoder
  /// Operators whose output the float graph has too, by its name.
  private let taps: [Tap]

  struct Tap: Sendable {
    var operatorIndex: Int
    var tensor: TensorIndex
  }

  public init(_ graph: Graph, _ loaded: LoadedModel, _ data: Dataset) throws(EvaluationError) {
    self.graph = graph
    self.loaded = loaded
    self.data = data
    try requireImages(data, fit: try graph.onlyInputShape())
    integerEncoder = try Evaluation.inputEncoder(loaded.model, data)
    floatEncoder = PixelEncoder(
      channelCount: data.channelCount,
      normalization: graph.metadata.normalization ?? loaded.model.normalization)
    let floatCount = graph.tensors[graph.outputs[0]].elementCount
    let int8Count = loaded.model.output(0).elementCount
    guard floatCount == int8Count else { throw .outputCount(float: floatCount, int8: int8Count) }
    guard floatCount >= data.classNames.count else {
      throw .classCount(model: floatCount, data: data.classNames.count)
    }
    taps = Self.taps(graph, loaded.model)
  }

  private static func taps(_ graph: Graph, _ model: Model) -> [Tap] {
    var byName: [String: TensorIndex] = [:]
    for (index, tensor) in graph.tensors.enumerated() where tensor.constant == nil {
      byName[tensor.name.blobName] = index
    }
    return (0..<model.operatorCount).compactMap { index in
      let output = model.operator(index).output(0)
      guard let tensor = byName[String(output.name)],
        graph.tensors[tensor].elementCount == output.elementCount
      else { return nil }
      return Tap(operatorIndex: index, tensor: tensor)
    }
  }

  /// Runs both models on every image.
  ///
  /// - Parameter progress: called now and then with the number of images done.
  public func run(
    threadCount: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> DiffReport {
    let start = ContinuousClock.now
    let count = max(1, min(threadCount, data.count))
    let workers = try (0..<count).map { _ in try Worker(self) }
    nonisolated(unsafe) let crew = workers
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      for index in stride(from: thread, to: data.count, by: count) {
        crew[thread].compare(index)
        if thread == 0, index % 256 == 0 { progress?(index) }
      }
    }
    progress?(data.count)
    var total = workers[0].result
    for worker in workers.dropFirst() { try total.merge(worker.result) }
    if let error = total.error { throw error }
    return report(total, seconds: (ContinuousClock.now - start).inSeconds)
  }

  /// One thread's models and sums.
  private final class Worker {
    let diff: Diff
    let interpreter: FloatInterpreter
    let runner: LoadedModel.Runner
    var result: Accumulator

    init(_ diff: Diff) throws {
      self.diff = diff
      interpreter = try FloatInterpreter(diff.graph)
      runner = try diff.loaded.makeRunner()
      result = Accumulator(
        classCount: diff.loaded.model.output(0).elementCount, layerCount: diff.taps.count)
    }

    func compare(_ index: Int) {
      let pixels = diff.data.pixelSlice(index)
      interpreter.withInput(0) { diff.floatEncoder.encode(pixels, into: $0) }
      runner.withInput(0) { diff.integerEncoder.encode(pixels, into: $0) }
      interpreter.run()
      var next = 0
      for operatorIndex in 0..<diff.loaded.model.operatorCount {
        runner.runOperator(operatorIndex)
        if next < diff.taps.count, diff.taps[next].operatorIndex == operatorIndex {
          tap(next)
          next += 1
        }
      }
      classify(index)
    }

    private func tap(_ position: Int) {
      let view = diff.loaded.model.operator(diff.taps[position].operatorIndex).output(0)
      runner.withElements(of: view) { codes in
        interpreter.withValue(of: diff.taps[position].tensor) { reals in
          result.errors[position].add(
            reference: reals.span, codes: codes.span, scale: view.scale,
            zeroPoint: view.zeroPoint)
        }
        result.usages[position].add(codes.span)
      }
    }

    private func classify(_ index: Int) {
      let output = diff.graph.outputs[0]
      let label = Int(diff.data.labels[index])
      let int8 = runner.withOutput(0) { Scores.top($0) ?? 0 }
      interpreter.withValue(of: output) { scores in
        let float = Scores.top(scores) ?? 0
        do throws(ReportError) {
          try result.classes.add(label: label, reference: float, candidate: int8)
        } catch {
          result.error = error
        }
        if float != int8 {
          result.flips.append(
            .init(
              index: index, label: label, floatPrediction: float, int8Prediction: int8,
              floatMargin: Scores.margin(scores) ?? 0, int8Margin: 0, floatScores: Array(scores),
              int8Scores: []))
        }
      }
    }
  }

  /// Sums over images; merging is exact in any order.
  struct Accumulator {
    var classes: PairedClassification
    var errors: [SignalError]
    var usages: [CodeUsage]
    var flips: [DiffReport.Flip] = []
    var error: ReportError?

    init(classCount: Int, layerCount: Int) {
      classes = PairedClassification(classCount: classCount)
      errors = [SignalError](repeating: SignalError(), count: layerCount)
      usages = [CodeUsage](repeating: CodeUsage(), count: layerCount)
    }

    mutating func merge(_ other: Accumulator) throws(ReportError) {
      try classes.merge(other.classes)
      for index in errors.indices {
        errors[index].merge(other.errors[index])
        usages[index].merge(other.usages[index])
      }
      flips += other.flips
      error = error ?? other.error
    }
  }

  private func report(_ total: Accumulator, seconds: Double) -> DiffReport {
    let count = total.classes.sampleCount
    let names = data.classNames.isEmpty ? loaded.labels : data.classNames
    return DiffReport(
      verdict: .init(summary: "", action: "", kind: .healthy, remedy: ""),
      comparison: .init(
        reference: .init(file: "", arithmetic: "float"),
        candidate: .init(file: "", arithmetic: "int8")),
      sampleCount: count,
      floatTop1: total.classes.reference.accuracy, int8Top1: total.classes.candidate.accuracy,
      floatTop1Interval: WilsonInterval(
        successCount: total.classes.reference.correctCount, trialCount: count),
      int8Top1Interval: WilsonInterval(
        successCount: total.classes.candidate.correctCount, trialCount: count),
      agreement: total.classes.agreement, rightToWrong: total.classes.rightToWrong,
      wrongToRight: total.classes.wrongToRight, significance: total.classes.significance,
      classNames: names, floatConfusion: total.classes.reference.counts,
      int8Confusion: total.classes.candidate.counts,
      confusionDifference: zip(
        total.classes.candidate.counts, total.classes.reference.counts
      ).map { $0 - $1 },
      flips: total.flips.sorted { ($1.floatMargin, $0.index) < ($0.floatMargin, $1.index) },
      margins: .init(
        flips: Histogram(0...1, binCount: 1), others: Histogram(0...1, binCount: 1)),
      layers: taps.indices.map { layer($0, total) }, localSampleCount: 0,
      cost: .init(
        float: .init(weightByteCount: 0, activationByteCount: 0, macCount: 0),
        int8: .init(weightByteCount: 0, activationByteCount: 0, macCount: 0), layers: [], arena: []),
      reproduce: .init(command: "", versions: [:], checksums: [:]), seconds: seconds)
  }

  private func layer(_ position: Int, _ total: Accumulator) -> DiffReport.Layer {
    let view = loaded.model.operator(taps[position].operatorIndex)
    let output = view.output(0)
    let error = total.errors[position]
    let usage = total.usages[position]
    return DiffReport.Layer(
      name: String(view.name), operator: view.kindName, tensor: String(output.name),
      floatTensor: String(output.name), shape: output.shape,
      scale: output.scale, zeroPoint: Int(output.zeroPoint), sqnrDecibels: error.sqnrDecibels,
      maxAbsError: error.maxAbsError, rmseOverScale: error.rmseOverScale(output.scale),
      cosine: error.cosine, clippedShare: error.clippedShare,
      saturatedShare: usage.saturatedShare(at: [.low, .high]),
      neverUsedShare: usage.neverUsedShare(),
      range: .init(
        floatLower: 0, floatUpper: 0, gridLower: 0, gridUpper: 0,
        histogram: Histogram(0...1, binCount: 1), codeCounts: usage.counts), channels: [],
      condition: .healthy, finding: "", remedy: "", findings: [])
  }
}

extension OperatorView {
  /// The kind's name as reports and JSON say it.
  public var kindName: String { kind.map { "\($0)" } ?? "unknown" }
}
