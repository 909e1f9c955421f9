import OctetModel
import OctetRuntime

// Operators in real numbers, by what they hold and nothing else.

extension BlobRaiser {
  // MARK: Weights

  /// An operator's weights as it holds them.
  struct WeightCodes {
    var codes: [Int8]
    var shape: [Int]
    /// Of the output channels.
    var axis: Int
    var zeroPoint: Int
    var foldedBias: [Int32]
    /// Whether `bias − z_in · Σ(w − z_w)` stands there for the bias.
    var foldsBias: Bool
  }

  /// Weights and biases that give the operator's sums, times its multipliers, in real numbers.
  mutating func realWeights(
    _ view: OperatorView, _ weights: WeightCodes, _ multipliers: [FixedPointMultiplier]
  ) -> [TensorIndex] {
    let channelCount = weights.shape[weights.axis]
    let (x, y) = (input(view).quantization, output(view).quantization)
    let (inputScale, outputScale) = (Double(x?.scales[0] ?? 1), Double(y?.scales[0] ?? 1))
    let inputZeroPoint = Int64(x?.zeroPoints[0] ?? 0)
    // A channel without a multiplier is constant, as if its weights were 0.
    let scales = multipliers.map { multiplier in
      let real = multiplier.real * outputScale / inputScale
      return Float(min(real, Double(Float.greatestFiniteMagnitude)))
    }
    var sums = [Int64](repeating: 0, count: channelCount)
    if weights.foldsBias {
      let inner = weights.shape[(weights.axis + 1)...].reduce(1, *)
      for (position, code) in weights.codes.enumerated() {
        sums[position / inner % channelCount] += Int64(code) - Int64(weights.zeroPoint)
      }
    }
    let biases = (0..<channelCount).map { channel in
      let code = Int64(weights.foldedBias[channel]) + inputZeroPoint * sums[channel]
      return Float(Double(code) * multipliers[channel].real * outputScale)
    }
    return [
      add(
        Tensor(
          name: "\(name(view))/weights", shape: weights.shape, elementType: .int8,
          constant: .int8(weights.codes),
          quantization: Quantization(
            scales: scales,
            zeroPoints: [Int32](repeating: Int32(weights.zeroPoint), count: channelCount),
            axis: weights.axis))),
      add(Tensor(name: "\(name(view))/bias", shape: [channelCount], constant: .float(biases))),
    ]
  }

  // MARK: Tables

  /// A table of results is a function of reals by straight lines from one result to the next; it
  /// is constant beyond its ends.
  mutating func raiseTables(_ view: OperatorView) {
    let (x, y) = (input(view), output(view))
    guard let from = x.quantization, let to = y.quantization else { return }
    let count = word(view, Lookup.Word.tableCount)
    let values = int8s(view, Lookup.Word.tables, count: 256 * count).map {
      Float(Int32($0) - to.zeroPoints[0]) * to.scales[0]
    }
    let rises = values.indices.map { $0 % 256 == 255 ? 0 : values[$0 + 1] - values[$0] }
    let name = name(view)
    func scalar(_ value: Float) -> Tensor {
      Tensor(name: "\(name)/constant", shape: [1], constant: .float([value]))
    }
    let (step, zero) = (
      add(scalar(1 / from.scales[0])), add(scalar(Float(from.zeroPoints[0] + 128)))
    )
    let (table, slopes) = (
      add(Tensor(name: "\(name)/table", shape: [values.count], constant: .float(values))),
      add(Tensor(name: "\(name)/slopes", shape: [values.count], constant: .float(rises)))
    )
    var steps = RealSteps(view, x.shape)
    let scaled = steps.append(.multiply(.none), [view.inputTensorIndex(0), step], to: &self)
    let shifted = steps.append(.add(.none), [scaled, zero], to: &self)
    let position = steps.append(.clip(lower: 0, upper: 255), [shifted], to: &self)
    let whole = steps.append(.function(.floor), [position], to: &self)
    let part = steps.append(.subtract(.none), [position, whole], to: &self)
    var index = steps.append(.cast(CastAttributes(.int64)), [whole], type: .int64, to: &self)
    if count > 1 {
      let starts = add(
        Tensor(
          name: "\(name)/starts", shape: [count], elementType: .int64,
          constant: .int64((0..<count).map { Int64(256 * $0) })))
      index = steps.append(.add(.none), [index, starts], type: .int64, to: &self)
    }
    let value = steps.append(.gather(axis: 0), [table, index], to: &self)
    let slope = steps.append(.gather(axis: 0), [slopes, index], to: &self)
    let rise = steps.append(.multiply(.none), [part, slope], to: &self)
    append(view, .add(.none), inputs: [value, rise], outputs: [view.outputTensorIndex(0)])
  }

