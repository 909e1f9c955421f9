import OctetModel

/// TILE: copies along an axis stand one after the other, which `writeCopiesAsConcatenations` does.
enum Tile: TFLiteDefinition {
  static let builtins = [TFLiteBuiltin(69, inputs: 2...2)]
  /// The most copies along an axis in int8.
  private static let copyLimit = 64

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let counts = try call.integers(1, "its multiples are")
    guard counts.count == x.count, counts.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw call.broken("it has the multiples \(counts) for \(x.count) dimensions")
    }
    guard
      call.tensor(try call.operand(0)).quantization == nil
        || counts.allSatisfy({ $0 <= copyLimit })
    else {
      throw .unsupported(
        "it repeats \(counts) times; in int8 at most \(copyLimit) times are supported")
    }
    try call.append(counts.allSatisfy { $0 == 1 } ? .reshape(x) : .tile(counts))
  }
}
