import OctetData
import OctetReport

extension Image {
  /// Pictures of one size and kind in rows of `columns`, with grey between them.
  ///
  /// - Parameters:
  ///   - tiles: at least one.
  ///   - factor: the side of the square that each of their pixels becomes.
  package init(tiles: [Image], columns: Int, factor: Int = 1) {
    let first = tiles[0]
    let (height, width) = (first.height * factor + 1, first.width * factor + 1)
    let rows = (tiles.count + columns - 1) / columns
    self.init(
      height: rows * height - 1, width: columns * width - 1, channelCount: first.channelCount,
      pixels: [])
    pixels = [UInt8](repeating: 128, count: self.height * self.width * channelCount)
    for (index, tile) in tiles.enumerated() {
      draw(tile, factor: factor, top: index / columns * height, left: index % columns * width)
    }
  }
}

/// The filters of a layer, each a small picture of its weights.
package struct FilterSheet {
  /// Filters of `height` by `width` by `channelCount` (1 or 3) weights, one after the other.
  let height, width, channelCount: Int
  let values: [Float]
  /// The layer has so many.
  let totalCount: Int

  package static let countLimit = 64

  var count: Int { values.count / (height * width * channelCount) }

  /// The weights of a layer that reads images; nil where they are no pictures.
  ///
  /// - Parameters:
  ///   - weights: in the order of `shape`: `[O, KH, KW, I]`, `[1, KH, KW, C]` or `[O, I]`.
  ///   - image: the images' height, width and channels.
  package init?(_ weights: [Float], shape: [Int], image: [Int]) {
    guard image.count == 3, shape.reduce(1, *) == weights.count, !weights.isEmpty else {
      return nil
    }
    var weights = weights
    let sides: [Int]
    switch shape.count {
    case 4 where shape[0] == 1 && shape[3] != image[2]:
      // Depthwise: filter by filter.
      let size = shape[1] * shape[2]
      weights = (0..<shape[3]).flatMap { c in (0..<size).map { weights[$0 * shape[3] + c] } }
      sides = [shape[1], shape[2], 1]
    case 4: sides = Array(shape[1...])
    case 2 where shape[1] == image.reduce(1, *): sides = image
    default: return nil
    }
    let size = sides.reduce(1, *)
    guard size > 1, sides[2] == 1 || sides[2] == 3 else { return nil }
    (height, width, channelCount) = (sides[0], sides[1], sides[2])
    totalCount = weights.count / size
    values = Array(weights.prefix(Self.countLimit * size))
  }

  private init(like other: FilterSheet, values: [Float]) {
    (height, width, channelCount) = (other.height, other.width, other.channelCount)
    totalCount = other.totalCount
    self.values = values
  }

  /// What was added to the weights of an earlier one.
  func change(from other: FilterSheet) -> FilterSheet {
    FilterSheet(like: self, values: zip(values, other.values).map { $0 - $1 })
  }

  /// The largest magnitude.
  var reach: Float { values.lazy.map(\.magnitude).filter(\.isFinite).max() ?? 0 }

  /// All side by side; 0 is grey, `reach` white, its negative black.
  package func picture(reach: Float? = nil, factor: Int = 1) -> Image {
    let most = max(reach ?? self.reach, .leastNormalMagnitude)
    let size = height * width * channelCount
    let tiles = (0..<count).map { filter in
      Image(
        height: height, width: width, channelCount: channelCount,
        pixels: values[filter * size..<(filter + 1) * size].map {
          UInt8(128 + Int(clamped: min(max(Double($0 / most), -1), 1) * 127))
        })
    }
    // As wide as sixteen small filters, or four of the size of images.
    let columns = max(1, min(count, max(4, 96 / (width + 1))))
    return Image(tiles: tiles, columns: columns, factor: factor)
  }
}

extension Assessment {
  /// The confusion matrix as a picture: a row for each label, the more of its images the lighter.
  package func confusionPicture(side: Int = 240) -> Image {
    let shares = confusion.flatMap { row in
      let all = Double(max(row.reduce(0, +), 1))
      return row.map { (Double($0) / all).squareRoot() }
    }
    let map = ValueMap.image(shares, width: max(confusion.count, 1))
    return Image(tiles: [map], columns: 1, factor: max(1, side / max(confusion.count, 1)))
  }
}
