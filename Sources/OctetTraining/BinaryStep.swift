import OctetModel

/// Arithmetic of two operands, broadcast as NumPy does; constants come as buffers of a `LiftStep`.
struct BinaryStep: TrainingStep {
  enum Kind: Sendable {
    case add, subtract, multiply, divide, minimum, maximum, squaredDifference
    /// a, or b · a where a is negative.
    case slope
  }

  var kind: Kind
  var a, b, output: BlockBuffer
  /// For each element of the result those of a and b; nil where they are the same.
  var aPlaces, bPlaces: [Int32]?
  var outputGradient: BlockBuffer
  var aGradient, bGradient: InputGradient?

  func forward(_ context: StepContext) {
    switch kind {
    case .add: run(context) { $0 + $1 }
    case .subtract: run(context) { $0 - $1 }
    case .multiply: run(context) { $0 * $1 }
    case .divide: run(context) { $0 / $1 }
    case .minimum: run(context) { $0.replacing(with: $1, where: $1 .< $0) }
    case .maximum: run(context) { $0.replacing(with: $1, where: $1 .> $0) }
    case .squaredDifference: run(context) { ($0 - $1) * ($0 - $1) }
    case .slope: run(context) { $0.replacing(with: $0 * $1, where: $0 .< Lanes()) }
    }
  }

  func backward(_ context: StepContext) {
    for gradient in [aGradient, bGradient] {
      if let gradient, gradient.isFirst { context.zero(gradient.buffer) }
    }
    let zero = Lanes()
    switch kind {
    case .add: share(context) { dy, _, _ in (dy, dy) }
    case .subtract: share(context) { dy, _, _ in (dy, -dy) }
    case .multiply: share(context) { dy, a, b in (dy * b, dy * a) }
    case .divide: share(context) { dy, a, b in (dy / b, -dy * a / (b * b)) }
    case .minimum:
      share(context) { dy, a, b in
        (dy.replacing(with: 0, where: b .< a), zero.replacing(with: dy, where: b .< a))
      }
    case .maximum:
      share(context) { dy, a, b in
        (dy.replacing(with: 0, where: b .> a), zero.replacing(with: dy, where: b .> a))
      }
    case .squaredDifference:
      share(context) { dy, a, b in (2 * dy * (a - b), 2 * dy * (b - a)) }
    case .slope:
      share(context) { dy, a, b in
        (dy.replacing(with: dy * b, where: a .< zero), zero.replacing(with: dy * a, where: a .< zero))
      }
    }
  }

  @inline(__always)
  private func run(_ context: StepContext, _ body: (Lanes, Lanes) -> Lanes) {
    let (a, b) = unsafe (elements(context.pointer(a)), elements(context.pointer(b)))
    let y = unsafe elements(context.pointer(output))
    for index in 0..<output.count {
      unsafe y[index] = body(
        a[Self.place(aPlaces, index)], b[Self.place(bPlaces, index)])
    }
  }

  /// Adds to the operands' gradients what `body` makes of the result's, a and b.
  @inline(__always)
  private func share(
    _ context: StepContext, _ body: (Lanes, Lanes, Lanes) -> (Lanes, Lanes)
  ) {
    let (a, b) = unsafe (elements(context.pointer(a)), elements(context.pointer(b)))
    let dy = unsafe elements(context.pointer(outputGradient))
    for index in 0..<output.count {
      let (i, j) = (Self.place(aPlaces, index), Self.place(bPlaces, index))
      let (da, db) = unsafe body(dy[index], a[i], b[j])
      if let aGradient { unsafe elements(context.pointer(aGradient.buffer))[i] += da }
      if let bGradient { unsafe elements(context.pointer(bGradient.buffer))[j] += db }
    }
  }

  @inline(__always)
  private static func place(_ places: [Int32]?, _ index: Int) -> Int {
    places.map { Int($0[index]) } ?? index
  }
}

/// A constant as an operand: each value in all sixteen lanes.
struct LiftStep: TrainingStep {
  var parameter: Int
  var output: BlockBuffer
  /// nil for a constant that is not trained.
  var outputGradient: BlockBuffer?

  func forward(_ context: StepContext) {
    let y = unsafe elements(context.pointer(output))
    for index in 0..<output.count {
      unsafe y[index] = Lanes(repeating: context.parameters[parameter + index])
    }
  }

  func backward(_ context: StepContext) {
    guard let outputGradient else { return }
    unsafe BlockKernels.sum(
      output.count, context.pointer(outputGradient), into: context.gradients + parameter)
  }
}

/// Sums or means over some axes: each element of x goes to one of y.
struct ReductionStep: TrainingStep {
  var input, output: BlockBuffer
  /// The element of y for each of x.
  var targets: [Int32]
  /// 1 for sums, 1 / the number of elements for means.
  var factor: Float
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    context.zero(output)
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    for index in 0..<input.count { unsafe y[Int(targets[index])] += x[index] }
    for index in 0..<output.count { unsafe y[index] *= factor }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    for index in 0..<input.count {
      let share = unsafe dy[Int(targets[index])] * factor
      unsafe dx[index] = inputGradient.isFirst ? share : dx[index] + share
    }
  }
}
