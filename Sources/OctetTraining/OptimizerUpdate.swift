import COctetFloatKernels
import Foundation

/// One step of an optimizer over vectors of sixteen parameters.
struct OptimizerUpdate {
  /// Gradients: `shardCount` arrays, `shardStride` floats apart, summed in order.
  var shardCount = 1, shardStride = 0
  private var rule = Optimizer.sgd
  /// Adam: the rate already divided by 1 − β₁ᵗ.
  private var rate: Float = 0
  /// The momentum, or Adam's β₁.
  private var momentum: Float = 0
  /// What is kept of the mean of squares, what of the new square enters, and ε.
  private var kept: Float = 0, taken: Float = 1, epsilon: Float = 0
  /// Adam's 1 / √(1 − β₂ᵗ).
  private var correction: Float = 1
  /// Clipping: what the sum of the gradients is multiplied by.
  var scale: Float = 1
  /// Penalties, added to the gradient: times the parameter, and times its sign.
  private var l2: Float = 0, l1: Float = 0
  /// Decoupled decay: the parameter is multiplied by this first.
  private var shrink: Float = 1
  /// What the average keeps of itself; nil where there is none.
  private var averageKept: Float?

  /// - Parameters: `step` counts from 1 over the whole run, `factor` is the schedule's.
  init(_ options: TrainingOptions, step: Int, factor: Float) {
    rule = options.optimizer
    rate = options.learningRate * factor
    l1 = options.l1
    l2 = options.l2 + options.decay
    averageKept = options.averagingDecay.map { min($0, Float(1 + step) / Float(10 + step)) }
    switch options.optimizer {
    case .sgd: break
    case .momentum(let momentum), .nesterov(let momentum): self.momentum = momentum
    case .adaGrad(let epsilon):
      kept = 1
      self.epsilon = epsilon
    case .rmsProp(let smoothing, let epsilon):
      kept = smoothing
      taken = 1 - smoothing
      self.epsilon = epsilon
    case .adam(let beta1, let beta2, let epsilon):
      l2 = options.l2
      shrink = 1 - rate * options.decay
      rate = Float(Double(rate) / (1 - pow(Double(beta1), Double(step))))
      momentum = beta1
      kept = beta2
      taken = 1 - beta2
      correction = Float(1 / (1 - pow(Double(beta2), Double(step))).squareRoot())
      self.epsilon = epsilon
    }
  }

  /// The same for parameters that neither decay nor are penalized.
  var withoutDecay: OptimizerUpdate {
    var result = self
    (result.l1, result.l2, result.shrink) = (0, 0, 1)
    return result
  }

  /// - Parameters:
  ///   - count: vectors.
  ///   - averages: read and written only where weights are averaged.
  func run(
    _ count: Int, _ gradients: UnsafePointer<Float>, firsts: UnsafeMutablePointer<Float>,
    seconds: UnsafeMutablePointer<Float>, averages: UnsafeMutablePointer<Float>,
    _ parameters: UnsafeMutablePointer<Float>
  ) {
    switch rule {
    case .sgd, .momentum:
      unsafe runVelocity(count, gradients, firsts, parameters, looksAhead: false)
    case .nesterov: unsafe runVelocity(count, gradients, firsts, parameters, looksAhead: true)
    case .adaGrad, .rmsProp: unsafe runSquares(count, gradients, seconds, parameters)
    case .adam: unsafe runAdam(count, gradients, firsts, seconds, parameters)
    }
    guard let averageKept else { return }
    let (averages, parameters) = unsafe (elements(averages), elements(parameters))
    for i in 0..<count {
      unsafe averages[i] = averageKept * averages[i] + (1 - averageKept) * parameters[i]
    }
  }

  private func runVelocity(
    _ count: Int, _ gradients: UnsafePointer<Float>, _ velocities: UnsafeMutablePointer<Float>,
    _ parameters: UnsafeMutablePointer<Float>, looksAhead: Bool
  ) {
    let (velocities, parameters) = unsafe (elements(velocities), elements(parameters))
    for i in 0..<count {
      let value = unsafe parameters[i] * shrink
      let gradient = unsafe gradient(gradients, i, value)
      let velocity = unsafe momentum * velocities[i] + gradient
      unsafe velocities[i] = velocity
      unsafe parameters[i] = value - rate * (looksAhead ? gradient + momentum * velocity : velocity)
    }
  }

  private func runSquares(
    _ count: Int, _ gradients: UnsafePointer<Float>, _ squares: UnsafeMutablePointer<Float>,
    _ parameters: UnsafeMutablePointer<Float>
  ) {
    let (squares, parameters) = unsafe (elements(squares), elements(parameters))
    for i in 0..<count {
      let value = unsafe parameters[i] * shrink
      let gradient = unsafe gradient(gradients, i, value)
      let square = unsafe kept * squares[i] + taken * (gradient * gradient)
      unsafe squares[i] = square
      unsafe parameters[i] = value - rate * gradient / (octet_square_root(square) + epsilon)
    }
  }

  private func runAdam(
    _ count: Int, _ gradients: UnsafePointer<Float>, _ firsts: UnsafeMutablePointer<Float>,
    _ seconds: UnsafeMutablePointer<Float>, _ parameters: UnsafeMutablePointer<Float>
  ) {
    let (firsts, seconds, parameters) = unsafe (
      elements(firsts), elements(seconds), elements(parameters)
    )
    for i in 0..<count {
      let value = unsafe parameters[i] * shrink
      let gradient = unsafe gradient(gradients, i, value)
      let first = unsafe momentum * firsts[i] + (1 - momentum) * gradient
      let second = unsafe kept * seconds[i] + taken * (gradient * gradient)
      unsafe firsts[i] = first
      unsafe seconds[i] = second
      unsafe parameters[i] =
        value - rate * first / (octet_square_root(second) * correction + epsilon)
    }
  }

  /// The shards' sum for vector `i`, clipped and with the penalties.
  @inline(__always)
  private func gradient(_ gradients: UnsafePointer<Float>, _ i: Int, _ value: Lanes) -> Lanes {
    let sum = unsafe sum(gradients, i) * scale + l2 * value
    if l1 == 0 { return sum }
    let sign = Lanes().replacing(with: Lanes(repeating: l1), where: value .> Lanes())
    return sum + sign.replacing(with: Lanes(repeating: -l1), where: value .< Lanes())
  }

  @inline(__always)
  private func sum(_ gradients: UnsafePointer<Float>, _ i: Int) -> Lanes {
    var sum = unsafe elements(gradients)[i]
    for shard in 1..<max(shardCount, 1) {
      unsafe sum += elements(gradients + shard * shardStride)[i]
    }
    return sum
  }

  /// Puts the shards' sums in the place of the first shard.
  ///
  /// - Returns: the sum of their squares.
  func reduce(_ count: Int, _ gradients: UnsafeMutablePointer<Float>) -> Double {
    let first = unsafe elements(gradients)
    var squares = Lanes()
    for i in 0..<count {
      let sum = unsafe sum(gradients, i)
      unsafe first[i] = sum
      squares += sum * sum
    }
    return squares.indices.reduce(0) { $0 + Double(squares[$1]) }
  }
}
