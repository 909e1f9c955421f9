import Foundation
import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetReport

extension Diff {
  /// The images that `run` compares and `sensitivity` sweeps.
  public var sampleCount: Int { indices.count }

  /// Accuracy with only one layer quantized, and with all but it, for every layer.
  ///
  /// - Parameters:
  ///   - progress: called with the images done and a note.
  ///   - shouldStop: asked now and then; what was swept until then is reported.
  public func sensitivity(
    progress: @escaping @Sendable (Int, String) -> Void,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> DiffReport.Sensitivity {
    guard outputs[0].metric == .classification else {
      throw EvaluationError.metric(
        "--sensitivity sweeps classifiers; the first output is judged by "
          + "\(outputs[0].metric.rawValue)")
    }
    let indices = indices
    let count = max(1, min(options.threadCount, indices.count))
    let workers = try (0..<count).map { _ in try SweepWorker(self) }
    nonisolated(unsafe) let crew = workers
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      for position in stride(from: thread, to: indices.count, by: count) {
        if shouldStop() { return }
        unsafe crew[thread].sweep(indices[position])
        if thread == 0 { progress(position, unsafe "\(crew[thread].layerCount) layers both ways") }
      }
    }
    var total = workers[0].tally
    for worker in workers.dropFirst() { total.merge(worker.tally) }
    let sampleCount = max(total.sampleCount, 1)
    func share(_ count: Int) -> Double { Double(count) / Double(sampleCount) }
    return .init(
      sampleCount: total.sampleCount, floatTop1: share(total.floatRight),
      int8Top1: share(total.int8Right),
      layers: layers.enumerated().map { layer, place in
        .init(
          name: candidate.places[place].name,
          onlyThis: workers[0].canDoOnly(layer) ? share(total.onlyRight[layer]) : nil,
          allButThis: workers[0].canDoAllBut(layer) ? share(total.allButRight[layer]) : nil)
      })
  }
}

/// Right answers, which add up over threads.
private struct SweepTally {
  var sampleCount = 0
  var floatRight = 0
  var int8Right = 0
  var onlyRight: [Int]
  var allButRight: [Int]

  mutating func merge(_ other: SweepTally) {
    sampleCount += other.sampleCount
    floatRight += other.floatRight
    int8Right += other.int8Right
    for index in onlyRight.indices {
      onlyRight[index] += other.onlyRight[index]
      allButRight[index] += other.allButRight[index]
    }
  }
}

/// One thread's models, with every layer cut out both ways.
private final class SweepWorker {
  private let diff: Diff
  private let reference: DiffMachine
  private let candidate: DiffMachine
  private let runner: LoadedModel.Runner?
  private let heads: [Head?]
  private let bodies: [Body?]
  private(set) var tally: SweepTally
  private var scores: [Float] = []

  /// One quantized layer, and the reference from there on.
  private struct Head {
    /// Nil for the input.
    var probe: LocalProbe?
    /// Nil for the last layer.
    var tail: FloatInterpreter?
    /// Places whose values the tail needs too.
    var others: [Int]
  }

  /// One layer of the reference within the int8 model.
  private struct Body {
    var operatorIndex: Int
    var inputs: [TensorView]
    var output: TensorView
    var real: FloatInterpreter
  }

