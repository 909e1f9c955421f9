import OctetModel

/// Networks to train, with weights of zero that the trainer initializes.
public enum Architectures {
  /// A network by its name, with where it comes from.
  public struct Entry: Sendable {
    /// What `named` knows it by.
    public var name: String
    /// Who made it, and what of it is here.
    public var source: String
    /// The layers, first to last.
    public var layers: [Layer]
  }

  /// What `named` knows.
  public static var names: [String] { all.map(\.name) }

  /// Makes a network by its name, for images of a size.
  ///
  /// - Throws: when there is no such network, or the images are too small for it.
  public static func named(
    _ name: String, height: Int, width: Int, channelCount: Int, classCount: Int
  ) throws(TrainingError) -> Graph {
    try named(
      name,
      for: NetworkShape(
        height: height, width: width, channelCount: channelCount, classCount: classCount)
    ).graph
  }

  /// Makes a network by its name, with what only its training knows.
  ///
  /// - Throws: when there is no such network, or the images are too small for it.
  public static func named(
    _ name: String, for shape: NetworkShape
  ) throws(TrainingError) -> TrainableGraph {
    guard let entry = all.first(where: { $0.name == name }) else {
      throw .option(
        name: "arch", reason: "no '\(name)'; there is \(names.joined(separator: ", "))")
    }
    return try LayerBuilder.network(named: name, entry.layers, for: shape)
  }

  /// LeCun et al. 1998 with ReLU and max pools: conv 6@5×5 (padding 2), pool, conv 16@5×5, pool,
  /// fully connected 120, 84, classes. Smaller images than 12×12 have no room for it.
  public static func lenet(
    height: Int, width: Int, channelCount: Int, classCount: Int
  ) throws(TrainingError) -> Graph {
    try named(
      "lenet", height: height, width: width, channelCount: channelCount, classCount: classCount)
  }

  /// Every network, the oldest first.
  public static let all: [Entry] =
    classics + [
      Entry(
        name: "alexnet",
        source: "Krizhevsky et al. 2012, for small images: overlapping pools, normalization over "
          + "neighbouring channels, dropout",
        layers: alexnet),
      Entry(
        name: "nin",
        source: "Lin et al. 2013: 1×1 convolutions after each convolution, the mean of a map for "
          + "each class",
        layers: nin),
      Entry(
        name: "vgg", source: "Simonyan and Zisserman 2014: blocks of 3×3 convolutions", layers: vgg
      ),
      Entry(
        name: "googlenet",
        source: "Szegedy et al. 2014: blocks of four branches, joined", layers: googlenet),
      Entry(
        name: "resnet", source: "He et al. 2015 with 8 layers: shortcuts around two convolutions",
        layers: residual(blockCount: 1)),
      Entry(
        name: "resnet20", source: "He et al. 2015 with 20 layers", layers: residual(blockCount: 3)),
      Entry(
        name: "densenet",
        source: "Huang et al. 2016: every layer reads all before it in its block",
        layers: densenet),
      Entry(
        name: "mobilenet",
        source: "Howard et al. 2017: depthwise and 1×1 convolutions, ReLU6", layers: mobilenet),
      Entry(
        name: "ds-cnn",
        source: "Zhang et al. 2017 for words, here for images: four depthwise separable layers",
        layers: separable),
      Entry(
        name: "tiny",
        source: "fewer than 2,000 weights, for the smallest boards: a convolution, then four "
          + "depthwise separable layers",
        layers: tiny),
      Entry(
        name: "cnn-small", source: "two blocks of two 3×3 convolutions; few weights",
        layers: smallConvolutional),
      Entry(name: "mlp", source: "fully connected 128, 64, classes", layers: perceptron),
    ]
}
