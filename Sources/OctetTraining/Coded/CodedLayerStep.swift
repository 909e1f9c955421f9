import COctetFloatKernels
import OctetCompiler
import OctetModel
import OctetRuntime

/// A step whose weights and gradients may stand anywhere.
protocol WeightedStep: TrainingStep {
  var output: BlockBuffer { get set }
  var weightOffset: Int { get set }
  var biasOffset: Int? { get set }
  var trainsBias: Bool { get set }
}

extension ConvolutionStep: WeightedStep {}
extension FullyConnectedStep: WeightedStep {}

/// A convolution or fully connected layer in codes.
///
/// The layer's own step multiplies and adds codes that floats hold; every sum is below 2²⁴, so it
/// is exact in any order. Where it could be larger, weights go in two parts, w = 16 · high + low,
/// each with a sum of its own. Bias and requantization are the runtime's integers.
///
/// Backwards the same step works on the real numbers that weights stand for.
struct CodedLayerStep: TrainingStep {
  /// The layer's step, with weights at 0 of the parameters that it is given: the low part first.
  var parts: [any WeightedStep]
  var weights: CodedWeights
  var biasOffset: Int?
  var input: GridPlace
  var result: CodeResult
  /// The sums that the parts make.
  var sums: [BlockBuffer]
  var channelCount: Int
  /// Room for a multiplier of each channel.
  var factors: BlockBuffer

  private var pixelCount: Int { result.output.count / channelCount }

  private struct Channel {
    var multiplier: LaneMultiplier
    var bias: Int32
  }

  func forward(_ context: StepContext) {
    weights.round(context)
    for (index, part) in parts.enumerated() {
      part.forward(unsafe context.over(context.pointer(weights.parts[index])))
    }
    let clamp = result.clamp(context)
    let (lower, upper) = (clamp.lowerBound, clamp.upperBound)
    let low = unsafe elements(context.pointer(sums[0]))
    let high = unsafe sums.count > 1 ? elements(context.pointer(sums[1])) : nil
    let y = unsafe elements(context.pointer(result.output))
    unsafe withUnsafeTemporaryAllocation(of: Channel.self, capacity: channelCount) { channels in
      for c in 0..<channelCount {
        unsafe channels.initializeElement(at: c, to: channel(c, context))
      }
      var index = 0
      for _ in 0..<pixelCount {
        for c in 0..<channelCount {
          var sum = unsafe octet_whole(low[index])
          if let high = unsafe high { sum &+= unsafe octet_whole(high[index]) &<< 4 }
          sum &+= unsafe SIMD16(repeating: channels[c].bias)
          unsafe y[index] = octet_clamped(channels[c].multiplier(sum), lower, upper)
          index += 1
        }
      }
    }
  }

  private func channel(_ c: Int, _ context: StepContext) -> Channel {
    let scale = Double(input.step(context)) * Double(weights.step(c, context))
    return Channel(
      multiplier: LaneMultiplier(FixedPointMultiplier(scale / Double(result.grid.step(context)))),
      bias: bias(c, context))
  }

  private func bias(_ c: Int, _ context: StepContext) -> Int32 {
    guard let biasOffset else { return 0 }
    return CodedWeights.biasCode(
      unsafe context.parameters[biasOffset + c] * weights.grid.biasUnit,
      inputStep: input.step(context), weightStep: weights.step(c, context))
  }

  func backward(_ context: StepContext) {
    passBack(context)
    if let biasOffset {
      unsafe context.kernels.mask_sums(
        pixelCount, channelCount, nil, context.pointer(result.outputGradient),
        context.gradients + biasOffset)
      for c in 0..<channelCount {
        unsafe context.gradients[biasOffset + c] *= weights.grid.biasUnit
      }
    }
    weights.makeReal(context)
    unsafe parts[0].backward(
      context.over(
        context.pointer(weights.parts[0]), gradients: context.pointer(weights.gradients)))
    weights.passBack(context, inputStep: input.step(context))
  }

  /// Takes the gradient of the result to that of the unrounded sums.
  private func passBack(_ context: StepContext) {
    let low = unsafe elements(context.pointer(sums[0]))
    let high = unsafe sums.count > 1 ? elements(context.pointer(sums[1])) : nil
    let y = unsafe elements(context.pointer(result.output))
    let dy = unsafe elements(context.pointer(result.outputGradient))
    let (factors, biases) = unsafe (
      context.pointer(self.factors), context.pointer(self.factors) + channelCount
    )
    let scale = input.step(context) / result.grid.step(context)
    for c in 0..<channelCount {
      unsafe factors[c] = scale * weights.step(c, context)
      unsafe biases[c] = Float(bias(c, context))
    }
    let straightThrough = result.straightThrough(context)
    var step = Lanes()
    var index = 0
    for _ in 0..<pixelCount {
      for c in 0..<channelCount {
        var sum = unsafe low[index] + biases[c]
        if let high = unsafe high { sum += unsafe 16 * high[index] }
        unsafe dy[index] = straightThrough.pass(
          dy[index], value: sum * factors[c], code: y[index], step: &step)
        index += 1
      }
    }
    result.keep(step, context)
  }
}

extension StepContext {
  /// The same with other parameters.
  fileprivate func over(
    _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>? = nil
  ) -> StepContext {
    unsafe StepContext(
      kernels: kernels, memory: memory, scratch: scratch, parameters: parameters,
      gradients: gradients ?? self.gradients, place: place)
  }
}
