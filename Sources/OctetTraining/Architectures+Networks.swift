import OctetModel

// The networks, as lists of layers. All are of a size that trains in minutes on images of 28×28.

extension Layer {
  static let relu = activation(.relu)
  static let relu6 = activation(.relu6)

  static func convolution(_ outputs: Int, _ kernel: Int, padding: LayerPadding = .same) -> Self {
    convolution(outputs: outputs, kernel: kernel, padding: padding)
  }

  /// A convolution, normalized, with ReLU or something else.
  static func normalized(
    _ outputs: Int, _ kernel: Int, stride: Int = 1, then last: Layer? = .relu
  ) -> [Self] {
    [.convolution(outputs: outputs, kernel: kernel, stride: stride, hasBias: false)]
      + [.normalization] + (last.map { [$0] } ?? [])
  }

  /// Depthwise 3×3 and 1×1, each normalized.
  static func separated(_ outputs: Int, stride: Int = 1, then last: Layer) -> [Self] {
    [.depthwise(kernel: 3, stride: stride, hasBias: false), .normalization, last]
      + normalized(outputs, 1, then: last)
  }
}

extension Architectures {
  static let classics = [
    Entry(
      name: "lenet5-1998",
      source: "LeCun et al. 1998 as printed: trained sub-sampling, a connection table, scaled "
        + "tanh, bitmaps of characters at the end",
      layers: lenet1998),
    Entry(
      name: "lenet", source: "LeCun et al. 1998 with ReLU and max pools",
      layers: lenet([.relu], .pool(.max, size: 2, stride: 2))),
    Entry(
      name: "lenet-avg", source: "LeCun et al. 1998 with ReLU and average pools",
      layers: lenet([.relu], .pool(.average, size: 2, stride: 2))),
    Entry(
      name: "lenet-bn", source: "the same with max pools and batch normalization",
      layers: lenet([.normalization, .relu], .pool(.max, size: 2, stride: 2))),
    Entry(
      name: "lenet-tutorial",
      source: "as tutorials have it: images of 32×32, no padding, dropout of a half before the "
        + "dense layers' ends",
      layers: tutorial),
  ]

  private static func lenet(_ activation: [Layer], _ pool: Layer) -> [Layer] {
    [.convolution(6, 5, padding: .of(2))] + activation + [pool]
      + [.convolution(16, 5, padding: .of(0))] + activation + [pool, .flatten]
      + [.dense(outputs: 120)] + activation + [.dense(outputs: 84)] + activation
      + [.dense(outputs: nil)]
  }

  private static let tutorial: [Layer] = [
    .convolution(6, 5, padding: .upTo(32)), .relu, .pool(.max, size: 2, stride: 2),
    .convolution(16, 5, padding: .of(0)), .relu, .pool(.max, size: 2, stride: 2), .flatten,
    .dense(outputs: 120), .relu, .dropout(0.5), .dense(outputs: 84), .relu, .dropout(0.5),
    .dense(outputs: nil),
  ]

