/// Images of 8-bit pixels with their classes, all of one size.
public struct LabelledImages: Sendable {
  /// `[N, H, W, C]`, row-major.
  public var pixels: [UInt8]
  /// `[N]`, class indices.
  public var labels: [UInt8]
  public var height, width, channelCount: Int

  /// - Throws: when the number of pixels is not that of the labels times H · W · C.
  public init(
    pixels: [UInt8], labels: [UInt8], height: Int, width: Int, channelCount: Int
  ) throws(TrainingError) {
    let (area, overflow) = height.multipliedReportingOverflow(by: width)
    let (byteCount, overflow2) = area.multipliedReportingOverflow(by: channelCount)
    let (total, overflow3) = byteCount.multipliedReportingOverflow(by: labels.count)
    guard !overflow, !overflow2, !overflow3, height > 0, width > 0, channelCount > 0,
      total == pixels.count
    else {
      throw .data(
        "\(pixels.count) pixels are not \(labels.count) images of "
          + "\(height)×\(width)×\(channelCount); check the dimensions")
    }
    self.pixels = pixels
    self.labels = labels
    self.height = height
    self.width = width
    self.channelCount = channelCount
  }

  public var count: Int { labels.count }
  /// Bytes of one image.
  public var imageByteCount: Int { height * width * channelCount }

  /// The images at `indices`, in that order.
  package func selecting(_ indices: some Sequence<Int>) -> LabelledImages {
    var result = self
    result.pixels = []
    result.labels = []
    for index in indices {
      result.labels.append(labels[index])
      result.pixels += pixels[index * imageByteCount..<(index + 1) * imageByteCount]
    }
    return result
  }
}
