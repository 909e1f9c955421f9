import OctetModel
import OctetRuntime

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
  private let operatorIndex: Int
  /// The operator in real numbers, with the candidate's weights.
  private let real: FloatInterpreter?
  private let bounds: (lower: Float, upper: Float)

  /// y0, y1 … of the last run; `real` ones are empty where they cannot be had.
  private(set) var withWeights: [Float] = []
  private(set) var withRounding: [Float] = []
  private(set) var withClipping: [Float] = []
  private(set) var result: [Float] = []

  /// Nil when an input of the operator has no twin in the reference.
  init?(
    _ candidate: DiffModel, place: Int, twins: [Int?], runner: LoadedModel.Runner?,
    bounds: (lower: Float, upper: Float)
  ) {
    guard let index = candidate.places[place].operatorIndex else { return nil }
    operatorIndex = index
    self.bounds = bounds
    var operands: [Operand] = []
    var sources: [TensorIndex] = []
    func twin(ofTensor name: String) -> Int? {
      candidate.places.firstIndex { $0.tensorName == name }.flatMap { twins[$0] }
    }
    if let loaded = candidate.loaded {
      let view = loaded.model.operator(index)
      self.view = view
      self.runner = runner
      for input in 0..<view.inputCount where !view.input(input).isConstant {
        let tensor = view.input(input)
        guard let place = twin(ofTensor: String(tensor.name)) else { return nil }
        operands.append(Operand(referencePlace: place, tensor: tensor))
      }
      sources = operands.compactMap { operand in
        let name = operand.tensor.map { String($0.name) }
        return candidate.real?.tensors.firstIndex { $0.name == name }
      }
    } else {
      (view, self.runner) = (nil, nil)
      guard let graph = candidate.real else { return nil }
      for input in graph.nodes[index].inputs where graph.tensors[input].constant == nil {
        guard let place = twin(ofTensor: graph.tensors[input].name) else { return nil }
        operands.append(Operand(referencePlace: place))
        sources.append(input)
      }
    }
    self.operands = operands
    if let graph = candidate.real, let target = candidate.places[place].tensor,
      sources.count == operands.count, let part = graph.cut(from: sources, to: [target])
    {
      real = try? FloatInterpreter(part)
    } else {
      real = nil
    }
    if view == nil, real == nil { return nil }
  }

  var canSplit: Bool { real != nil && view != nil }

  /// Runs the operator; with `isSplitting` the real ones too.
  func run(_ reference: DiffMachine, isSplitting: Bool) {
    if let real, isSplitting || view == nil {
      for (position, operand) in operands.enumerated() {
        reference.withReals(operand.referencePlace) { values in
          real.withInput(position) { _ = $0.update(fromContentsOf: values) }
        }
      }
      finish(real, &withWeights)
    }
    guard let view, let runner else {
      result = withWeights
      return
    }
    var isClipped = false
    for operand in operands {
      guard let tensor = operand.tensor else { continue }
      reference.withReals(operand.referencePlace) { values in
        runner.withMutableElements(of: tensor) { codes in
          let (scale, zeroPoint) = (tensor.scale, Float(tensor.zeroPoint))
          for index in codes.indices {
            let code = (values[index] / scale).rounded() + zeroPoint
            let clamped = max(-128, min(127, code))
            isClipped = isClipped || clamped != code
            codes[index] = Int8(clamped.isNaN ? 0 : clamped)
          }
        }
      }
    }
    if isSplitting, let real { takeApart(real, reference, isClipped: isClipped) }
    runner.runOperator(operatorIndex)
    let output = view.output(0)
    runner.withElements(of: output) { codes in
      let zeroPoint = Float(output.zeroPoint)
      result.removeAll(keepingCapacity: true)
      for code in codes { result.append(output.scale * (Float(code) - zeroPoint)) }
    }
  }

  private func takeApart(
    _ real: FloatInterpreter, _ reference: DiffMachine, isClipped: Bool
  ) {
    feed(real, reference, isClamping: false)
    finish(real, &withRounding)
    if isClipped {
      feed(real, reference, isClamping: true)
      finish(real, &withClipping)
    } else {
      withClipping = withRounding
    }
  }

  /// Feeds what the codes stand for, with the grid continued beyond its ends or not.
  private func feed(_ real: FloatInterpreter, _ reference: DiffMachine, isClamping: Bool) {
    for (position, operand) in operands.enumerated() {
      guard let tensor = operand.tensor else { continue }
      let (scale, zeroPoint) = (tensor.scale, Float(tensor.zeroPoint))
      let lowest = isClamping ? -128 - zeroPoint : -Float.infinity
      let highest = isClamping ? 127 - zeroPoint : Float.infinity
      reference.withReals(operand.referencePlace) { values in
        real.withInput(position) { target in
          for index in target.indices {
            let step = (values[index] / scale).rounded()
            target[index] = max(lowest, min(highest, step)) * scale
          }
        }
      }
    }
  }

  private func finish(_ real: FloatInterpreter, _ target: inout [Float]) {
    real.run()
    real.withValue(of: real.graph.outputs[0]) { values in
      target.removeAll(keepingCapacity: true)
      for value in values { target.append(max(bounds.lower, min(bounds.upper, value))) }
    }
  }
}