  init(_ diff: Diff) throws {
    self.diff = diff
    reference = try DiffMachine(diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
    candidate = try DiffMachine(diff.candidate, encoder: diff.candidateEncoder, keepsReals: true)
    let runner = try diff.candidate.loaded?.makeRunner()
    self.runner = runner
    heads = diff.layers.map { Self.head(diff, $0, runner) }
    bodies = diff.layers.map { Self.body(diff, $0) }
    let zeros = [Int](repeating: 0, count: diff.layers.count)
    tally = SweepTally(onlyRight: zeros, allButRight: zeros)
  }

  var layerCount: Int { diff.layers.count }
  func canDoOnly(_ layer: Int) -> Bool { heads[layer] != nil }
  func canDoAllBut(_ layer: Int) -> Bool { bodies[layer] != nil }

  private static func head(
    _ diff: Diff, _ place: Int, _ runner: LoadedModel.Runner?
  ) -> Head? {
    guard let twin = diff.twins[place] else { return nil }
    let tensor = diff.reference.places[twin].tensor
    var probe: LocalProbe?
    if diff.candidate.places[place].operatorIndex != nil {
      probe = diff.makeProbe(place, runner)
      if probe == nil { return nil }
    }
    if twin == diff.referenceOutput { return Head(probe: probe, tail: nil, others: []) }
    guard let tail = diff.reference.real.tail(after: tensor) else { return nil }
    let others = tail.others.map { diff.reference.placeOfTensor[$0] }
    guard !others.contains(nil), let interpreter = try? FloatInterpreter(tail.graph) else {
      return nil
    }
    return Head(probe: probe, tail: interpreter, others: others.compactMap { $0 })
  }

  private static func body(_ diff: Diff, _ place: Int) -> Body? {
    guard let loaded = diff.candidate.loaded,
      let index = diff.candidate.places[place].operatorIndex,
      let part = diff.referencePart(place), let real = try? FloatInterpreter(part)
    else { return nil }
    let view = loaded.operator(index)
    let inputs = diff.candidate.sources(of: place).map { loaded.tensor($0.tensor) }
    guard inputs.map(\.elementCount) == part.inputs.map({ part.tensors[$0].elementCount }),
      part.outputs.map({ part.tensors[$0].elementCount }) == [view.output(0).elementCount]
    else { return nil }
    return Body(operatorIndex: index, inputs: inputs, output: view.output(0), real: real)
  }

  func sweep(_ index: Int) {
    reference.run(index)
    candidate.run(index)
    tally.sampleCount += 1
    let own = unsafe reference.withReals(diff.referenceOutput) { unsafe Scores.top($0) }
    // Without labels the reference is right.
    let label = diff.data.label(index) ?? own
    tally.floatRight += own == label ? 1 : 0
    unsafe tally.int8Right +=
      candidate.withReals(diff.candidateOutput) { unsafe Scores.top($0) } == label ? 1 : 0
    for layer in diff.layers.indices {
      if let head = heads[layer] {
        tally.onlyRight[layer] += only(layer, head) == label ? 1 : 0
      }
      if let body = bodies[layer] {
        tally.allButRight[layer] += allBut(body, index) == label ? 1 : 0
      }
    }
  }

  private func only(_ layer: Int, _ head: Head) -> Int? {
    if let probe = head.probe {
      probe.run(reference, isSplitting: false)
      scores = probe.result
    } else {
      unsafe candidate.withReals(diff.layers[layer]) { scores = unsafe Array($0) }
    }
    guard let tail = head.tail else { return Scores.top(scores) }
    tail.setInput(0, scores)
    for (position, place) in head.others.enumerated() {
      unsafe reference.withReals(place) { values in
        unsafe tail.withInput(position + 1) { _ = unsafe $0.update(fromContentsOf: values) }
      }
    }
    tail.run()
    return unsafe tail.withValue(of: tail.graph.outputs[0]) { unsafe Scores.top($0) }
  }

  private func allBut(_ body: Body, _ sample: Int) -> Int? {
    guard let runner else { return nil }
    for input in 0..<runner.loaded.inputCount {
      unsafe runner.withInput(input) {
        unsafe diff.candidateEncoder.encode(sample, input: input, into: $0)
      }
    }
    for index in 0..<body.operatorIndex { runner.runOperator(index) }
    for (position, tensor) in body.inputs.enumerated() {
      unsafe runner.withElements(of: tensor) { codes in
        unsafe body.real.withInput(position) { unsafe tensor.read(codes, into: $0) }
      }
    }
    body.real.run()
    unsafe body.real.withValue(of: body.real.graph.outputs[0]) { values in
      unsafe runner.withMutableElements(of: body.output) {
        unsafe body.output.write(values, into: $0)
      }
    }
    for index
      in (body.operatorIndex + 1)..<max(
        body.operatorIndex + 1, runner.loaded.operatorCount)
    {
      runner.runOperator(index)
    }
    return Scores.top(runner.realOutput(0))
  }
}

extension Diff {
  /// The reference's own layer behind a place of the candidate, from the twins of its inputs.
  func referencePart(_ place: Int) -> Graph? {
    part(place, twins)
  }

  /// The same where windows differ, so that numbers of elements do.
  func counterpartPart(_ place: Int) -> Graph? { part(place, counterparts) }

  private func part(_ place: Int, _ twins: [Int?]) -> Graph? {
    guard let twin = twins[place] else { return nil }
    var sources: [TensorIndex] = []
    for source in candidate.sources(of: place) {
      guard let place = source.place, let other = twins[place] else { return nil }
      sources.append(reference.places[other].tensor)
    }
    guard !sources.isEmpty else { return nil }
    return reference.real.cut(from: sources, to: [reference.places[twin].tensor])
  }

  /// What the reference computes between the twins of several places and that of a layer behind
  /// them.
  func referencePart(_ place: Int, from sources: [Int]) -> Graph? {
    let read = sources.compactMap { twins[$0] }
    guard let twin = twins[place], read.count == sources.count else { return nil }
    return reference.real.cut(
      from: read.map { reference.places[$0].tensor }, to: [reference.places[twin].tensor])
  }
}
