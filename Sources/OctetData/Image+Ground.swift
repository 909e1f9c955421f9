extension Image {
  /// The mean of the pixels along the four edges, 0 black … 1 white: what a drawing stands on.
  public var groundBrightness: Double {
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
}
