import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// What a model computes between places of it: an exchangeable part of a hybrid.
final class Segment {
  private enum Form {
    case float(FloatInterpreter)
    case int8(LoadedModel.Runner, operators: [Int], inputs: [TensorView], output: TensorView)
  }

  private let form: Form

  /// Nil where the values at `place` need others than those at `sources`.
  init?(_ model: DiffModel, from sources: [Int], to place: Int, _ runner: LoadedModel.Runner?) {
    guard let loaded = model.loaded, let runner else {
      guard !sources.isEmpty,
        let part = model.real.cut(
          from: sources.map { model.places[$0].tensor }, to: [model.places[place].tensor]),
        let interpreter = try? FloatInterpreter(part)
      else { return nil }
      form = .float(interpreter)
      return
    }
    var needed: Set<Int> = []
    var pending = [place]
    while let next = pending.popLast() {
      if sources.contains(next) || !needed.insert(next).inserted { continue }
      guard model.places[next].operatorIndex != nil else { return nil }
      for source in model.sources(of: next) {
        guard let place = source.place else { return nil }
        pending.append(place)
      }
    }
    let operators = needed.compactMap { model.places[$0].operatorIndex }.sorted()
    guard !operators.isEmpty, let output = model.view(place) else { return nil }
    form = .int8(
      runner, operators: operators,
      inputs: sources.map { loaded.tensor(model.places[$0].tensor) }, output: output)
  }

  /// The values at the place for real values of the sources.
  func run(_ inputs: [[Float]]) -> [Float] {
    switch form {
    case .float(let interpreter):
      for (position, values) in inputs.enumerated() { interpreter.setInput(position, values) }
      interpreter.run()
      return interpreter.value(of: interpreter.graph.outputs[0])
    case .int8(let runner, let operators, let tensors, let output):
      var written: Set<Int> = []
      for index in operators {
        // Not before it is read: until then others may stand there.
        let view = runner.loaded.operator(index)
        let read = Set((0..<view.inputCount).map { view.inputTensorIndex($0) })
        for (position, tensor) in tensors.enumerated()
        where read.contains(tensor.index) && written.insert(position).inserted {
          unsafe runner.withMutableElements(of: tensor) {
            unsafe tensor.write(inputs[position], into: $0)
          }
        }
        runner.runOperator(index)
      }
      return unsafe runner.withElements(of: output) { unsafe output.reals($0) }
    }
  }
}
