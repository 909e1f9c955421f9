/// Small random changes of training images that leave their class alone: shift, rotation, scale
/// and elastic distortion, in one resampling.
///
/// What becomes of an image depends on `seed`, epoch and the image's index only, not on batches
/// or threads.
public struct Augmentation: Equatable, Sendable {
  /// Largest shift along each axis, in pixels.
  public var shift: Double
  /// Largest rotation either way, in degrees, below 90.
  public var rotation: Double
  /// Largest relative change of size: 0.1 gives 0.9 … 1.1 times.
  public var scale: Double
  /// Typical displacement by the elastic distortion, in pixels.
  public var elasticity: Double
  public var seed: UInt64

  public init(
    shift: Double = 0, rotation: Double = 0, scale: Double = 0, elasticity: Double = 0,
    seed: UInt64 = 1
  ) {
    precondition(shift >= 0 && elasticity >= 0, "a shift is not negative")
    precondition((0..<90).contains(rotation), "a rotation is 0 to below 90 degrees")
    precondition((0..<1).contains(scale), "a change of size is 0 to below 1")
    self.shift = shift
    self.rotation = rotation
    self.scale = scale
    self.elasticity = elasticity
    self.seed = seed
  }

  /// Suits digits: they stay readable.
  public static let digits = Augmentation(shift: 1.5, rotation: 8, scale: 0.1, elasticity: 0.8)

  /// True where images stay as they are.
  public var isIdentity: Bool { shift == 0 && rotation == 0 && scale == 0 && elasticity == 0 }

  /// Image `index` of `set`, changed for `epoch`: H·W·C bytes. Outside the image is black.
  public func apply(toImageAt index: Int, of set: Dataset, epoch: Int) -> [UInt8] {
    let start = index * set.imageByteCount
    let source = set.pixels[start..<start + set.imageByteCount]
    if isIdentity { return [UInt8](source) }
    var mixer = SplitMix64(seed: UInt64(bitPattern: Int64(epoch)))
    var random = Xoshiro256(seed: seed ^ mixer.next(), stream: UInt64(index))
    let map = Map(self, height: set.height, width: set.width, using: &random)
    let channelCount = set.channelCount
    var pixels = [UInt8](repeating: 0, count: set.imageByteCount)
    for y in 0..<set.height {
      for x in 0..<set.width {
        let point = map.source(x: x, y: y)
        let left = point.x.rounded(.down)
        let top = point.y.rounded(.down)
        let right = point.x - left
        let down = point.y - top
        for channel in 0..<channelCount {
          func byte(_ dy: Int, _ dx: Int) -> Double {
            let row = Int(top) + dy
            let column = Int(left) + dx
            guard (0..<set.height).contains(row), (0..<set.width).contains(column) else {
              return 0
            }
            return Double(source[start + (row * set.width + column) * channelCount + channel])
          }
          let upper = byte(0, 0) * (1 - right) + byte(0, 1) * right
          let lower = byte(1, 0) * (1 - right) + byte(1, 1) * right
          pixels[(y * set.width + x) * channelCount + channel] =
            UInt8(upper * (1 - down) + lower * down + 0.5)
        }
      }
    }
    return pixels
  }

  /// Where each new pixel comes from.
  private struct Map {
    private let centerX: Double
    private let centerY: Double
    private let shiftX: Double
    private let shiftY: Double
    private let cosine: Double
    private let sine: Double
    /// Displacements on a 4×4 grid over the image, between which they are blended smoothly.
    private let grid: [Point]
    private let cellHeight: Double
    private let cellWidth: Double

    init(
      _ augmentation: Augmentation, height: Int, width: Int, using random: inout Xoshiro256
    ) {
      centerX = Double(width - 1) / 2
      centerY = Double(height - 1) / 2
      shiftX = random.next(in: -augmentation.shift...augmentation.shift)
      shiftY = random.next(in: -augmentation.shift...augmentation.shift)
      // Half the angle's tangent, by its series (error below 1e-3 of the angle under 90°), gives
      // sine and cosine without a library whose last bit differs between machines.
      let half = random.next(in: -1...1) * augmentation.rotation * 0.008_726_646_259_971_648
      let tangent = half * (1 + half * half * (1.0 / 3 + half * half * (2.0 / 15)))
      let size = 1 + random.next(in: -augmentation.scale...augmentation.scale)
      let divisor = (1 + tangent * tangent) * size
      cosine = (1 - tangent * tangent) / divisor
      sine = 2 * tangent / divisor
      let elasticity = augmentation.elasticity
      grid = (0..<16).map { _ in
        Point(x: elasticity * random.nextBell(), y: elasticity * random.nextBell())
      }
      cellHeight = max(Double(height - 1) / 3, 1)
      cellWidth = max(Double(width - 1) / 3, 1)
    }

    func source(x: Int, y: Int) -> Point {
      let column = min(Int(Double(x) / cellWidth), 2)
      let row = min(Int(Double(y) / cellHeight), 2)
      let across = Self.smooth(Double(x) / cellWidth - Double(column))
      let down = Self.smooth(Double(y) / cellHeight - Double(row))
      var dx = Double(x) - centerX - shiftX
      var dy = Double(y) - centerY - shiftY
      for (corner, weight) in [
        (4 * row + column, (1 - across) * (1 - down)), (4 * row + column + 1, across * (1 - down)),
        (4 * row + column + 4, (1 - across) * down), (4 * row + column + 5, across * down),
      ] {
        dx += weight * grid[corner].x
        dy += weight * grid[corner].y
      }
      return Point(
        x: centerX + cosine * dx + sine * dy, y: centerY + cosine * dy - sine * dx)
    }

    /// 3t² − 2t³: level at both ends, so that cells join without a kink.
    private static func smooth(_ t: Double) -> Double { t * t * (3 - 2 * t) }
  }
}
