import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetReport

/// One thread's executor of a model, with taps at every place.
final class DiffMachine {
  let model: DiffModel
  private let interpreter: FloatInterpreter?
  private let runner: LoadedModel.Runner?
  private let encoder: SampleEncoder
  /// A blob's dequantized values by place, kept when asked for.
  private var reals: [[Float]] = []

  /// - Parameter keepsReals: for a blob that serves as the reference.
  init(_ model: DiffModel, encoder: SampleEncoder, keepsReals: Bool) throws {
    self.model = model
    self.encoder = encoder
    switch model.form {
    case .float(let graph):
      interpreter = try FloatInterpreter(graph)
      runner = nil
    case .int8(let loaded):
      interpreter = nil
      runner = try loaded.makeRunner()
      if keepsReals {
        reals = model.places.map { [Float](repeating: 0, count: $0.elementCount) }
      }
    }
  }

  /// Runs sample `index`; `visit` is called after each place has its values.
  func run(_ index: Int, visit: (_ place: Int) -> Void = { _ in }) {
    if let interpreter {
      for input in model.real.inputs.indices {
        unsafe interpreter.withInput(input) {
          unsafe encoder.encode(index, input: input, into: $0)
        }
      }
      interpreter.run()
      for place in model.places.indices { visit(place) }
      return
    }
    guard let runner else { return }
    feed(runner, index)
    for place in model.places.indices {
      if let index = model.places[place].operatorIndex { runner.runOperator(index) }
      arrive(place, visit)
    }
  }

  private func feed(_ runner: LoadedModel.Runner, _ index: Int) {
    for input in 0..<runner.loaded.inputCount {
      unsafe runner.withInput(input) { unsafe encoder.encode(index, input: input, into: $0) }
    }
  }

  private func arrive(_ place: Int, _ visit: (Int) -> Void) {
    if !reals.isEmpty { copyReals(place, into: &reals[place]) }
    visit(place)
  }

  /// A blob's codes as bytes, two each of int16, while the place is visited.
  func withCodes(_ place: Int, _ body: (UnsafeBufferPointer<Int8>) -> Void) {
    guard let view = model.view(place), let runner else { return }
    unsafe runner.withElements(of: view, body)
  }

  /// Real values: of a float model after the run, of a blob whose values are kept from the visit.
  func withReals<Result>(
    _ place: Int, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    if let interpreter { return unsafe interpreter.withValue(of: model.places[place].tensor, body) }
    let kept = place < reals.count ? reals[place] : []
    return unsafe kept.withUnsafeBufferPointer(body)
  }

  /// Real values at a place that is being visited, into a buffer.
  func copyReals(_ place: Int, into target: inout [Float]) {
    guard let view = model.view(place) else {
      unsafe withReals(place) { values in
        target.removeAll(keepingCapacity: true)
        unsafe target.append(contentsOf: values)
      }
      return
    }
    let count = view.elementCount
    if target.count != count { target = [Float](repeating: 0, count: count) }
    unsafe withCodes(place) { codes in
      unsafe target.withUnsafeMutableBufferPointer { unsafe view.read(codes, into: $0) }
    }
  }
}
