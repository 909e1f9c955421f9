import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import OctetRuntime
import TestComparisons
import TestNetworks

/// A damage that needs a network, samples or a second model of its own: what the catalogue's
/// networks cannot show.
struct OtherDamage: Sendable {
  var cause: DiffReport.Cause
  /// The layer that must be blamed; nil where the cause alone stands at a layer.
  var layer: String?
  var make: @Sendable () throws -> Diff

  static let all: [Self] = windows + numbers + codes + inputs

  // MARK: Models

  private static let count = 12

  private static func samples(_ graph: Graph) -> TensorSamples {
    let size = graph.tensors[graph.inputs[0]].elementCount
    return TensorSamples(count: count, elementCounts: [size], checksum: "00000000") {
      sample, _, target in
      var random = TestRandom(seed: 31 &* sample &+ 5)
      for index in target.indices { target[index] = Float.random(in: -0.3...1, using: &random) }
    }
  }

  private static func int8(_ graph: Graph) throws -> Graph {
    let samples = samples(graph)
    let calibration = CalibrationSamples(count: count) { sample, input, target in
      for (index, value) in samples.values(sample: sample, input: input).enumerated() {
        target[index] = value
      }
    }
    return try Quantizer.quantize(graph, samples: calibration, options: DiffCorpus.plain).graph
  }

  private static func diff(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: DiffData
  ) throws -> Diff {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 8
    return try Diff(reference, candidate, data, options: options)
  }

  private static func blob(_ graph: Graph) throws -> DiffModel {
    try DiffModel(LoadedModel(Compiler.compile(graph).blob))
  }

  private static func floats(
    _ cause: DiffReport.Cause, _ layer: String, _ make: @escaping @Sendable (Bool) throws -> Graph
  ) -> Self {
    Self(cause: cause, layer: layer) {
      let right = try make(false)
      return try diff(DiffModel(right), DiffModel(make(true)), DiffData(samples(right)))
    }
  }

  private static func builder(channels: Int = 4) -> NetworkBuilder {
    NetworkBuilder(seed: 3, height: 8, width: 8, channelCount: channels)
  }

  // MARK: What is computed

