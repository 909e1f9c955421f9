extension TrainingPage.Activation {
  /// Channels that are shown of a layer.
  private static let channelLimit = 16
  /// Values in a row of a layer without height and width.
  private static let rowLength = 20

  /// What a layer gives; nil where it is no picture and no vector.
  ///
  /// - Parameter values: in the order of `shape`, `[1, H, W, C]` or `[1, C]`.
  package init?(name: String, _ values: [Float], shape: [Int]) {
    guard [2, 4].contains(shape.count), shape[0] == 1, !values.isEmpty,
      shape.reduce(1, *) == values.count
    else { return nil }
    let (least, most) = (values.min() ?? 0, values.max() ?? 1)
    guard least.isFinite, most.isFinite else { return nil }
    func share(_ value: Float) -> Double {
      Double((value - least) / max(most - least, .leastNormalMagnitude))
    }
    self.name = name
    (lower, upper) = (least, most)
    let channelCount = shape[shape.count - 1]
    if shape.count == 4, shape[1] * shape[2] > 1 {
      let size = shape[1] * shape[2]
      totalCount = channelCount
      width = shape[2]
      channels = (0..<min(channelCount, Self.channelLimit)).map { channel in
        (0..<size).map { share(values[$0 * channelCount + channel]) }
      }
    } else {
      // One picture of all values.
      totalCount = 1
      width = min(channelCount, Self.rowLength)
      let filled = (values.count + width - 1) / width * width
      channels = [values.map(share) + [Double](repeating: 0, count: filled - values.count)]
    }
  }
}
