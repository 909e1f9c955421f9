import OctetModel

/// TRANSPOSE.
enum Transpose: TFLiteDefinition {
  static let builtin = TFLiteBuiltin(39, inputs: 2...2, options: 26)
  static let builtins = [builtin]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let rank = try call.shape(0).count
    var permutation: [Int] = []
    for axis in try call.integers(1, "its permutation is") {
      permutation.append(try call.axis(axis, rank: rank))
    }
    try call.append(.transpose(permutation))
  }
}
