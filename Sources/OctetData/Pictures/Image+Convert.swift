extension Image {
  /// The picture with 1 or 3 channels. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601),
  /// rounded to nearest; grey to colour repeats the byte.
  public func converted(toChannelCount count: Int) -> Image {
    precondition(count == 1 || count == 3, "a picture has 1 or 3 channels")
    if count == channelCount { return self }
    var converted = self
    converted.channelCount = count
    if count == 3 {
      converted.pixels = pixels.flatMap { [$0, $0, $0] }
    } else {
      converted.pixels = stride(from: 0, to: pixels.count - 2, by: 3).map { index in
        let red = Int(pixels[index])
        let green = Int(pixels[index + 1])
        let blue = Int(pixels[index + 2])
        return UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
      }
    }
    return converted
  }

  /// Every byte v becomes 255 − v: dark ink on white paper becomes MNIST's white on black.
  public func inverted() -> Image {
    var inverted = self
    inverted.pixels = pixels.map { 255 - $0 }
    return inverted
  }

  /// The picture stretched to height × width: along an axis that shrinks, the mean over the area
  /// that falls on a pixel; along one that grows, linear between pixel centres.
  public func resized(height newHeight: Int, width newWidth: Int) -> Image {
    precondition(newHeight > 0 && newWidth > 0, "a picture has at least one pixel")
    if newHeight == height && newWidth == width { return self }
    let columns = Self.taps(from: width, to: newWidth)
    let rows = Self.taps(from: height, to: newHeight)
    // Across first, height × newWidth × C, then down.
    var across = [Float](repeating: 0, count: height * newWidth * channelCount)
    for y in 0..<height {
      for x in 0..<newWidth {
        for channel in 0..<channelCount {
          var sum: Float = 0
          for (index, weight) in columns[x].weights.enumerated() {
            let source = (y * width + columns[x].start + index) * channelCount + channel
            sum += weight * Float(pixels[source])
          }
          across[(y * newWidth + x) * channelCount + channel] = sum
        }
      }
    }
    let rowCount = newWidth * channelCount
    var resized = [UInt8](repeating: 0, count: newHeight * rowCount)
    for y in 0..<newHeight {
      for x in 0..<rowCount {
        var sum: Float = 0
        for (index, weight) in rows[y].weights.enumerated() {
          sum += weight * across[(rows[y].start + index) * rowCount + x]
        }
        resized[y * rowCount + x] = UInt8(min(max(sum + 0.5, 0), 255))
      }
    }
    return Image(
      height: newHeight, width: newWidth, channelCount: channelCount, pixels: resized)
  }

  /// The mean of the pixels along the four edges, 0 black … 1 white: what a drawing stands on.
  package var groundBrightness: Double {
    let gray = converted(toChannelCount: 1)
    var (sum, count) = (0, 0)
    for y in 0..<height {
      let isEdgeRow = y == 0 || y == height - 1
      for x in stride(from: 0, to: width, by: isEdgeRow ? 1 : max(width - 1, 1)) {
        sum += Int(gray.pixels[y * width + x])
        count += 1
      }
    }
    return Double(sum) / Double(max(count, 1)) / 255
  }

  /// What one new pixel takes of the old ones: `weights` add up to 1 and start at pixel `start`.
  private struct Tap {
    var start: Int
    var weights: [Float]
  }

  private static func taps(from old: Int, to new: Int) -> [Tap] {
    let ratio = Double(old) / Double(new)
    return (0..<new).map { index in
      if ratio > 1 {
        let low = Double(index) * ratio
        let high = min(low + ratio, Double(old))
        let start = min(Int(low), old - 1)
        let whole = Int(high)
        let end = min(max(Double(whole) < high ? whole + 1 : whole, start + 1), old)
        let weights = (start..<end).map { pixel in
          Float(max(min(high, Double(pixel + 1)) - max(low, Double(pixel)), 0) / ratio)
        }
        return Tap(start: start, weights: weights)
      }
      let center = min(max((Double(index) + 0.5) * ratio - 0.5, 0), Double(old - 1))
      let start = min(Int(center), max(old - 2, 0))
      if old == 1 { return Tap(start: 0, weights: [1]) }
      let fraction = Float(center - Double(start))
      return Tap(start: start, weights: [1 - fraction, fraction])
    }
  }
}
