import OctetModel

/// TILE: copies along an axis stand one after the other.
enum Tile: TFLiteDefinition {
  static let builtins = [TFLiteBuiltin(69, inputs: 2...2)]
  /// The most copies that a concatenation joins.
  private static let copyLimit = 64

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let counts = try call.integers(1, "its multiples are")
    guard counts.count == x.count, counts.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw call.broken("it has the multiples \(counts) for \(x.count) dimensions")
    }
    var current = try call.operand(0)
    let repeated = counts.indices.filter { counts[$0] > 1 }
    guard let last = repeated.last else { return try call.append(.reshape(x)) }
    guard repeated.allSatisfy({ counts[$0] <= copyLimit }) else {
      guard call.tensor(current).quantization == nil else {
        throw .unsupported(
          "it repeats \(counts) times; in int8 at most \(copyLimit) times are supported")
      }
      return try call.append(.tile(counts))
    }
    func copies(_ tensor: TensorIndex, _ axis: Int) -> [TensorIndex] {
      [TensorIndex](repeating: tensor, count: counts[axis])
    }
    for axis in repeated.dropLast() {
      current = try call.step(
        .concatenation(axis: axis, activation: .none), copies(current, axis),
        "/axis\(axis)")
    }
    try call.append(.concatenation(axis: last, activation: .none), inputs: copies(current, last))
  }
}
