import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

// What two models and samples must have in common.

extension Diff {
  /// The reference's input for each of the candidate's.
  ///
  /// - Throws: when the models cannot be fed alike, or not with these samples.
  static func inputOrder(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: DiffData
  ) throws(EvaluationError) -> [Int] {
    guard data.count > 0 else { throw .noSamples }
    if let images = data.images {
      for model in [reference, candidate] {
        try requireImages(images, fit: try model.inputShape())
      }
      return [0]
    }
    for model in [reference, candidate] {
      for input in model.real.inputs where model.real.tensors[input].isInteger {
        throw .unfit(
          "\(model.file): its input '\(model.real.tensors[input].name)' holds whole numbers; "
            + "inputs of reals are compared")
      }
    }
    let (ports, others) = (reference.inputPorts, candidate.inputPorts)
    let found = PortMatching.matches(ports, others)
    var order = [Int](repeating: 0, count: others.count)
    for (position, match) in found.enumerated() { if let match { order[match] = position } }
    guard ports.count == others.count, !found.contains(nil) else {
      func list(_ ports: [DiffModel.Port]) -> String {
        ports.isEmpty ? "none" : ports.map(\.text).joined(separator: ", ")
      }
      throw .unfit(
        "the models cannot be fed alike: the first has the inputs \(list(ports)), the second "
          + list(others))
    }
    return order
  }

  /// Throws for two blobs of which only one has int16, and so pools apart from its convolutions:
  /// their layers are not the same.
  static func requireLikePools(
    _ reference: DiffModel, _ candidate: DiffModel
  ) throws(CompilerError) {
    let models = [reference, candidate]
    guard models.allSatisfy({ !$0.isFloat }), Set(models.map(\.arithmetic)).count > 1,
      let fused = models.lazy.flatMap(\.places).first(where: \.hasPool)
    else { return }
    throw .invalid(
      node: fused.name,
      reason: "the pool after it is a part of it in one blob and, as int16 has it, none in the "
        + "other; compare each with the float model")
  }

  /// The error of two models without an output in common.
  static func unmatchedOutputs(_ reference: DiffModel, _ candidate: DiffModel) -> EvaluationError {
    for model in [reference, candidate] where model.firstOutputPlace == nil {
      return .unreadableOutput(file: model.file)
    }
    return .outputCount(
      float: reference.outputPorts.first?.elementCount ?? 0,
      int8: candidate.outputPorts.first?.elementCount ?? 0)
  }

  /// Whether labels say how much of what the first output is for may be lost.
  package var canLose: Bool {
    switch outputs[0].metric {
    case .classification, .scores, .reconstruction: data.classes != nil
    case .regression, .embedding, .detection, .picture, .signal: false
    }
  }

  /// Confusions are counted for each pair of classes.
  static let classLimit = 4096

  /// Throws unless the first output has a score for each class of the labels, where it should.
  static func requireClasses(
    _ output: OutputPair, _ candidate: DiffModel, _ data: DiffData
  ) throws(EvaluationError) {
    guard output.metric == .classification, data.classes != nil else { return }
    let count = candidate.places[output.candidate].elementCount
    guard count >= data.classCount else {
      throw .classCount(model: count, data: data.classCount)
    }
    guard count <= classLimit else { throw .tooManyClasses(count, limit: classLimit) }
  }
}
