import Foundation

/// Varies images of one size; each thread has its own.
///
/// What becomes of an image depends on the seed, the image's index and the epoch alone. Where a
/// change looks beyond the edge, the pixels of the edge go on.
package final class Augmenter {
  private let augmentation: Augmentation
  private let height, width, channelCount: Int
  private let seed: UInt64
  private var bending: Bending
  /// The image as reals, before and after pixels moved.
  private var values: [Float]

  package init(
    _ augmentation: Augmentation, height: Int, width: Int, channelCount: Int, seed: UInt64
  ) {
    self.augmentation = augmentation
    self.height = height
    self.width = width
    self.channelCount = channelCount
    self.seed = seed
    bending = Bending(
      height: height, width: width, spacing: augmentation.elasticSpacing,
      deviation: augmentation.elastic)
    values = [Float](repeating: 0, count: height * width * channelCount)
  }

  /// The numbers from which an image's variation in an epoch is drawn.
  package static func generator(seed: UInt64, epoch: Int, index: Int) -> Xoshiro256 {
    var mixer = SplitMix64(seed: seed ^ 0x0a06_3e17)
    return Xoshiro256(seed: mixer.next() &+ UInt64(epoch), stream: UInt64(index))
  }

  /// Writes the variation of an image: H·W·C bytes each.
  package func vary(
    _ image: UnsafePointer<UInt8>, index: Int, epoch: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    var random = Self.generator(seed: seed, epoch: epoch, index: index)
    unsafe values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      unsafe move(image, into: base, &random)
      if augmentation.changesColours { unsafe shiftColours(base, &random) }
      if augmentation.noise > 0 {
        let deviation = augmentation.noise * 255
        for i in 0..<values.count { unsafe base[i] += Float(random.nextBell() * deviation) }
      }
      if augmentation.erase > 0 { unsafe erase(base, &random) }
      for i in 0..<values.count {
        unsafe target[i] = UInt8(min(max(base[i] + 0.5, 0), 255))
      }
    }
  }

  /// The variation of an image of H·W·C bytes.
  package func varied(_ image: [UInt8], index: Int, epoch: Int) -> [UInt8] {
    var result = image
    unsafe image.withUnsafeBufferPointer { from in
      unsafe result.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        unsafe vary(from, index: index, epoch: epoch, into: to)
      }
    }
    return result
  }

  // MARK: Geometry

  /// The way from a place in the new image, relative to its middle, to one in the old image.
  private struct Place {
    var xx = 1.0, xy = 0.0, yx = 0.0, yy = 1.0
    var x = 0.0, y = 0.0
  }

  private func place(_ random: inout Xoshiro256) -> Place {
    func either(_ limit: Double) -> Double { random.next(in: -limit...limit) }
    let radians = Double.pi / 180
    let angle = either(augmentation.rotate) * radians
    let slant = tan(either(augmentation.shear) * radians)
    let size = 1 + either(augmentation.scale)
    let across = size * (1 + either(augmentation.stretch))
    let down = size * (1 + either(augmentation.stretch))
    let (sine, cosine) = (sin(angle), cos(angle))
    // Turned, then sheared, then sized: the way back from new to old.
    return Place(
      xx: (cosine + slant * sine) / across, xy: (slant * cosine - sine) / down,
      yx: sine / across, yy: cosine / down,
      x: Double(width - 1) / 2 - either(augmentation.shift),
      y: Double(height - 1) / 2 - either(augmentation.shift))
  }

  private func move(
    _ image: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>,
    _ random: inout Xoshiro256
  ) {
    let isFlipped = random.nextUnit() < augmentation.flip
    let isUpsideDown = random.nextUnit() < augmentation.flipVertical
    let crop = augmentation.crop
    let (left, top) = (random.next(below: 2 * crop + 1), random.next(below: 2 * crop + 1))
    guard augmentation.movesPixels else {
      for y in 0..<height {
        let down = isUpsideDown ? height - 1 - y : y
        let row = min(max(down + top - crop, 0), height - 1)
        for x in 0..<width {
          let across = isFlipped ? width - 1 - x : x
          let from =
            unsafe image
            + (row * width + min(max(across + left - crop, 0), width - 1)) * channelCount
          let to = unsafe values + (y * width + x) * channelCount
          for c in 0..<channelCount { unsafe to[c] = Float(from[c]) }
        }
      }
      return
    }
    var place = place(&random)
    place.x += Double(left - crop)
    place.y += Double(top - crop)
    if isFlipped { (place.xx, place.yx) = (-place.xx, -place.yx) }
    if isUpsideDown { (place.xy, place.yy) = (-place.xy, -place.yy) }
    if augmentation.elastic > 0 { bending.draw(&random) }
    unsafe sample(image, place, into: values)
  }

  /// Bilinear.
  private func sample(
    _ image: UnsafePointer<UInt8>, _ place: Place, into values: UnsafeMutablePointer<Float>
  ) {
    let bends = augmentation.elastic > 0
    let (lastX, lastY) = (Float(width - 1), Float(height - 1))
    let (stepX, stepY) = (Float(place.xx), Float(place.yx))
    let (channelCount, rowCount) = (channelCount, width * channelCount)
    unsafe bending.field.withUnsafeBufferPointer { field in
      for y in 0..<height {
        let fromMiddle = Double(y) - Double(height - 1) / 2
        let half = Double(width - 1) / 2
        let startX = Float(place.x + place.xy * fromMiddle - place.xx * half)
        let startY = Float(place.y + place.yy * fromMiddle - place.yx * half)
        for x in 0..<width {
          var oldX = startX + stepX * Float(x)
          var oldY = startY + stepY * Float(x)
          if bends {
            let way = unsafe field[y * width + x]
            oldX += way.x
            oldY += way.y
          }
          oldX = min(max(oldX, 0), lastX)
          oldY = min(max(oldY, 0), lastY)
          let (left, top) = (Int(oldX), Int(oldY))
          let (right, low) = (oldX - Float(left), oldY - Float(top))
          let from = unsafe image + top * rowCount + left * channelCount
          let across = left + 1 < width ? channelCount : 0
          let down = top + 1 < height ? rowCount : 0
          let to = unsafe values + (y * width + x) * channelCount
          for c in 0..<channelCount {
            let a = unsafe Float(from[c])
            let b = unsafe Float(from[c + across])
            let d = unsafe Float(from[c + down])
            let e = unsafe Float(from[c + down + across])
            let upper = a + right * (b - a)
            let lower = d + right * (e - d)
            unsafe to[c] = upper + low * (lower - upper)
          }
        }
      }
    }
  }

  // MARK: Colours

  private func shiftColours(_ values: UnsafeMutablePointer<Float>, _ random: inout Xoshiro256) {
    func either(_ limit: Double) -> Float { Float(random.next(in: -limit...limit)) }
    let count = height * width
    let contrast = 1 + either(augmentation.contrast)
    let saturation = channelCount == 3 ? 1 + either(augmentation.saturation) : 1
    let brightness = 255 * either(augmentation.brightness)
    let shifts = (0..<channelCount).map { _ in
      brightness + 255 * either(channelCount == 1 ? 0 : augmentation.colour)
    }
    var total = 0.0
    for i in 0..<count * channelCount { unsafe total += Double(values[i]) }
    let mean = Float(total / Double(count * channelCount))
    for pixel in 0..<count {
      let at = unsafe values + pixel * channelCount
      let grey = unsafe channelCount == 3 ? 0.299 * at[0] + 0.587 * at[1] + 0.114 * at[2] : at[0]
      for c in 0..<channelCount {
        let value = unsafe grey + saturation * (at[c] - grey)
        unsafe at[c] = mean + contrast * (value - mean) + shifts[c]
      }
    }
  }

  private func erase(_ values: UnsafeMutablePointer<Float>, _ random: inout Xoshiro256) {
    guard random.nextUnit() < augmentation.erase else { return }
    let area = random.next(in: 0.02...0.33) * Double(height * width)
    // Sides from 1 : 3.3 to 3.3 : 1, each way as likely.
    let longer = random.next(in: 1...3.3)
    let ratio = random.next(below: 2) == 0 ? longer : 1 / longer
    let rows = min(max(Int((area * ratio).squareRoot().rounded()), 1), height)
    let columns = min(max(Int((area / ratio).squareRoot().rounded()), 1), width)
    let top = random.next(below: height - rows + 1)
    let left = random.next(below: width - columns + 1)
    let colour = (0..<channelCount).map { _ in Float(random.next(below: 256)) }
    for y in top..<top + rows {
      for x in left..<left + columns {
        for c in 0..<channelCount {
          unsafe values[(y * width + x) * channelCount + c] = colour[c]
        }
      }
    }
  }
}
