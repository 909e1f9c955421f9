/// A picture of images and what becomes of them in the first epochs: a row for each, the image
/// itself first.
package struct AugmentationSheet {
  package let image: Image
  package let imageCount: Int

  /// Pixels between images.
  private static let gap = 2

  /// - Parameters: at most `imageCount` images of the set, `viewCount` epochs.
  package init(
    _ images: Dataset, _ augmentation: Augmentation, imageCount: Int, viewCount: Int, seed: UInt64
  ) {
    self.imageCount = min(imageCount, images.count)
    let augmenter = Augmenter(
      augmentation, height: images.height, width: images.width,
      channelCount: images.channelCount, seed: seed)
    // Small images are enlarged by a whole factor, so that pixels stay pixels.
    let factor = max(64 / max(images.height, images.width), 1)
    let cell = (height: images.height * factor + Self.gap, width: images.width * factor + Self.gap)
    var sheet = Image(
      height: self.imageCount * cell.height + Self.gap,
      width: (viewCount + 1) * cell.width + Self.gap, channelCount: images.channelCount,
      pixels: [])
    sheet.pixels = [UInt8](
      repeating: 96, count: sheet.height * sheet.width * sheet.channelCount)
    for row in 0..<self.imageCount {
      let original = images.image(at: row)
      for column in 0...viewCount {
        var view = original
        if column > 0 {
          view.pixels = augmenter.varied(original.pixels, index: row, epoch: column)
        }
        sheet.draw(
          view, factor: factor, top: Self.gap + row * cell.height,
          left: Self.gap + column * cell.width)
      }
    }
    image = sheet
  }
}

extension Image {
  /// Puts another picture of as many channels into this one, each of its pixels as a square of
  /// `factor` by `factor`.
  package mutating func draw(_ other: Image, factor: Int, top: Int, left: Int) {
    for y in 0..<other.height * factor {
      for x in 0..<other.width * factor {
        let from = ((y / factor) * other.width + x / factor) * channelCount
        let to = ((top + y) * width + left + x) * channelCount
        for c in 0..<channelCount { pixels[to + c] = other.pixels[from + c] }
      }
    }
  }
}
