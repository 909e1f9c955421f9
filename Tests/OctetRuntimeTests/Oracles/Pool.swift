struct PoolParameters {
  var input: Shape
  var zeroPoint = 0
  var output: Shape
  var window = WindowParameters()
  var lower = -128
  var upper = 127
  /// Of an average: halves to an even number of steps from the zero point.
  var roundsToEven = false
}

extension Oracle {
  /// The real values under the window of output element `at`.
  static func values(_ p: PoolParameters, _ input: [Int8], _ at: [Int]) -> [Int8] {
    let w = p.window
    var values: [Int8] = []
    for i in 0..<w.kernelHeight {
      for j in 0..<w.kernelWidth {
        let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
        let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
        if (0..<p.input.h).contains(y), (0..<p.input.w).contains(x) {
          values.append(input[p.input.index(at[0], y, x, at[3])])
        }
      }
    }
    return values
  }
}
