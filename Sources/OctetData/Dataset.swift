/// Labelled 8-bit images of one size, in memory.
public struct Dataset: Sendable {
  /// N·H·W·C bytes, NHWC.
  public var pixels: [UInt8]
  /// N class indices into `classNames`.
  public var labels: [UInt8]
  public var height: Int
  public var width: Int
  public var channelCount: Int
  public var classNames: [String]

  public init(
    pixels: [UInt8], labels: [UInt8], height: Int, width: Int, channelCount: Int,
    classNames: [String] = []
  ) {
    self.pixels = pixels
    self.labels = labels
    self.height = height
    self.width = width
    self.channelCount = channelCount
    self.classNames = classNames
  }

  public var count: Int { labels.count }
  /// Bytes of one image: H·W·C.
  public var imageByteCount: Int { height * width * channelCount }
}

/// What `--data` names: images to learn from and images to be judged by. A validation set, where
/// one is wanted, is split off `train`.
public struct DataSource: Sendable {
  public var name: String
  public var train: Dataset
  public var test: Dataset

  public init(name: String, train: Dataset, test: Dataset) {
    self.name = name
    self.train = train
    self.test = test
  }
}
