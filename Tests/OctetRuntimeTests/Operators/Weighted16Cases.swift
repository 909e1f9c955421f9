import OctetRuntime

/// Weights of int8 for activations of int16, and the geometry of what reads them.
struct Weighted16Parameters {
  /// The bias, the clamp and the zero points of it are not used.
  var geometry: ConvolutionParameters
  var bias: [Int64]
  /// Whether sums have 32 bits.
  var isNarrow: Bool
  var lower = -32_768
  var upper = 32_767
}

extension Weighted16Parameters {
  private init(_ geometry: ConvolutionParameters, _ random: inout RandomSource) {
    self.geometry = geometry
    isNarrow = random.int(0...2) == 0
    let reach = isNarrow ? 1 << 20 : 1 << 40
    bias = (0..<geometry.output.c).map { _ in Int64(random.int(-reach...reach)) }
    if random.int(0...2) == 0 { (lower, upper) = (random.int(-20_000...0), random.int(1...30_000)) }
    self.geometry.multipliers = bias.map {
      random.multiplier(near: 20_000 / (Double($0.magnitude) + 0x1p24))
    }
    // What TensorFlow Lite makes, and what has bits below.
    if random.int(0...1) == 0 {
      for index in bias.indices { self.geometry.multipliers[index].multiplier &= ~0xFFFF }
    }
  }

  static func convolution(_ random: inout RandomSource) -> Weighted16Parameters {
    var geometry = ConvolutionParameters.convolution(&random)
    if geometry.pool != nil {
      geometry.pool = nil
      geometry.output.h = geometry.convolvedHeight
      geometry.output.w = geometry.convolvedWidth
    }
    return Weighted16Parameters(geometry, &random)
  }

  static func depthwise(_ random: inout RandomSource) -> Weighted16Parameters {
    Weighted16Parameters(.depthwise(&random), &random)
  }

  static func connected(_ random: inout RandomSource) -> Weighted16Parameters {
    let (rows, depth, count) = (random.int(1...3), random.int(1...600), random.int(1...6))
    let geometry = ConvolutionParameters(
      input: Shape(rows, 1, 1, depth), weights: random.bytes(depth * count), bias: [],
      multipliers: [], output: Shape(rows, 1, 1, count))
    return Weighted16Parameters(geometry, &random)
  }

  private func words<Word: ParameterWord>(_ first: Word) -> [Word: TestParameter] {
    let halves = bias.flatMap {
      [Int32(truncatingIfNeeded: $0), Int32(truncatingIfNeeded: $0 >> 32)]
    }
    let values: [TestParameter] = [
      .word(isNarrow ? 1 : 0), .word(lower), .word(upper), .bytes(geometry.weights),
      .words(halves), .words(geometry.multipliers.map(\.multiplier)),
      .bytes(geometry.multipliers.map { Int8($0.shift) }),
    ]
    var words: [Word: TestParameter] = [:]
    for (index, value) in values.enumerated() {
      if let word = Word(rawValue: first.rawValue + index) { words[word] = value }
    }
    return words
  }

  private func windowWords<Word: ParameterWord>(_: Word.Type) -> [Word: TestParameter] {
    let w = geometry.window
    let values = [
      w.strideHeight, w.strideWidth, w.dilationHeight, w.dilationWidth, w.top, w.left,
      w.kernelHeight, w.kernelWidth,
    ]
    var words: [Word: TestParameter] = [:]
    for (index, value) in values.enumerated() {
      if let word = Word(rawValue: index) { words[word] = .word(value) }
    }
    return words
  }

  private func testOperator<Word: ParameterWord>(
    _ kind: OperatorKind, _ words: [Word: TestParameter]
  ) -> TestOperator {
    TestOperator(
      kind: kind, inputs: [.int16(geometry.input)], outputs: [.int16(geometry.output)],
      words: words)
  }

  var convolutionOperator: TestOperator {
    testOperator(
      .convolution16,
      windowWords(Convolution16.Word.self) + words(Convolution16.Word.sumsNarrowly)
        + [.groups: .word(geometry.groups)])
  }

  var depthwiseOperator: TestOperator {
    testOperator(
      .depthwiseConvolution16,
      windowWords(DepthwiseConvolution16.Word.self)
        + words(DepthwiseConvolution16.Word.sumsNarrowly))
  }

  var connectedOperator: TestOperator {
    testOperator(.fullyConnected16, words(FullyConnected16.Word.sumsNarrowly))
  }
}

extension Oracle {
  /// The code of a sum: one rounding, halves up, or, of sums of 32 bits, as of int8.
  static func code(_ p: Weighted16Parameters, _ sum: Int64, _ channel: Int) -> Int16 {
    let by = p.geometry.multipliers[channel]
    let product = Int128(sum) * Int128(by.multiplier)
    let bits = Int128(31 - by.shift)
    let rounded = (product + (1 << (bits - 1))) >> bits
    let value = p.isNarrow ? requantize(sum, by) : Int64(rounded)
    return Int16(min(max(value, Int64(p.lower)), Int64(p.upper)))
  }
}
