extension Dataset {
  /// One image's bytes, H·W·C.
  public func image(at index: Int) -> Image {
    let start = index * imageByteCount
    return Image(
      height: height, width: width, channelCount: channelCount,
      pixels: [UInt8](pixels[start..<start + imageByteCount]))
  }

  /// The images at `indices`, in that order; an index may come twice.
  public func subset(_ indices: some Sequence<Int>) -> Dataset {
    var subset = self
    subset.pixels = []
    subset.labels = []
    for index in indices {
      let start = index * imageByteCount
      subset.pixels += pixels[start..<start + imageByteCount]
      subset.labels.append(labels[index])
    }
    return subset
  }

  /// The first `count` images, or all where there are fewer.
  public func prefix(_ count: Int) -> Dataset {
    subset(0..<min(max(count, 0), self.count))
  }

  /// How many images each class has, in the order of `classNames`.
  public var classCounts: [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for label in labels where Int(label) < counts.count { counts[Int(label)] += 1 }
    return counts
  }
}

extension Dataset {
  /// The indices 0 ..< `count` in a random order that depends on the seed only.
  package static func shuffledIndices(count: Int, seed: UInt64) -> [Int] {
    var indices = [Int](0..<count)
    var random = Xoshiro256(seed: seed, stream: 0)
    random.shuffle(&indices)
    return indices
  }
}
