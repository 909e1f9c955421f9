/// Labelled 8-bit images of one size, in memory.
public struct Dataset: Sendable {
  /// N·H·W·C bytes, NHWC.
  public var pixels: [UInt8]
  /// N class indices into `classNames`.
  public var labels: [UInt8]
  /// The height of every image in pixels.
  public var height: Int
  /// The width of every image in pixels.
  public var width: Int
  /// 1 for gray, 3 for RGB.
  public var channelCount: Int
  /// The classes' names by index; empty when unknown.
  public var classNames: [String]

  /// Makes a set of images; the counts must fit each other.
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

  /// The number of images.
  public var count: Int { labels.count }
  /// Bytes of one image: H·W·C.
  public var imageByteCount: Int { height * width * channelCount }
}

/// What `--data` names: images to learn from and images to be judged by. A validation set, where
/// one is wanted, is split off `train`.
public struct DataSource: Sendable {
  /// The source as the user named it.
  public var name: String
  /// The images to learn from.
  public var train: Dataset
  /// The images to be judged by.
  public var test: Dataset
  /// What was done to the images as they were read, a sentence each.
  public var remarks: [String] = []

  /// Makes a source of the two sets.
  public init(name: String, train: Dataset, test: Dataset) {
    self.name = name
    self.train = train
    self.test = test
  }
}

/// The height and width of pictures in pixels.
public struct PictureSize: Sendable, Hashable, CustomStringConvertible {
  /// The sides in pixels, at least 1 each.
  public var height, width: Int

  /// Makes a size of a height and a width in pixels.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public var description: String { "\(width)×\(height)" }
}
