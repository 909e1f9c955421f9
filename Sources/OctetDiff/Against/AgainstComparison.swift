import OctetCompiler
import OctetModel
import OctetReport

/// The tensors of a dump beside Octet's, in the order of execution.
struct AgainstComparison {
  let model: DiffModel
  let sampleCount: Int
  /// Octet's values by place.
  let own: [[Float]]
  let pairs: [Int: DumpMatching.Pair]
  /// Whether a place that both have is the same.
  private var isSame: [Int: Bool] = [:]

  init(
    model: DiffModel, sampleCount: Int, own: [[Float]], pairs: [Int: DumpMatching.Pair]
  ) {
    self.model = model
    self.sampleCount = sampleCount
    self.own = own
    self.pairs = pairs
  }

  mutating func tensors() throws -> [AgainstReport.Tensor] {
    let runner = try model.loaded?.makeRunner()
    var tensors: [AgainstReport.Tensor] = []
    for place in pairs.keys.sorted() {
      guard let pair = pairs[place] else { continue }
      var difference = difference(own[place], pair.reals, place)
      isSame[place] = difference == nil
      var origin = AgainstReport.Origin.same
      var local: TensorDifference?
      if difference != nil {
        // The local figure settles it where it can be had.
        switch localDifference(place, runner) {
        case .some(let found):
          local = found
          origin = found == nil ? .follows : .new
        case .none: origin = comesFromSame(place) ? .new : .follows
        }
        if origin == .follows, difference?.pattern == .garbage, isSmall(pair.reals, own[place]) {
          difference?.pattern = .rounding
          difference?.detail = "summed up over the layers before"
        }
      }
      tensors.append(
        AgainstReport.Tensor(
          name: model.places[place].name, otherName: pair.tensor.name,
          shape: model.places[place].shape,
          isOutput: model.real.outputs.contains(model.places[place].tensor),
          matchedBy: pair.isByName ? "name" : "order", layout: pair.layout.rawValue,
          note: note(place), origin: origin, difference: difference, localDifference: local))
    }
    return tensors
  }

  /// Whether the difference has less than a hundredth of the values' variance.
  private func isSmall(_ actual: [Float], _ expected: [Float]) -> Bool {
    let mean = expected.reduce(0) { $0 + Double($1) } / Double(max(expected.count, 1))
    var (noise, variance) = (0.0, 0.0)
    for (a, b) in zip(actual, expected) {
      noise += Double(a - b) * Double(a - b)
      variance += (Double(b) - mean) * (Double(b) - mean)
    }
    return noise <= variance / 100
  }

  /// Whether everything that a place is made of and that both have is the same.
  private func comesFromSame(_ place: Int) -> Bool {
    var seen: Set<Int> = []
    func holds(_ place: Int) -> Bool {
      model.sources(of: place).allSatisfy { source in
        guard let other = source.place, seen.insert(other).inserted else { return true }
        return isSame[other] ?? holds(other)
      }
    }
    return holds(place)
  }

  private func difference(
    _ expected: [Float], _ actual: [Float], _ place: Int
  ) -> TensorDifference? {
    TensorComparison(
      shape: model.places[place].shape, expected: expected, actual: actual,
      codes: model.codes(place).map { ($0.scale, $0.zeroPoint) }, tolerance: tolerance(expected, place)
    ).difference()
  }

  /// What is the same: codes that stand for the same number; half a step from a real number; a
  /// hundred-thousandth of the largest value.
  private func tolerance(_ expected: [Float], _ place: Int) -> Float {
    guard let codes = model.codes(place) else {
      return expected.reduce(1e-30) { max($0, abs($1)) } * 1e-5
    }
    guard let tensor = pairs[place]?.tensor, isOnGrid(tensor, codes.scale) else {
      let theirs = pairs[place]?.tensor.scale ?? 0
      return max(codes.scale, theirs) * 0.501
    }
    return codes.scale * 0.01
  }

  /// Whether its codes have Octet's steps.
  private func isOnGrid(_ tensor: DumpFolder.Tensor, _ scale: Float) -> Bool {
    guard tensor.isInteger else { return false }
    return tensor.scale.map { abs($0 - scale) <= scale * 1e-6 } ?? true
  }

  private func note(_ place: Int) -> String? {
    guard let codes = model.codes(place), let tensor = pairs[place]?.tensor, tensor.isInteger,
      let scale = tensor.scale
    else { return nil }
    // Unsigned codes lie 128 higher.
    let isSame = [0, 128].contains(tensor.zeroPoint - codes.zeroPoint)
    guard !isOnGrid(tensor, codes.scale) || !isSame else { return nil }
    return "scale \(scale) and zero point \(tensor.zeroPoint), where Octet has \(codes.scale) and "
      + "\(codes.zeroPoint)"
  }

  /// The operator at a place on the other's own inputs, against the other's result; nil where it
  /// cannot be fed.
  private func localDifference(
    _ place: Int, _ runner: LoadedModel.Runner?
  ) -> TensorDifference?? {
    guard let runner,
      let index = model.places[place].operatorIndex, let pair = pairs[place],
      let output = model.view(place)
    else { return nil }
    var operands: [(tensor: TensorView, values: [Float])] = []
    for source in model.sources(of: place) {
      guard let other = source.place, let tensor = model.view(other) else { return nil }
      if let pair = pairs[other], isOnGrid(pair.tensor, tensor.scale) {
        operands.append((tensor, pair.reals))
      } else if isSame[other] ?? (other == 0) {
        operands.append((tensor, own[other]))
      } else {
        return nil
      }
    }
    guard !operands.isEmpty, operands.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else {
      return nil
    }
    var expected: [Float] = []
    for sample in 0..<sampleCount {
      for (tensor, values) in operands {
        let count = tensor.elementCount
        let bytes = Against.Codes(tensor).bytes(values[sample * count..<(sample + 1) * count])
        unsafe runner.withMutableElements(of: tensor) { target in
          for index in bytes.indices { unsafe target[index] = bytes[index] }
        }
      }
      runner.runOperator(index)
      expected += output.reals(runner.elements(of: output))
    }
    return .some(difference(expected, pair.reals, place))
  }
}
