/// A usual way to make reals of pixels or samples: what is taken off 0…1, and what it is divided
/// by, for each channel.
package struct InputScale: Sendable, Equatable {
  /// The name in a sentence: `pixels as 0…255`.
  package let name: String
  package let mean: [Float]
  package let deviation: [Float]
  /// Whether it is no data set's own.
  package let isPlain: Bool

  private init(_ name: String, _ mean: [Float], _ deviation: [Float], isPlain: Bool = true) {
    (self.name, self.mean, self.deviation, self.isPlain) = (name, mean, deviation, isPlain)
  }

  /// What 0 and 1 become, over all channels.
  package var range: (lower: Double, upper: Double) {
    let ends = zip(mean, deviation).map { mean, deviation in
      (lower: -Double(mean) / Double(deviation), upper: (1 - Double(mean)) / Double(deviation))
    }
    return (ends.map(\.lower).min() ?? 0, ends.map(\.upper).max() ?? 1)
  }

  /// The plain ones first.
  package static let all: [Self] = [
    Self("pixels as 0…1", [0], [1]),
    Self("pixels as 0…255", [0], [1 / 255]),
    Self("pixels as -1…1", [0.5], [0.5]),
    Self("pixels as -128…127", [128 / 255], [1 / 255]),
    Self("pixels as -0.5…0.5", [0.5], [1]),
    Self("MNIST's", [0.1307], [0.3081], isPlain: false),
    Self("Fashion-MNIST's", [0.2860], [0.3530], isPlain: false),
    Self("CIFAR-10's", [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616], isPlain: false),
    Self("ImageNet's", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], isPlain: false),
    Self(
      "Caffe's", [123.68 / 255, 116.779 / 255, 103.939 / 255], [1 / 255, 1 / 255, 1 / 255],
      isPlain: false),
  ]

  /// The one whose ends are these, to a twentieth of their distance; of several the nearest.
  package static func matching(_ range: (lower: Double, upper: Double)) -> Self? {
    let found = all.map { scale -> (scale: Self, off: Double) in
      let (lower, upper) = scale.range
      return (scale, max(abs(lower - range.lower), abs(upper - range.upper)) / (upper - lower))
    }.min { $0.off < $1.off }
    return found.flatMap { $0.off < 0.05 ? $0.scale : nil }
  }
}
