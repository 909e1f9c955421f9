import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// Runs one operator of the candidate alone, on the reference's own values as input, and takes
/// its error apart; see `DiffReport.ErrorSplit`.
final class LocalProbe {
  /// An operand that the reference has.
  private struct Operand {
    var referencePlace: Int
    var tensor: TensorView?
  }

  private let operands: [Operand]
  private let runner: LoadedModel.Runner?
  private let view: OperatorView?
  /// The operator in real numbers, with the candidate's weights.
  private let real: FloatInterpreter?
  /// The same with the reference's weights, where the reference's own values are rounded.
  private let exact: FloatInterpreter?
  private let bounds: (lower: Float, upper: Float)

  /// y0, y1 … of the last run; `real` ones are empty where they cannot be had.
  private(set) var withReference: [Float] = []
  private(set) var withWeights: [Float] = []
  private(set) var withRounding: [Float] = []
  private(set) var withClipping: [Float] = []
  private(set) var result: [Float] = []

  /// Nil when an input of the operator has no twin in the reference.
  init?(_ diff: Diff, place: Int, runner: LoadedModel.Runner?) {
    let candidate = diff.candidate
    guard candidate.places[place].operatorIndex != nil, let twin = diff.twins[place] else {
      return nil
    }
    view = candidate.operatorView(place)
    self.runner = view == nil ? nil : runner
    var operands: [Operand] = []
    for source in candidate.sources(of: place) {
      guard let other = source.place, let twin = diff.referencePlace(of: other) else { return nil }
      operands.append(Operand(referencePlace: twin, tensor: candidate.view(other)))
    }
    self.operands = operands
    bounds = diff.reference.bounds(twin)
    let counts = operands.map { diff.reference.places[$0.referencePlace].elementCount }
    let count = candidate.places[place].elementCount
    func interpreter(_ graph: Graph?) -> FloatInterpreter? {
      guard let graph, graph.inputs.map({ graph.tensors[$0].elementCount }) == counts,
        graph.outputs.map({ graph.tensors[$0].elementCount }) == [count]
      else { return nil }
      return try? FloatInterpreter(graph)
    }
    // A table is compared with the function that it stands for, where it is that function's.
    let isFunction = diff.tables[place]?.isFunction == true
    real = interpreter(
      isFunction ? diff.referencePart(place) : candidate.part(place, of: candidate.real))
    exact = diff.reference.isFloat ? nil : interpreter(diff.referencePart(place))
    if view == nil, real == nil { return nil }
    if view != nil, self.runner == nil { return nil }
  }

  /// Whether the reference's own values are rounded, and can be had before that.
  var hasReference: Bool { exact != nil }

  var canSplit: Bool { real != nil && view != nil }

  /// What the last run with `isSplitting` gave.
  var parts: LocalSample.Parts? {
    canSplit
      ? .init(
        withReference: withReference, withRounding: withRounding, withClipping: withClipping,
        result: result) : nil
  }

  /// Runs the operator; with `isSplitting` the real ones too.
  func run(_ reference: DiffMachine, isSplitting: Bool) {
    if let real, isSplitting || view == nil {
      feed(real, reference, .exact)
      finish(real, &withWeights)
    }
    guard let view, let runner else {
      result = withWeights
      return
    }
    var isClipped = false
    for operand in operands {
      guard let tensor = operand.tensor else { continue }
      unsafe reference.withReals(operand.referencePlace) { values in
        let steps = tensor.steps
        for index in 0..<min(tensor.elementCount, values.count) {
          let step = unsafe tensor.step(values[index])
          isClipped = isClipped || !(step >= steps.lowerBound && step <= steps.upperBound)
        }
        unsafe runner.withMutableElements(of: tensor) { unsafe tensor.write(values, into: $0) }
      }
    }
    if isSplitting, let real { takeApart(real, reference, isClipped: isClipped) }
    runner.runOperator(view.index)
    let output = view.output(0)
    result = unsafe runner.withElements(of: output) { unsafe output.reals($0) }
  }

  private func takeApart(
    _ real: FloatInterpreter, _ reference: DiffMachine, isClipped: Bool
  ) {
    withReference.removeAll(keepingCapacity: true)
    if let exact {
      feed(exact, reference, .exact)
      finish(exact, &withReference)
    }
    feed(real, reference, .rounded)
    finish(real, &withRounding)
    if isClipped {
      feed(real, reference, .clamped)
      finish(real, &withClipping)
    } else {
      withClipping = withRounding
    }
  }

  /// What becomes of the reference's values on their way to the operator.
  private enum Feeding {
    case exact
    /// Rounded to the codes' steps, with the grid continued beyond its ends.
    case rounded
    case clamped
  }

  private func feed(_ real: FloatInterpreter, _ reference: DiffMachine, _ feeding: Feeding) {
    for (position, operand) in operands.enumerated() {
      unsafe reference.withReals(operand.referencePlace) { values in
        unsafe real.withInput(position) { target in
          guard let tensor = operand.tensor, feeding != .exact else {
            for index in 0..<min(target.count, values.count) {
              unsafe target[index] = unsafe values[index]
            }
            return
          }
          let scale = tensor.scale
          let ends = feeding == .clamped ? tensor.steps : -Float.infinity ... .infinity
          let (lowest, highest) = (ends.lowerBound, ends.upperBound)
          for index in 0..<min(target.count, values.count) {
            unsafe target[index] =
              unsafe scale * max(lowest, min(highest, tensor.step(values[index])))
          }
        }
      }
    }
  }

  private func finish(_ real: FloatInterpreter, _ target: inout [Float]) {
    real.run()
    unsafe real.withValue(of: real.graph.outputs[0]) { values in
      target.removeAll(keepingCapacity: true)
      for index in values.indices {
        target.append(max(bounds.lower, min(bounds.upper, unsafe values[index])))
      }
    }
  }
}

extension DiffModel {
  /// The range that a place's values are clamped to: a blob's codes, or an activation.
  func bounds(_ place: Int) -> (lower: Float, upper: Float) {
    let activation = real.activationBounds(of: places[place].tensor)
    guard let view = view(place) else { return activation }
    return (max(activation.lower, view.ends.lower), min(activation.upper, view.ends.upper))
  }
}