  /// Table I of the paper: the maps of S2 that each map of C3 sees.
  private static let connections = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5], [0, 1, 2, 3], [1, 2, 3, 4],
    [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5], [0, 1, 3, 4], [1, 2, 4, 5],
    [0, 2, 3, 5], [0, 1, 2, 3, 4, 5],
  ]

  private static let lenet1998: [Layer] = {
    let squash = Layer.scaledTanh(inner: 2 / 3, outer: 1.7159)
    // The mean of four instead of their sum: the coefficient is four times as large.
    let subsampling: [Layer] = [
      .pool(.average, size: 2, stride: 2), .depthwise(kernel: 1), squash,
    ]
    let c3 = Layer.convolution(outputs: 16, kernel: 5, padding: .of(0), connections: connections)
    return [.convolution(6, 5, padding: .upTo(32)), squash] + subsampling + [c3, squash]
      + subsampling + [.convolution(120, 5, padding: .of(0)), squash]
      + [.flatten, .fixedDense(outputs: CharacterBitmaps.pixelCount), squash, .bitmaps]
  }()

  static let alexnet: [Layer] = [
    .convolution(24, 5), .relu, .neighbours(size: 5), .pool(.max, size: 3, stride: 2),
    .convolution(48, 5), .relu, .neighbours(size: 5), .pool(.max, size: 3, stride: 2),
    .convolution(64, 3), .relu, .convolution(64, 3), .relu, .convolution(48, 3), .relu,
    .pool(.max, size: 3, stride: 2), .flatten, .dense(outputs: 256), .relu, .dropout(0.5),
    .dense(outputs: 256), .relu, .dropout(0.5), .dense(outputs: nil),
  ]

  static let vgg: [Layer] =
    [(1, 24), (1, 48), (2, 96)].flatMap { count, outputs in
      (0..<count).flatMap { _ in [Layer.convolution(outputs, 3), .relu] }
        + [.pool(.max, size: 2, stride: 2)]
    } + [
      .flatten, .dense(outputs: 256), .relu, .dropout(0.5), .dense(outputs: 256), .relu,
      .dropout(0.5), .dense(outputs: nil),
    ]

  static let nin: [Layer] =
    mlpconv(24, 5) + [.pool(.max, size: 3, stride: 2)] + mlpconv(48, 5)
    + [.pool(.max, size: 3, stride: 2)] + mlpconv(96, 3) + [
      .dropout(0.5), .convolution(outputs: nil, kernel: 3), .relu,
      .convolution(outputs: nil, kernel: 1), .globalPool,
    ]

  private static func mlpconv(_ outputs: Int, _ kernel: Int) -> [Layer] {
    [kernel, 1, 1].flatMap { [Layer.convolution(outputs, $0), .relu] }
  }

  static let googlenet: [Layer] =
    [.convolution(24, 5), .relu, .pool(.max, size: 3, stride: 2, padding: 1)]
    + [.convolution(24, 1), .relu, .convolution(48, 3), .relu]
    + [inception(16, (24, 32), (4, 8), 8), .pool(.max, size: 3, stride: 2, padding: 1)]
    + [inception(24, (32, 48), (8, 16), 16), inception(32, (48, 64), (8, 16), 16)]
    + [.globalPool, .dense(outputs: nil)]

  private static func inception(
    _ one: Int, _ three: (Int, Int), _ five: (Int, Int), _ pooled: Int
  ) -> Layer {
    .branches(
      [
        [.convolution(one, 1), .relu],
        [.convolution(three.0, 1), .relu, .convolution(three.1, 3), .relu],
        [.convolution(five.0, 1), .relu, .convolution(five.1, 5), .relu],
        [.pool(.max, size: 3, stride: 1, padding: 1), .convolution(pooled, 1), .relu],
      ], join: .concatenation)
  }

  static func residual(blockCount: Int) -> [Layer] {
    var layers = Layer.normalized(16, 3)
    for (stage, outputs) in [16, 32, 64].enumerated() {
      for block in 0..<blockCount {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let body =
          Layer.normalized(outputs, 3, stride: stride)
          + Layer.normalized(outputs, 3, then: nil)
        let shortcut =
          stride == 1 ? [] : Layer.normalized(outputs, 1, stride: stride, then: nil)
        layers += [.branches([body, shortcut], join: .sum), .relu]
      }
    }
    return layers + [.globalPool, .dense(outputs: nil)]
  }

  static let densenet: [Layer] =
    [.convolution(24, 3), .pool(.max, size: 2, stride: 2)] + dense(4, growth: 12)
    + transition(36) + dense(4, growth: 12)
    + [.normalization, .relu, .globalPool, .dense(outputs: nil)]

  private static func dense(_ count: Int, growth: Int) -> [Layer] {
    (0..<count).map { _ in
      .branches(
        [[], [.normalization, .relu, .convolution(growth, 3)]], join: .concatenation)
    }
  }

  private static func transition(_ outputs: Int) -> [Layer] {
    [.normalization, .relu, .convolution(outputs, 1), .pool(.average, size: 2, stride: 2)]
  }

  static let mobilenet: [Layer] =
    Layer.normalized(16, 3, then: .relu6)
    + [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1)].flatMap {
      Layer.separated($0.0, stride: $0.1, then: .relu6)
    } + [.globalPool, .dense(outputs: nil)]

  static let separable: [Layer] =
    Layer.normalized(64, 3, stride: 2)
    + (0..<4).flatMap { _ in Layer.separated(64, then: .relu) }
    + [.dropout(0.2), .globalPool, .dense(outputs: nil)]

  /// Fewer than 2,000 weights for gray digits. The depthwise parts have no ReLU, so that the 1×1
  /// convolutions see all of them.
  static let tiny: [Layer] =
    Layer.normalized(8, 3) + linearlySeparated(12)
    + [.pool(.max, size: 2, stride: 2)] + [16, 16].flatMap(linearlySeparated)
    + [.pool(.max, size: 2, stride: 2)] + linearlySeparated(20)
    + [.globalPool, .dense(outputs: nil)]

  private static func linearlySeparated(_ outputs: Int) -> [Layer] {
    [.depthwise(kernel: 3, stride: 1, hasBias: false), .normalization]
      + Layer.normalized(outputs, 1)
  }

  /// Two blocks of two 3×3 convolutions and one fully connected layer.
  static let smallConvolutional: [Layer] =
    [8, 16].flatMap { outputs in
      [.convolution(outputs, 3), .relu, .convolution(outputs, 3), .relu]
        + [Layer.pool(.max, size: 2, stride: 2)]
    } + [.flatten, .dense(outputs: nil)]

  static let perceptron: [Layer] = [
    .flatten, .dense(outputs: 128), .relu, .dense(outputs: 64), .relu, .dense(outputs: nil),
  ]
}
