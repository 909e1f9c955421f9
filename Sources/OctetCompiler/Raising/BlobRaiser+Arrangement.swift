import OctetModel
import OctetRuntime

// Operators that move values, average them or resize.

extension BlobRaiser {
  mutating func raiseArrangement(_ view: OperatorView) throws(CompilerError) {
    let (x, y) = (input(view), output(view))
    let rank = x.shape.count
    // The runtime's four axes, of which the tensor has the last.
    let first = 4 - rank
    let shape = Array(y.shape.fourDimensions[first...])
    switch view.kind {
    case .mean:
      let mask = word(view, Mean.Word.axes)
      let axes = (first..<4).filter { mask & (1 << $0) != 0 }.map { $0 - first }
      append(view, meanOrSum(view, x, y, axes, keepsDimensions: y.shape.count == rank))
    case .concatenation:
      let axis = word(view, Concatenation.Word.axis) - first
      append(view, .concatenation(axis: axis, activation: .none))
    case .pad:
      let before = (first..<4).map { word(view, Pad.Word.before + $0) }
      let after = before.indices.map { shape[$0] - x.shape[$0] - before[$0] }
      let quantization = y.quantization ?? Quantization(scale: 1, zeroPoint: 0)
      let code = word(view, Pad.Word.value) - Int(quantization.zeroPoints[0])
      append(
        view,
        .pad(
          before: before, after: after, mode: .constant(Float(code) * quantization.scales[0])))
    case .reshape: append(view, .reshape(y.shape))
    case .transpose:
      append(
        view,
        .transpose((first..<4).map { word(view, Transpose.Word.permutation + $0) - first }))
    case .slice:
      append(
        view,
        .slice(
          begin: (first..<4).map { word(view, Slice.Word.begin + $0) }, count: shape,
          stride: (first..<4).map { word(view, Slice.Word.stride + $0) }))
    default: try raiseResize(view)
    }
  }

  /// A multiplier that is not divided by the count is a sum's; one that TensorFlow Lite would form
  /// neither for a mean nor for a sum is a mean's that rounds once.
  private mutating func meanOrSum(
    _ view: OperatorView, _ x: Tensor, _ y: Tensor, _ axes: [Int], keepsDimensions: Bool
  ) -> Operation {
    let mean = Operation.mean(axes: axes, keepsDimensions: keepsDimensions)
    guard let input = x.quantization, let output = y.quantization, y.elementCount > 0
    else { return mean }
    let factor = Double(input.scales[0]) / Double(output.scales[0])
    let own = FixedPointMultiplier(
      multiplier: view.parameter(Mean.Word.multiplier), shift: view.parameter(Mean.Word.shift))
    let count = x.elementCount / y.elementCount
    if own == Mean.multiplier(factor, dividedBy: count, roundsOnce: false) { return mean }
    if own == FixedPointMultiplier(factor) {
      return .reduce(.sum, axes: axes, keepsDimensions: keepsDimensions)
    }
    graph.metadata.roundsOnce = true
    return mean
  }

  /// A product of two activations, and before it what makes its second operand's columns its rows.
  mutating func raiseMatrixMultiply(_ view: OperatorView) {
    var inputs = [view.inputTensorIndex(0), view.inputTensorIndex(1)]
    var swapped = input(view, 1)
    // A vector is one column as it is.
    if word(view, MatrixMultiply.Word.isTransposed) == 1, swapped.shape.count > 1 {
      let last = swapped.shape.count - 1
      var permutation = Array(swapped.shape.indices)
      permutation.swapAt(last - 1, last)
      swapped.name += "/transposed"
      swapped.shape.swapAt(last - 1, last)
      swapped.constant = nil
      let index = add(swapped)
      append(
        view, .transpose(permutation), suffix: "/transpose", inputs: [inputs[1]], outputs: [index])
      inputs[1] = index
    }
    append(view, .matrixMultiply, inputs: inputs, outputs: [view.outputTensorIndex(0)])
  }

  /// The convention whose tables these are.
  private mutating func raiseResize(_ view: OperatorView) throws(CompilerError) {
    let (x, y) = (input(view).shape, output(view).shape)
    let isNearest = view.kind == .resizeNearest
    let wordCount = isNearest ? 1 : 3
    let tables = [1, 2].map { axis in int32s(view, axis - 1, count: wordCount * y[axis]) }
    typealias Coordinates = ResizeAttributes.Coordinates
    typealias Rounding = ResizeAttributes.Rounding
    let conventions: [(Coordinates, Rounding)] = [
      (.asymmetric, .floor), (.halfPixel, .roundPreferCeil), (.alignCorners, .roundPreferCeil),
      (.halfPixel, .roundPreferFloor), (.asymmetric, .roundPreferFloor), (.asymmetric, .ceil),
      (.halfPixel, .floor), (.alignCorners, .floor), (.pytorchHalfPixel, .roundPreferFloor),
    ]
    for (coordinates, rounding) in conventions {
      let attributes = ResizeAttributes(
        method: isNearest ? .nearest : .bilinear, coordinates: coordinates, rounding: rounding,
        outputShape: y, scales: zip(y, x).map { Float($0) / Float($1) })
      for roundsOnce in isNearest ? [false] : [false, true] {
        let made = [1, 2].map { axis -> [Int32] in
          let table = ResizeTable(
            input: x[axis], output: y[axis], scale: attributes.scales[axis],
            coordinates: coordinates)
          return isNearest ? table.nearest(rounding) : table.bilinear(roundsOnce: roundsOnce)
        }
        if made == tables {
          if roundsOnce { graph.metadata.roundsOnce = true }
          append(view, .resize(attributes))
          return
        }
      }
    }
    throw .invalid(node: name(view), reason: "its tables are those of no resize of TFLite")
  }
}
