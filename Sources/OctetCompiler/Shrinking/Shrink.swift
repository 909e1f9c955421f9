/// What a model lost when it was shrunk, with every output byte as it was.
public struct Shrink: Sendable, Equatable, Codable {
  /// An operator that has fewer channels, or fewer to read.
  public struct Layer: Sendable, Equatable, Codable {
    /// The operator's name.
    public var name: String
    /// The kind of the operator.
    public var `operator`: String
    /// Output channels that it has left; 0 when it is gone.
    public var channelCount: Int
    /// Output channels that it had.
    public var originalChannelCount: Int
    /// How many of those that went have one value whatever the model's input: it stands in the
    /// biases of what read them.
    public var constantChannelCount: Int
    /// How many of those that went vary, and nothing reads them.
    public var unreadChannelCount: Int
    /// Multiply-adds of an inference that are saved.
    public var savedMacCount = 0
    /// Bytes of weights, biases and constants that are saved.
    public var savedWeightByteCount = 0
  }

  /// The operators that changed, in the order of execution; empty when nothing could go.
  public var layers: [Layer] = []

  /// Nothing went.
  public init() {}

  /// Channels that went, of all operators.
  public var removedChannelCount: Int {
    layers.reduce(0) { $0 + $1.originalChannelCount - $1.channelCount }
  }

  /// Multiply-adds of an inference that are saved.
  public var savedMacCount: Int { layers.reduce(0) { $0 + $1.savedMacCount } }

  /// Bytes of weights, biases and constants that are saved.
  public var savedWeightByteCount: Int { layers.reduce(0) { $0 + $1.savedWeightByteCount } }
}