  private static let windows: [Self] = [
    floats(.strideOther, "second") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 6, kernel: Extent(3))
      var strided = ConvolutionAttributes()
      strided.stride = Extent(isWrong ? 2 : 1)
      try builder.convolution("second", outputCount: 6, kernel: Extent(3), strided)
      try builder.append("mean", .mean(axes: [1, 2], keepsDimensions: false))
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.windowOther, "pool") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 6, kernel: Extent(1))
      var pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
      if isWrong {
        pool.kernel = Extent(3)
        pool.padding = Padding(top: 0, left: 0, bottom: 1, right: 1)
      }
      try builder.maxPool("pool", pool)
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.groupsOther, "grouped") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 8, kernel: Extent(1))
      let count = isWrong ? 8 : 4
      let values = (0..<8 * 9 * count).map { index -> Float in
        let place = index / count * 4 + index % 4
        return Float(place * 37 % 101) / 101 - 0.5
      }
      let weights = builder.constant("weights", [8, 3, 3, count], values)
      let bias = builder.constant("bias", [8], [Float](repeating: 0.1, count: 8))
      var attributes = ConvolutionAttributes()
      attributes.groups = isWrong ? 1 : 2
      try builder.append("grouped", .convolution(attributes), [weights, bias])
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.padValueOther, "pad") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 6, kernel: Extent(1))
      try builder.append(
        "pad",
        .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: isWrong ? .reflect : .constant(2)))
      try builder.convolution("second", outputCount: 6, kernel: Extent(3))
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.constantOther, "scaled") { isWrong in
      var builder = builder()
      // One for each element: constants for each channel are a normalization's.
      let values = (0..<256).map { Float($0 * 37 % 64 + 1) / 16 }
      let scales = builder.constant("scales", [8, 8, 4], isWrong ? values.reversed() : values)
      try builder.append("turned", .scalar(.tanh))
      try builder.append("scaled", .multiply(.none), [scales])
      try builder.append("again", .scalar(.tanh))
      try builder.convolution("second", outputCount: 6, kernel: Extent(3))
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.normalizationEpsilon, "normal") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 6, kernel: Extent(3))
      let epsilon: Float = isWrong ? 6 : 6e-5
      let attributes = L2NormalizationAttributes(gain: Float(6).squareRoot(), epsilon: epsilon)
      try builder.append("normal", .l2Normalization(attributes))
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
    floats(.attributesOther, "part") { isWrong in
      var builder = builder()
      try builder.convolution("first", outputCount: 6, kernel: Extent(3))
      try builder.append(
        "part",
        .slice(begin: [0, isWrong ? 1 : 2, 0, 0], count: [1, 4, 6, 6], stride: [1, 1, 1, 1]))
      try builder.convolution("second", outputCount: 6, kernel: Extent(3))
      try builder.fullyConnected("scores", outputCount: 5)
      return builder.finished()
    },
  ]

  // MARK: Numbers

  private static let numbers: [Self] = [
    Self(cause: .notNumbers, layer: "conv2") {
      try spoiltLeNet(input: 1) { values in
        var values = values
        values[7] = .nan
        return values
      }
    },
    Self(cause: .weightByteOrder, layer: "conv2") {
      try spoiltLeNet(input: 1) { $0.map { Float(bitPattern: $0.bitPattern.byteSwapped) } }
    },
    Self(cause: .eightBits, layer: nil) {
      var builder = NetworkBuilder(seed: 3, height: 1, width: 1, channelCount: 16)
      let values = (0..<64).map { index -> Float in
        let size = Float(50 + index / 16)
        return index % 2 == 0 ? size : -size
      }
      let weights = builder.constant("weights", [4, 16], values)
      let bias = builder.constant("bias", [4], [0, 0, 0, 0])
      try builder.append("view", .reshape([1, 16]))
      try builder.append("difference", .fullyConnected(.init()), [weights, bias])
      let graph = builder.finished()
      let data = TensorSamples(count: count, elementCounts: [16], checksum: "00000000") {
        sample, _, target in
        var random = TestRandom(seed: sample)
        // Neighbours are next to equal, and their difference is asked for.
        for index in target.indices {
          let isFirst = index % 2 == 0
          let last: Float = isFirst ? 0 : target[index - 1]
          let size: Float = isFirst ? 1 : 0.002
          target[index] = last + Float.random(in: -size...size, using: &random)
        }
      }
      let calibration = CalibrationSamples(count: count) { sample, input, target in
        for (index, value) in data.values(sample: sample, input: input).enumerated() {
          target[index] = value
        }
      }
      let int8 = try Quantizer.quantize(graph, samples: calibration, options: DiffCorpus.plain)
      return try diff(DiffModel(graph), blob(int8.graph), DiffData(data))
    },
  ]

  private static func spoiltLeNet(
    input: Int, _ change: ([Float]) -> [Float]
  ) throws -> Diff {
    let float = try DiffCorpus.lenet()
    var other = float
    let tensor = try other.node("conv2").inputs[input]
    guard case .float(let values) = other.tensors[tensor].constant else { throw Graph.Missing() }
    other.tensors[tensor].constant = .float(change(values))
    return try diff(DiffModel(float), DiffModel(other), DiffData(DiffCorpus.test))
  }

  // MARK: Codes

  private static let codes: [Self] = [
    Self(cause: .otherLayersBias, layer: "conv1b") {
      let network = CatalogueNetwork.resnet
      var int8 = try network.int8()
      let (own, other) = (try int8.node("conv1b").inputs[2], try int8.node("conv1a").inputs[2])
      let scales = [own, other].map { int8.tensors[$0].quantization?.scales ?? [] }
      guard case .int32(let codes) = int8.tensors[other].constant else { throw Graph.Missing() }
      try DiffDamage.mapBiases(of: "conv1b", in: &int8) { _ in
        codes.indices.map { Int32((Float(codes[$0]) * scales[1][$0] / scales[0][$0]).rounded()) }
      }
      return try diff(DiffModel(network.float()), blob(int8), DiffData(network.images()))
    },
    sum(.operandScales) { $0[Add.Word.shiftA] -= 1 },
    sum(.outputScaled) { $0[Add.Word.shift] -= 1 },
    Self(cause: .roundsOtherwise, layer: nil) {
      let network = CatalogueNetwork.resnet
      var other = try network.int8()
      other.arithmetic = .onnx
      return try diff(blob(network.int8()), blob(other), DiffData(network.images()))
    },
  ]

  /// The sum of a residual block, with one of its words changed in the blob.
  private static func sum(
    _ cause: DiffReport.Cause, _ change: @escaping @Sendable (inout AddWords) -> Void
  ) -> Self {
    Self(cause: cause, layer: "add1") {
      let network = CatalogueNetwork.resnet
      let loaded = try LoadedModel(Compiler.compile(network.int8(), shrinks: false).blob)
      var lowered = LoweredModel(loaded)
      guard let index = lowered.operators.firstIndex(where: { $0.name == "add1" }) else {
        throw Graph.Missing()
      }
      var words = AddWords(parameters: lowered.operators[index].parameters)
      change(&words)
      lowered.operators[index].parameters = words.parameters
      let spoilt = try DiffModel(LoadedModel(Compiler.assemble(lowered).blob))
      return try diff(DiffModel(network.float()), spoilt, DiffData(network.images()))
    }
  }

  struct AddWords {
    var parameters: [LoweredOperator.Parameter]
    subscript(word: Add.Word) -> Int {
      get {
        if case .value(let value) = parameters[Int(word.rawValue)] { return value }
        return 0
      }
      set { parameters[Int(word.rawValue)] = .value(newValue) }
    }
  }

  // MARK: Inputs

  private static let inputs: [Self] = [
    pictures(.imageFlipped) { index, width in
      index / width * width + width - 1 - index % width
    },
    pictures(.axisOrder) { index, width in index % width * width + index / width },
    tensors(.inputByteOrder) { Float(bitPattern: $0.bitPattern.byteSwapped) },
    tensors(.inputScale) { $0 * 255 },
  ]

  private static let digits = Digits.generate(count: 60, seed: 9)

  /// LeNet on digits whose pixels stand elsewhere.
  private static func pictures(
    _ cause: DiffReport.Cause, _ source: @escaping @Sendable (_ index: Int, _ width: Int) -> Int
  ) -> Self {
    Self(cause: cause, layer: "input") {
      var data = digits
      let (size, width) = (data.imageByteCount, data.width)
      data.pixels = data.pixels.indices.map {
        digits.pixels[$0 / size * size + source($0 % size, width)]
      }
      return try diff(
        DiffModel(DiffCorpus.lenet()), blob(DiffCorpus.int8.get()), DiffData(data))
    }
  }

  /// LeNet on tensors with labels, whose numbers are others than in training.
  private static func tensors(
    _ cause: DiffReport.Cause, _ change: @escaping @Sendable (Float) -> Float
  ) -> Self {
    Self(cause: cause, layer: "input") {
      let size = digits.imageByteCount
      let samples = TensorSamples(count: 60, elementCounts: [size], checksum: "00000000") {
        sample, _, target in
        for index in target.indices {
          target[index] = change(Float(digits.pixels[sample * size + index]) / 255)
        }
      }
      let labels = SampleLabels(path: "labels", digits.labels.map { Float($0) }, perSample: 1)
      return try diff(
        DiffModel(DiffCorpus.lenet()), blob(DiffCorpus.int8.get()),
        DiffData(samples).labelled(labels))
    }
  }

  /// A small network on pictures of the one scale, quantized on those of the other.
  static func fed(_ scale: String, _ calibrated: String) throws -> Diff {
    var builder = builder(channels: 3)
    try builder.convolution("first", outputCount: 6, kernel: Extent(3))
    try builder.append("active", .scalar(.relu))
    try builder.fullyConnected("scores", outputCount: 5)
    let graph = builder.finished()
    let ends: [String: [(Float, Float)]] = [
      "0…1": [(0, 1)], "-1…1": [(-1, 1)], "0…255": [(0, 255)], "MNIST": [(-0.4242, 2.8215)],
      "ImageNet": [(-2.1179, 2.2489), (-2.0357, 2.4286), (-1.8044, 2.64)],
    ]
    func samples(_ scale: String) -> TensorSamples {
      let ends = ends[scale] ?? []
      return TensorSamples(count: count, elementCounts: [192], checksum: "00000000") {
        sample, _, target in
        var random = TestRandom(seed: 31 &* sample &+ 5)
        for index in target.indices {
          let (lower, upper) = ends[index % ends.count]
          let byte = [0, 255, random.int(0...255)][min(index / 3, 2)]
          target[index] = lower + Float(byte) / 255 * (upper - lower)
        }
      }
    }
    let given = samples(calibrated)
    let calibration = CalibrationSamples(count: count) { sample, input, target in
      for (index, value) in given.values(sample: sample, input: input).enumerated() {
        target[index] = value
      }
    }
    let int8 = try Quantizer.quantize(graph, samples: calibration, options: DiffCorpus.plain)
    return try diff(DiffModel(graph), blob(int8.graph), DiffData(samples(scale)))
  }
}
