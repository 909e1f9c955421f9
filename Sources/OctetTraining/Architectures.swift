import OctetModel

/// Networks to train, with weights of zero that the trainer initializes.
public enum Architectures {
  /// What `named` knows.
  public static let names = ["lenet", "lenet-avg", "cnn-small", "mlp"]

  /// Makes a network by its name, for images of a size.
  ///
  /// - Throws: when there is no such network, or the images are too small for it.
  public static func named(
    _ name: String, height: Int, width: Int, channelCount: Int, classCount: Int
  ) throws(TrainingError) -> Graph {
    guard height > 0, width > 0, channelCount > 0, classCount > 0 else {
      throw .option(name: "arch", reason: "images and classes must not be empty")
    }
    let input = InputShape(height: height, width: width, channelCount: channelCount)
    switch name {
    case "lenet": return try lenet(input, classCount: classCount, pool: .max)
    case "lenet-avg": return try lenet(input, classCount: classCount, pool: .average)
    case "cnn-small": return try smallConvolutional(input, classCount: classCount)
    case "mlp": return try perceptron(input, classCount: classCount)
    default:
      throw .option(
        name: "arch", reason: "no '\(name)'; there is \(names.joined(separator: ", "))")
    }
  }

  /// LeCun et al. 1998 with ReLU and max pools: conv 6@5×5 (padding 2), pool, conv 16@5×5, pool,
  /// fully connected 120, 84, classes. Smaller images than 12×12 have no room for it.
  public static func lenet(
    height: Int, width: Int, channelCount: Int, classCount: Int
  ) throws(TrainingError) -> Graph {
    try named(
      "lenet", height: height, width: width, channelCount: channelCount, classCount: classCount)
  }

  private static func lenet(
    _ input: InputShape, classCount: Int, pool: GraphBuilder.Pool
  ) throws(TrainingError) -> Graph {
    var builder = GraphBuilder(name: pool == .max ? "lenet" : "lenet-avg", input: input)
    builder.convolution("conv1", outputs: 6, kernel: 5, padding: 2)
    builder.relu("relu1")
    builder.pool("pool1", pool)
    builder.convolution("conv2", outputs: 16, kernel: 5, padding: 0)
    builder.relu("relu2")
    builder.pool("pool2", pool)
    builder.flatten()
    builder.fullyConnected("fc1", outputs: 120)
    builder.relu("relu3")
    builder.fullyConnected("fc2", outputs: 84)
    builder.relu("relu4")
    builder.fullyConnected("fc3", outputs: classCount)
    return try builder.finish()
  }

  /// Two blocks of two 3×3 convolutions and one fully connected layer; few weights.
  private static func smallConvolutional(_ input: InputShape, classCount: Int) throws(TrainingError)
    -> Graph
  {
    var builder = GraphBuilder(name: "cnn-small", input: input)
    for (block, outputs) in [8, 16].enumerated() {
      for part in 1...2 {
        let number = 2 * block + part
        builder.convolution("conv\(number)", outputs: outputs, kernel: 3, padding: 1)
        builder.relu("relu\(number)")
      }
      builder.pool("pool\(block + 1)", .max)
    }
    builder.flatten()
    builder.fullyConnected("fc1", outputs: classCount)
    return try builder.finish()
  }

  /// Fully connected 128, 64, classes.
  private static func perceptron(_ input: InputShape, classCount: Int) throws(TrainingError)
    -> Graph
  {
    var builder = GraphBuilder(name: "mlp", input: input)
    builder.flatten()
    builder.fullyConnected("fc1", outputs: 128)
    builder.relu("relu1")
    builder.fullyConnected("fc2", outputs: 64)
    builder.relu("relu2")
    builder.fullyConnected("fc3", outputs: classCount)
    return try builder.finish()
  }
}

/// Pixels of the network's one input.
struct InputShape {
  var height, width, channelCount: Int
}
