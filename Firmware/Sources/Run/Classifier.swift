import OctetRuntime

/// What a model's input and output mean in pixels and classes.
struct Classifier {
  let height, width, channelCount: Int
  /// For each channel the input's codes of pixels 0…255.
  private let codes: [[Int8]]
  private let output: TensorFormat
  private let endsInSoftmax: Bool
  private let isInt8: Bool
  private let labels: [[UInt8]]

  init(_ model: Model) {
    let record = model.blob.input(0)
    (height, width, channelCount) = (record.height, record.width, record.channels)
    let input = model.input(0)
    var codes: [[Int8]] = []
    for channel in 0..<(channelCount <= 3 ? channelCount : 0) {
      let (mean, deviation) = Self.normalization(model, channel)
      codes.append(
        (0..<256).map { Self.code((Float($0) / 255 - mean) / deviation, input) })
    }
    self.codes = codes
    output = model.output(0)
    isInt8 = input.elementByteCount == 1 && output.elementByteCount == 1
    let last = model.operatorCount - 1
    endsInSoftmax = last >= 0 && model.blob.operator(last).kind == .softmax
    var labels: [[UInt8]] = []
    for index in 0..<model.labelCount {
      let label = model.label(index)
      labels.append(label.indices.map { label[$0] })
    }
    self.labels = labels
  }

  /// The last channel's values serve those beyond it; 0 and 1 where the model does not say.
  private static func normalization(_ model: Model, _ channel: Int) -> (Float, Float) {
    var found: (Float, Float) = (0, 1)
    for index in 0...channel {
      if let own = model.normalization(channel: index) {
        found = (own.mean, own.standardDeviation)
      }
    }
    return found
  }

  /// The code nearest to a real number, ties away from zero.
  private static func code(_ real: Float, _ format: TensorFormat) -> Int8 {
    let steps = Double(real / format.scale)
    guard steps == steps else { return Int8(clamping: format.zeroPoint) }
    let bounded = min(max(steps, -100_000), 100_000)
    let rounded = Int32(bounded < 0 ? bounded - 0.5 : bounded + 0.5)
    return Int8(clamping: rounded + format.zeroPoint)
  }

  /// Whether the first input is a picture, of int8 as the scores: N, H, W, one or three channels.
  var takesPictures: Bool { isInt8 && (channelCount == 1 || channelCount == 3) }

  /// The picture as the input's codes.
  func encode(_ image: Image, isInverted: Bool) -> [Int8] {
    let fitted = (isInverted ? image.inverted() : image).converted(toChannelCount: channelCount)
      .resized(height: height, width: width)
    var channel = 0
    return fitted.pixels.map { pixel in
      let code = codes[channel][Int(pixel)]
      channel = channel + 1 == channelCount ? 0 : channel + 1
      return code
    }
  }

  /// A probability for each class: the model's own where it ends in softmax, otherwise the softmax
  /// of its real-valued outputs.
  func probabilities(_ codes: borrowing Span<Int8>) -> [Float] {
    var values: [Float] = []
    for index in codes.indices {
      values.append(output.scale * (Float(codes[index]) - Float(output.zeroPoint)))
    }
    if endsInSoftmax { return values }
    let highest = values.reduce(-Float.infinity) { max($0, $1) }
    let exponentials = values.map { exponential(Double($0 - highest)) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { Float($0 / sum) }
  }

  /// The `count` likeliest classes, the best first; of equals the first.
  func best(_ count: Int, of probabilities: [Float]) -> [Int] {
    var found: [Int] = []
    while found.count < min(count, probabilities.count) {
      var best = -1
      for index in probabilities.indices where !found.contains(index) {
        if best < 0 || probabilities[index] > probabilities[best] { best = index }
      }
      found.append(best)
    }
    return found
  }

  /// The name of a class, or its number.
  func label(_ index: Int) -> [UInt8] {
    index < labels.count ? labels[index] : String(index).bytes
  }
}

/// eˣ of x ≤ 0: 2ⁿ times Taylor's series around 0 up to ½ ln 2, whose 13th term is below 2⁻⁵³.
private func exponential(_ x: Double) -> Double {
  guard x > -700 else { return 0 }
  let halvings = Int(0.5 - x * 1.4426950408889634)
  let rest = x + Double(halvings) * 0.6931471805599453
  var (term, sum) = (1.0, 1.0)
  for order in 1...13 {
    term *= rest / Double(order)
    sum += term
  }
  return sum * Double(sign: .plus, exponent: -halvings, significand: 1)
}
