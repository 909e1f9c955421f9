import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

extension Diff {
  /// Bytes, multiply-adds and time of both models.
  func makeCost() throws -> DiffReport.Cost {
    var cost = DiffReport.Cost(
      float: cost(of: reference), int8: cost(of: candidate), layers: layerCosts(), arena: [])
    if let shipped = candidate.shipped { cost.arena = InspectReport(shipped).arena }
    guard options.measuresTime else { return cost }
    cost.float.nanoseconds = try time(reference, referenceEncoder)
    cost.int8.nanoseconds = try time(candidate, candidateEncoder)
    try addTimes(&cost)
    return cost
  }

  private func cost(of model: DiffModel) -> DiffReport.Cost.Model {
    switch model.form {
    case .int8(let loaded):
      let report = InspectReport(model.shipped ?? loaded)
      return .init(
        fileByteCount: model.fileByteCount, weightByteCount: report.weightByteCount,
        activationByteCount: report.arenaByteCount ?? 0, macCount: report.macCount)
    case .float(let graph):
      let report = InspectReport(graph, format: "float", fileByteCount: 0)
      let activations = graph.tensors.filter { $0.constant == nil }
      return .init(
        fileByteCount: model.fileByteCount, weightByteCount: report.weightByteCount,
        activationByteCount: activations.reduce(0) { $0 + 4 * $1.elementCount },
        macCount: report.macCount)
    }
  }

  /// The costs by operator of the candidate.
  private func layerCosts() -> [DiffReport.Cost.Layer] {
    let coded =
      candidate.lostChannels.isEmpty
      ? candidate.coded : candidate.shipped.flatMap { try? BlobReader.values($0.blob).graph }
    return candidate.places.compactMap { place in
      guard let index = place.operatorIndex else { return nil }
      switch candidate.form {
      case .int8(let loaded):
        let view = (candidate.shipped ?? loaded).operator(index)
        let isWeighted = view.macCount > 0
        let byteCount = coded.flatMap { graph in
          isWeighted
            ? graph.weightedNode(behind: place.tensor).map { graph.constantByteCount(of: $0) } : nil
        }
        return .init(
          name: place.name, operator: place.maker.name,
          macCount: view.macCount,
          weightByteCount: byteCount ?? 0)
      case .float(let graph):
        let node = graph.nodes[index]
        return .init(
          name: place.name, operator: place.maker.name, macCount: graph.macCount(of: node),
          weightByteCount: graph.constantByteCount(of: node))
      }
    }
  }

  private func time(_ model: DiffModel, _ encoder: SampleEncoder) throws -> Double {
    if let runner = try model.shipped?.makeRunner() {
      return Self.medianNanoseconds {
        for input in 0..<runner.loaded.inputCount {
          unsafe runner.withInput(input) { unsafe encoder.encode(0, input: input, into: $0) }
        }
        runner.run()
      }
    }
    let machine = try DiffMachine(model, encoder: encoder, keepsReals: false)
    return Self.medianNanoseconds { machine.run(0) }
  }

  /// Each operator alone, in int8 and in real numbers.
  private func addTimes(_ cost: inout DiffReport.Cost) throws {
    let machine = try candidate.shipped?.makeRunner()
    machine?.fillInputsForSelfTest()
    let timed = candidate.places.indices.filter { candidate.places[$0].operatorIndex != nil }
    for (position, place) in timed.enumerated() {
      if let machine, let index = candidate.places[place].operatorIndex {
        cost.layers[position].int8Nanoseconds = Self.medianNanoseconds {
          machine.runOperator(index)
        }
      }
      guard let part = candidate.part(place, of: candidate.real),
        let interpreter = try? FloatInterpreter(part)
      else { continue }
      cost.layers[position].floatNanoseconds = Self.medianNanoseconds { interpreter.run() }
    }
  }

  /// The median time of up to 15 calls, or of as many as 10 ms hold.
  private static func medianNanoseconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    body()
    var times: [Double] = []
    var total = 0.0
    while times.isEmpty || (times.count < 15 && total < 1e7) {
      let time = clock.measure(body).inSeconds * 1e9
      times.append(time)
      total += time
    }
    times.sort()
    return times[times.count / 2]
  }
}

extension Graph {
  fileprivate func constantByteCount(of node: Node) -> Int {
    node.inputs.reduce(0) { sum, index in
      switch tensors[index].constant {
      case .float(let values): sum + 4 * values.count
      case .int32(let values): sum + 4 * values.count
      case .int8(let values): sum + values.count
      case .int64, nil: sum
      }
    }
  }
}