  // MARK: Resizing

  mutating func raiseNearest(_ view: OperatorView) {
    let (x, y) = (input(view).shape, output(view).shape)
    var steps = RealSteps(view, [x[0], y[1], x[2], x[3]])
    let rows = add(positions(view, int32s(view, ResizeNearest.Word.rows, count: y[1])))
    let columns = add(positions(view, int32s(view, ResizeNearest.Word.columns, count: y[2])))
    let tall = steps.append(.gather(axis: 1), [view.inputTensorIndex(0), rows], to: &self)
    append(
      view, .gather(axis: 2), inputs: [tall, columns], outputs: [view.outputTensorIndex(0)])
  }

  /// Along each axis two neighbours are mixed.
  mutating func raiseBilinear(_ view: OperatorView) {
    let (x, y) = (input(view).shape, output(view).shape)
    var source = view.inputTensorIndex(0)
    for (axis, first) in [(1, ResizeBilinear.Word.rows), (2, ResizeBilinear.Word.columns)] {
      let table = int32s(view, first, count: 3 * y[axis])
      let entries = (0..<y[axis]).map { table[3 * $0..<3 * $0 + 3] }
      let weights = entries.map { Float($0[$0.startIndex + 2]) / 1024 }
      var shape = x
      shape[axis] = y[axis]
      if axis == 2 { shape[1] = y[1] }
      var steps = RealSteps(view, shape)
      let parts = [0, 1].map { side -> TensorIndex in
        let neighbours = add(positions(view, entries.map { $0[$0.startIndex + side] }))
        let taken = steps.append(.gather(axis: axis), [source, neighbours], to: &self)
        let factor = add(
          Tensor(
            name: "\(name(view))/mix", shape: axis == 1 ? [y[1], 1, 1] : [y[2], 1],
            constant: .float(weights.map { side == 0 ? 1 - $0 : $0 })))
        return steps.append(.multiply(.none), [taken, factor], to: &self)
      }
      if axis == 1 {
        source = steps.append(.add(.none), parts, to: &self)
      } else {
        append(view, .add(.none), inputs: parts, outputs: [view.outputTensorIndex(0)])
      }
    }
  }

  private func positions(_ view: OperatorView, _ values: [Int32]) -> Tensor {
    Tensor(
      name: "\(name(view))/positions", shape: [values.count], elementType: .int64,
      constant: .int64(values.map { Int64($0) }))
  }
}

/// The real-valued nodes between an operator's input and its last node, all of one shape.
private struct RealSteps {
  let view: OperatorView
  let shape: [Int]

  init(_ view: OperatorView, _ shape: [Int]) { (self.view, self.shape) = (view, shape) }

  mutating func append(
    _ operation: Operation, _ inputs: [TensorIndex], type: ElementType = .float32,
    to raiser: inout BlobRaiser
  ) -> TensorIndex {
    let name = "\(raiser.name(view))/\(operation.name)"
    let result = raiser.add(Tensor(name: name, shape: shape, elementType: type))
    raiser.append(
      view, operation, suffix: "/\(operation.name)", inputs: inputs, outputs: [result])
    return result
  }
}

extension FixedPointMultiplier {
  /// The factor.
  var real: Double {
    Double(multiplier) * Double(sign: .plus, exponent: Int(shift) - 31, significand: 1)
  }
}
