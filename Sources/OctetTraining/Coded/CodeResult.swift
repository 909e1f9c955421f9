import COctetFloatKernels
import OctetModel
import OctetRuntime

/// A grid where a step finds it.
struct GridPlace: Sendable {
  /// The step that it began with.
  var start: Float
  var zeroPoint: Int32
  /// Where the logarithm of how far it has moved stands among the parameters; nil where it stays.
  var offset: Int?

  func step(_ context: StepContext) -> Float {
    guard let offset else { return start }
    return CodedGraph.step(start, moved: unsafe context.parameters[offset])
  }
}

/// The runtime's fixed-point factor for sixteen integers at a time.
struct LaneMultiplier {
  private var multiplier, left, right: Int32

  /// - Parameter shift: bits that values are shifted to the left by before.
  init(_ factor: FixedPointMultiplier, after shift: Int32 = 0) {
    multiplier = factor.multiplier
    left = max(factor.shift, 0) + shift
    right = max(-factor.shift, 0)
  }

  @inline(__always)
  func callAsFunction(_ value: SIMD16<Int32>) -> SIMD16<Int32> {
    octet_requantized(value, multiplier, left, right)
  }
}

/// A result that is rounded to a grid, and what that does to gradients.
///
/// With v the unrounded value in steps and L, U the codes that it is clamped to, all less the zero
/// point, the result is s · c with c = clamp(round(v), L, U). Rounding passes gradients straight
/// through (Bengio et al. 2013): ∂/∂v is s where L < v < U, else 0. The step's own gradient is that
/// of LSQ (Esser et al. 2020): c − v where L < v < U, else the end that v is clipped to, or 0 where
/// that end is the activation's rather than the grid's. What is trained is the logarithm of s,
/// whose gradient is s times that, scaled by 1 / √(elements · 128) as LSQ has it.
struct CodeResult: Sendable {
  var grid: GridPlace
  var activation: Activation
  var output, outputGradient: BlockBuffer
  /// Where the gradient of the step goes; nil where it stays.
  var slot: StepSlot?

  /// The runtime's clamp, less the zero point.
  func clamp(_ context: StepContext) -> ClosedRange<Int32> {
    let zero = grid.zeroPoint
    let codes = activation.codes(scale: grid.step(context), zeroPoint: zero)
    return codes.lowerBound - zero...codes.upperBound - zero
  }

  func straightThrough(_ context: StepContext) -> StraightThrough {
    let (clamp, step) = (clamp(context), grid.step(context))
    func isGrids(_ bound: Float, _ end: Float) -> Bool {
      let code = bound / step + Float(grid.zeroPoint)
      return end < 0 ? code < end : code > end
    }
    let (lower, upper) = (Float(clamp.lowerBound), Float(clamp.upperBound))
    return StraightThrough(
      lower: lower, upper: upper, lowerShare: isGrids(activation.bounds.lower, -128) ? lower : 0,
      upperShare: isGrids(activation.bounds.upper, 127) ? upper : 0, learns: slot != nil)
  }

  /// Keeps the gradient of the step, from its sums over elements and images.
  func keep(_ sum: Lanes, _ context: StepContext) {
    guard let slot else { return }
    let scale = 1 / (128 * Float(output.count)).squareRoot()
    unsafe context.pointer(slot.buffer)[slot.index] = sum.sum() * grid.step(context) * scale
  }
}

/// A float in a buffer of the workspace.
struct StepSlot: Sendable {
  var buffer: BlockBuffer
  var index: Int
}

/// The gradient of `CodeResult` for sixteen values.
package struct StraightThrough {
  /// The ends that codes are clamped to, less the zero point.
  package var lower, upper: Float
  /// What a clipped value gives to the gradient of the step.
  package var lowerShare, upperShare: Float
  /// Whether the step is trained.
  package var learns: Bool

  package init(lower: Float, upper: Float, lowerShare: Float, upperShare: Float, learns: Bool) {
    (self.lower, self.upper) = (lower, upper)
    (self.lowerShare, self.upperShare) = (lowerShare, upperShare)
    self.learns = learns
  }

  /// What is left of the gradient `dy`; adds the step's to `sum`.
  @inline(__always)
  package func pass(
    _ dy: SIMD16<Float>, value: SIMD16<Float>, code: SIMD16<Float>, step sum: inout SIMD16<Float>
  ) -> SIMD16<Float> {
    let (isAbove, isBelow) = (value .> lower, value .< upper)
    if learns {
      var share = code - value
      share = Lanes(repeating: lowerShare).replacing(with: share, where: isAbove)
      share = Lanes(repeating: upperShare).replacing(with: share, where: isBelow)
      sum += dy * share
    }
    let passed = Lanes().replacing(with: dy, where: isAbove)
    return Lanes().replacing(with: passed, where: isBelow)
  }
}

/// Gathers the gradients of learned steps; goes first, so that it comes last backwards.
struct LearnedStepsStep: TrainingStep {
  var offset: Int
  /// For each learned step the results that have it.
  var slots: [[StepSlot]]

  func forward(_ context: StepContext) {}

  func backward(_ context: StepContext) {
    for (place, slots) in slots.enumerated() {
      unsafe context.gradients[offset + place] = slots.reduce(0) {
        unsafe $0 + context.pointer($1.buffer)[$1.index]
      }
    }
  }
}
