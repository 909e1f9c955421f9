import OctetModel
import OctetRuntime

extension BlobRaiser {
  /// Parameter words with the blob offsets of an operator's constants.
  struct Words {
    var weights, bias, multipliers, shifts: Int
  }

  /// The weights with their scales and the int32 bias, as two constants of the graph.
  mutating func weights(
    _ view: OperatorView, shape: [Int], axis: Int, foldsBias: Bool = true, _ words: Words
  ) throws(CompilerError) -> [TensorIndex] {
    let channelCount = shape[axis]
    let codes = int8s(view, words.weights, count: shape.elementCount)
    let folded = int32s(view, words.bias, count: channelCount)
    let shifts = int8s(view, words.shifts, count: channelCount)
    let multipliers = zip(int32s(view, words.multipliers, count: channelCount), shifts).map {
      FixedPointMultiplier(multiplier: $0, shift: Int32($1))
    }
    let isFullyConnected = view.kind == .fullyConnected
    let zeroPoint = isFullyConnected ? word(view, FullyConnected.Word.weightZeroPoint) : 0
    if purpose == .values {
      let constants = WeightCodes(
        codes: codes, shape: shape, axis: axis, zeroPoint: zeroPoint, foldedBias: folded,
        foldsBias: foldsBias)
      return realWeights(view, constants, multipliers)
    }
    let scales = try scales(view, multipliers, isFullyConnected: isFullyConnected, zeroPoint)
    let quantization = Quantization(
      scales: scales, zeroPoints: [Int32](repeating: Int32(zeroPoint), count: scales.count),
      axis: scales.count == 1 ? nil : axis)
    var bias = folded
    let inputQuantization = input(view).quantization ?? Quantization(scale: 1, zeroPoint: 0)
    if foldsBias {
      // The blob has `bias − z_in · Σ(w − z_w)`.
      var sums = [Int64](repeating: 0, count: channelCount)
      let inner = shape[(axis + 1)...].reduce(1, *)
      for (position, code) in codes.enumerated() {
        sums[position / inner % channelCount] += Int64(code) - Int64(zeroPoint)
      }
      for channel in 0..<channelCount {
        let value = Int64(folded[channel]) + Int64(inputQuantization.zeroPoints[0]) * sums[channel]
        guard let exact = Int32(exactly: value) else {
          throw .invalid(node: name(view), reason: "the bias of channel \(channel) overflows")
        }
        bias[channel] = exact
      }
    }
    let biasScales = scales.map { $0 * inputQuantization.scales[0] }
    return [
      add(
        Tensor(
          name: "\(name(view))/weights", shape: shape, elementType: .int8, constant: .int8(codes),
          quantization: quantization)),
      add(
        Tensor(
          name: "\(name(view))/bias", shape: [channelCount], elementType: .int32,
          constant: .int32(bias),
          quantization: Quantization(
            scales: biasScales, zeroPoints: [Int32](repeating: 0, count: scales.count),
            axis: scales.count == 1 ? nil : 0))),
    ]
  }

  /// Float32 scales that give exactly these multipliers: one for a fully connected operator whose
  /// multipliers are all the same, otherwise one for each channel.
  private mutating func scales(
    _ view: OperatorView, _ multipliers: [FixedPointMultiplier], isFullyConnected: Bool,
    _ zeroPoint: Int
  ) throws(CompilerError) -> [Float] {
    guard let inputScale = input(view).quantization?.scales.first,
      let outputScale = output(view).quantization?.scales.first
    else { throw .invalid(node: name(view), reason: "its operands have no scales") }
    let roundsOnce = multipliers.contains { $0.multiplier != 0 && $0.multiplier < 1 << 30 }
    if roundsOnce { graph.metadata.roundsOnce = true }
    let recovery = WeightScale(
      input: inputScale, output: outputScale, roundsOnce: graph.metadata.roundsOnce)
    let isOne = isFullyConnected && multipliers.allSatisfy { $0 == multipliers[0] }
    let needed = isOne ? [multipliers[0]] : multipliers
    let scales = needed.compactMap { recovery.scale($0) }
    guard scales.count == needed.count, isOne || zeroPoint == 0 else {
      throw .invalid(
        node: name(view), reason: "no float32 weight scales give its multipliers")
    }
    return scales
  }
}

/// Finds the float32 weight scale behind a multiplier.
struct WeightScale {
  var input: Float
  var output: Float
  var roundsOnce = false

  func scale(_ multiplier: FixedPointMultiplier) -> Float? {
    let real =
      multiplier.multiplier == 0
      // Anything below 2⁻³² became 0.
      ? 0x1p-40
      : Double(multiplier.multiplier)
        * Double(sign: .plus, exponent: Int(multiplier.shift) - 31, significand: 1)
    let nearest = Float(real * Double(output) / Double(input))
    // A multiplier has 31 bits, a scale 24: the nearest is right, or its neighbour.
    return [nearest, nearest.nextUp, nearest.nextDown].first { scale in
      let real = Double(input) * Double(scale) / Double(output)
      return scale.isNormal && FixedPointMultiplier(real, roundsOnce: roundsOnce) == multiplier
    }
  }
}
