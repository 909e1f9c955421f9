import OctetModel

/// A function of one number, element by element, with the value and derivative of the one table of
/// scalar functions.
struct ScalarStep: TrainingStep {
  enum Body: Sendable {
    /// Functions that only clamp: the derivative is 1 strictly between the bounds, else 0.
    case clamp(lower: Float, upper: Float)
    case curve(ScalarCurve)
  }

  var body: Body
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  init(
    _ function: ScalarFunction, input: BlockBuffer, output: BlockBuffer,
    outputGradient: BlockBuffer, inputGradient: InputGradient?
  ) {
    body =
      function.bounds.map { .clamp(lower: $0.lower, upper: $0.upper) }
      ?? .curve(ScalarCurve(function))
    self.input = input
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
  }

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    switch body {
    case .clamp(let lower, let upper):
      let (lower, upper) = (Lanes(repeating: lower), Lanes(repeating: upper))
      for index in 0..<input.count {
        var value = unsafe x[index]
        value.replace(with: lower, where: value .< lower)
        value.replace(with: upper, where: value .> upper)
        unsafe y[index] = value
      }
    case .curve(let curve): unsafe curve.values(input.count, x, into: y)
    }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    let x = unsafe elements(context.pointer(input))
    switch body {
    case .clamp(let lower, let upper):
      for index in 0..<input.count {
        let value = unsafe x[index]
        var slope = unsafe dy[index]
        slope.replace(with: 0, where: value .<= lower)
        slope.replace(with: 0, where: value .>= upper)
        unsafe dx[index] = inputGradient.isFirst ? slope : dx[index] + slope
      }
    case .curve(let curve):
      unsafe curve.gradients(
        input.count, x: x, dy: dy, dx: dx, accumulates: !inputGradient.isFirst)
    }
  }
}
