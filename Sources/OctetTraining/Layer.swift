import OctetModel

/// A layer of a network as a person writes it down. Channel counts may be scaled and come from the
/// layer before; nil outputs are as many as there are classes.
public indirect enum Layer: Sendable, Equatable {
  /// `connections` lists, for each output, the inputs that it sees; nil: all.
  case convolution(
    outputs: Int?, kernel: Int, stride: Int = 1, padding: LayerPadding = .same,
    hasBias: Bool = true, connections: [[Int]]? = nil)
  /// One filter for each channel.
  case depthwise(
    kernel: Int, stride: Int = 1, padding: LayerPadding = .same, hasBias: Bool = true)
  /// Batch normalization, by the statistics of the batch.
  case normalization
  /// Local response normalization over neighbouring channels.
  case neighbours(size: Int)
  case activation(ScalarFunction)
  /// `outer · tanh(inner · x)`
  case scaledTanh(inner: Float, outer: Float)
  case pool(LayerPool, size: Int, stride: Int, padding: Int = 0)
  /// The mean of each channel, as a vector.
  case globalPool
  case flatten
  case dense(outputs: Int?)
  /// The same, whatever the scale of the network.
  case fixedDense(outputs: Int)
  /// The likeness to a bitmap of 7×12 pixels for each class, which is not trained.
  case bitmaps
  case dropout(Float)
  /// Every branch reads what comes in; an empty one passes it on.
  case branches([[Layer]], join: LayerJoin)
}

/// What stands around the image of a convolution.
public enum LayerPadding: Sendable, Equatable {
  /// Half a kernel, so that a stride of 1 keeps the size.
  case same
  /// So many zeros on each side.
  case of(Int)
  /// Zeros on each side, as many as make smaller images this high and wide.
  case upTo(Int)
}

/// What a pool takes of its window.
public enum LayerPool: String, Sendable, CaseIterable {
  case max, average
}

/// How branches come together: their channels side by side, or their sum.
public enum LayerJoin: String, Sendable, CaseIterable {
  case concatenation, sum
}

/// Pixels and classes that a network is made for.
public struct NetworkShape: Sendable, Equatable {
  /// Pixels of an image.
  public var height, width: Int
  /// Values of a pixel.
  public var channelCount: Int
  /// Values that the network gives.
  public var classCount: Int
  /// What channel counts are multiplied by; the nearest whole number counts, but at least 1.
  public var scale: Double

  /// A network for images of one size.
  public init(
    height: Int, width: Int, channelCount: Int, classCount: Int, scale: Double = 1
  ) {
    self.height = height
    self.width = width
    self.channelCount = channelCount
    self.classCount = classCount
    self.scale = scale
  }
}
