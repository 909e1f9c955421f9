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

  /// The images in a random order that depends on the seed only.
  public func shuffled(seed: UInt64) -> Dataset {
    subset(BatchOrder.shuffledIndices(count: count, seed: seed, epoch: 0))
  }

  /// Splits off `validationCount` images (0 … count) drawn at random from the seed; both parts
  /// keep the order of the whole.
  public func split(
    validationCount: Int, seed: UInt64
  ) -> (train: Dataset, validation: Dataset) {
    precondition((0...count).contains(validationCount), "more validation images than images")
    let order = BatchOrder.shuffledIndices(count: count, seed: seed, epoch: 0)
    return (
      subset(order[validationCount...].sorted()), subset(order[..<validationCount].sorted())
    )
  }

  /// The same by fraction, 0 … 1, rounded to the nearest count.
  public func split(
    validationFraction: Double, seed: UInt64
  ) -> (train: Dataset, validation: Dataset) {
    precondition((0...1).contains(validationFraction), "a fraction is 0 to 1")
    return split(
      validationCount: Int((Double(count) * validationFraction).rounded()), seed: seed)
  }

  /// How many images each class has, in the order of `classNames`.
  public var classCounts: [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for label in labels where Int(label) < counts.count { counts[Int(label)] += 1 }
    return counts
  }
}

/// The indices of one epoch's mini-batches.
///
/// Every index comes exactly once; the last batch is smaller where the size does not divide the
/// count. The order depends on seed and epoch only.
public struct BatchOrder: Sequence, IteratorProtocol, Sendable {
  private let indices: [Int]
  private let batchSize: Int
  private var offset = 0

  public init(count: Int, batchSize: Int, seed: UInt64, epoch: Int) {
    precondition(batchSize > 0, "a batch has at least one image")
    indices = Self.shuffledIndices(count: count, seed: seed, epoch: epoch)
    self.batchSize = batchSize
  }

  public mutating func next() -> ArraySlice<Int>? {
    guard offset < indices.count else { return nil }
    let batch = indices[offset..<Swift.min(offset + batchSize, indices.count)]
    offset = batch.endIndex
    return batch
  }

  /// 0 ..< count in random order (Fisher–Yates).
  public static func shuffledIndices(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var indices = [Int](0..<count)
    var random = Xoshiro256(seed: seed, stream: UInt64(bitPattern: Int64(epoch)))
    random.shuffle(&indices)
    return indices
  }
}
