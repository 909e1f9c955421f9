import COctetFloatKernels

/// One step of an optimizer over vectors of sixteen parameters.
struct OptimizerUpdate {
  /// Gradients: `shardCount` arrays, `shardStride` floats apart, summed in order.
  var shardCount = 1, shardStride = 0
  /// Adam: the rate already divided by 1 − β₁ᵗ.
  var rate: Float = 0
  /// The momentum, or Adam's β₁.
  var momentum: Float = 0
  /// Adam's β₂, ε and 1 / √(1 − β₂ᵗ).
  var secondMomentum: Float = 0
  var epsilon: Float = 0
  var secondCorrection: Float = 0
  /// L2: added to the gradient, times the parameter.
  var penalty: Float = 0
  /// Decoupled decay: the parameter is multiplied by this first.
  var shrink: Float = 1

  func runSGD(
    _ count: Int, _ gradients: UnsafePointer<Float>, velocities: UnsafeMutablePointer<Float>,
    _ parameters: UnsafeMutablePointer<Float>
  ) {
    let (velocities, parameters) = unsafe (elements(velocities), elements(parameters))
    for i in 0..<count {
      let value = unsafe parameters[i] * shrink
      let velocity = unsafe momentum * velocities[i] + gradient(gradients, i, value)
      unsafe velocities[i] = velocity
      unsafe parameters[i] = value - rate * velocity
    }
  }

  func runAdam(
    _ count: Int, _ gradients: UnsafePointer<Float>, firsts: UnsafeMutablePointer<Float>,
    seconds: UnsafeMutablePointer<Float>, _ parameters: UnsafeMutablePointer<Float>
  ) {
    let (firsts, seconds, parameters) = unsafe (
      elements(firsts), elements(seconds), elements(parameters)
    )
    for i in 0..<count {
      let value = unsafe parameters[i] * shrink
      let gradient = unsafe gradient(gradients, i, value)
      let first = unsafe momentum * firsts[i] + (1 - momentum) * gradient
      let second = unsafe secondMomentum * seconds[i] + (1 - secondMomentum) * (gradient * gradient)
      unsafe firsts[i] = first
      unsafe seconds[i] = second
      unsafe parameters[i] =
        value - rate * first / (octet_square_root(second) * secondCorrection + epsilon)
    }
  }

  /// The shards' sum for vector `i`, with the penalty.
  @inline(__always)
  private func gradient(_ gradients: UnsafePointer<Float>, _ i: Int, _ value: Lanes) -> Lanes {
    var sum = unsafe elements(gradients)[i]
    for shard in 1..<max(shardCount, 1) {
      unsafe sum += elements(gradients + shard * shardStride)[i]
    }
    return sum + penalty * value
  }
}
