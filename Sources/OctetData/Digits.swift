/// Handwritten digits without a download: drawn as a hand would, then normalised as MNIST is.
///
/// Every image is a pure function of the seed and its index. Only integer arithmetic and IEEE
/// addition, multiplication, division and square root are used (Swift neither reorders nor fuses
/// them), and no `sin`, `exp` or `log`, so the bytes are the same on every machine.
public enum Digits {
  /// The height and width of every digit in pixels.
  public static let side = 28
  /// The names of the ten classes, `0` to `9`.
  public static let classNames = (0...9).map { String($0) }
  /// Images to learn from in `source(seed:)`.
  public static let trainCount = 20_000
  /// Images to be judged by in `source(seed:)`.
  public static let testCount = 4_000

  /// `count` images of 28×28×1, white (255) on black (0); each digit as often as the others
  /// (the first `count` mod 10 digits once more), in random order.
  public static func generate(count: Int, seed: UInt64) -> Dataset {
    precondition(count >= 0, "a count of images is not negative")
    var labels = (0..<count).map { UInt8($0 % 10) }
    var order = Xoshiro256(seed: seed)
    order.shuffle(&labels)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * side * side)
    for (index, label) in labels.enumerated() {
      var random = Xoshiro256(seed: seed, stream: UInt64(index) + 1)
      pixels.append(contentsOf: draw(Int(label), using: &random))
    }
    return Dataset(
      pixels: pixels, labels: labels, height: side, width: side, channelCount: 1,
      classNames: classNames)
  }

  /// The data set that `--data digits` names. Train and test images come of different streams of
  /// the seed, so none is in both.
  public static func source(seed: UInt64 = 1) -> DataSource {
    var mixer = SplitMix64(seed: seed)
    return DataSource(
      name: "digits", train: generate(count: trainCount, seed: mixer.next()),
      test: generate(count: testCount, seed: mixer.next()))
  }

  /// One image of `digit`, 28·28 bytes.
  static func draw(_ digit: Int, using random: inout Xoshiro256) -> [UInt8] {
    let glyph = pick(DigitGlyphs.all[digit], using: &random)
    let hand = Hand(digit: digit, using: &random)
    var paths = hand.write(glyph, using: &random)
    hand.warp(&paths, using: &random)
    return normalised(paths, hand: hand)
  }

  private static func pick(
    _ glyphs: [DigitGlyphs.Glyph], using random: inout Xoshiro256
  ) -> DigitGlyphs.Glyph {
    var left = random.nextUnit() * glyphs.reduce(0) { $0 + $1.weight }
    for glyph in glyphs {
      left -= glyph.weight
      if left < 0 { return glyph }
    }
    return glyphs[glyphs.count - 1]
  }

  /// MNIST's normalisation: the drawing fits a box of 20×20, its aspect kept, and its centre of
  /// mass stands in the middle of 28×28, moved by whole pixels.
  private static func normalised(_ paths: [Path], hand: Hand) -> [UInt8] {
    let box = 20.0
    var low = Point(x: .infinity, y: .infinity)
    var high = Point(x: -.infinity, y: -.infinity)
    for dot in paths.joined() {
      low = Point(x: min(low.x, dot.x), y: min(low.y, dot.y))
      high = Point(x: max(high.x, dot.x), y: max(high.y, dot.y))
    }
    let extent = max(high.x - low.x, high.y - low.y, 1e-6)
    let scale = (box - 2 * hand.radius) / extent
    var canvas = DigitCanvas(side: Int(box), softness: hand.softness)
    let margin = Point(
      x: (box - (high.x - low.x) * scale) / 2, y: (box - (high.y - low.y) * scale) / 2)
    for path in paths {
      canvas.stroke(
        path.map { dot in
          Dot(
            x: (dot.x - low.x) * scale + margin.x, y: (dot.y - low.y) * scale + margin.y,
            radius: hand.radius * dot.radius)
        })
    }
    return canvas.centred(side: side)
  }
}

struct Point: Equatable {
  var x: Double
  var y: Double
}

/// A place of the pen, with the half width of its line there.
struct Dot: Equatable {
  var x: Double
  var y: Double
  var radius: Double
}

/// Dots that straight lines join.
typealias Path = [Dot]
