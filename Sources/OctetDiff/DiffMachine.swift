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
  private let encoder: PixelEncoder
  /// A blob's dequantized values by place, kept when asked for.
  private var reals: [[Float]] = []

  /// - Parameter keepsReals: for a blob that serves as the reference.
  init(_ model: DiffModel, encoder: PixelEncoder, keepsReals: Bool) throws {
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

  /// Runs one image; `visit` is called after each place has its values.
  func run(_ pixels: ArraySlice<UInt8>, visit: (_ place: Int) -> Void = { _ in }) {
    if let interpreter {
      unsafe interpreter.withInput(0) { unsafe encoder.encode(pixels, into: $0) }
      interpreter.run()
      for place in model.places.indices { visit(place) }
      return
    }
    guard let runner else { return }
    unsafe runner.withInput(0) { unsafe encoder.encode(pixels, into: $0) }
    for place in model.places.indices {
      if let index = model.places[place].operatorIndex { runner.runOperator(index) }
      arrive(place, visit)
    }
  }

  private func arrive(_ place: Int, _ visit: (Int) -> Void) {
    if !reals.isEmpty { copyReals(place, into: &reals[place]) }
    visit(place)
  }

  /// A blob's codes, while the place is visited.
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
    unsafe withCodes(place) { codes in
      let (scale, zeroPoint) = (view.scale, Float(view.zeroPoint))
      target.removeAll(keepingCapacity: true)
      for index in codes.indices {
        target.append(scale * (Float(unsafe codes[index]) - zeroPoint))
      }
    }
  }
}

extension DiffModel {
  /// How the model takes 8-bit pixels.
  func encoder(channelCount: Int, normalization: Normalization?) -> PixelEncoder {
    guard let loaded else {
      return PixelEncoder(channelCount: channelCount, normalization: normalization)
    }
    return PixelEncoder(
      channelCount: channelCount, normalization: loaded.normalization,
      input: loaded.input(0))
  }
}
