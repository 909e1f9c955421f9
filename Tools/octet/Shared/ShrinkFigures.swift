import OctetCommand
import OctetCompiler

/// What a model lost when it was shrunk, as `import` and `quantize` report it.
struct ShrinkFigures: Encodable {
  var removedChannelCount: Int
  /// Multiply-adds of an inference, and of the model as it was.
  var macCount: Int
  var originalMacCount: Int
  /// Bytes of weights, biases and constants, and of the model as it was.
  var weightByteCount: Int
  var originalWeightByteCount: Int
  /// The operators that changed.
  var layers: [Shrink.Layer]

  init(_ output: Compiler.Output) throws {
    let loaded = try LoadedModel(output.blob)
    let shrink = output.shrink
    removedChannelCount = shrink.removedChannelCount
    macCount = (0..<loaded.operatorCount).reduce(0) { $0 + loaded.operator($1).macCount }
    originalMacCount = macCount + shrink.savedMacCount
    weightByteCount = loaded.weightByteCount
    originalWeightByteCount = weightByteCount + shrink.savedWeightByteCount
    layers = shrink.layers
  }

  /// Empty where nothing went.
  func text(for terminal: Terminal) -> String {
    if layers.isEmpty { return "" }
    var table = TextTable([
      .left("layer"), .left("operator"), .right("channels"), .right("constant"), .right("unread"),
      .right("multiply-adds saved"), .right("bytes saved"),
    ])
    for layer in layers {
      table.add([
        .init(layer.name), .init(layer.operator),
        "\(layer.originalChannelCount) → \(layer.channelCount)",
        "\(layer.constantChannelCount)", "\(layer.unreadChannelCount)", "\(layer.savedMacCount)",
        "\(layer.savedWeightByteCount)",
      ])
    }
    return "\nshrunk, every output byte as before: \(removedChannelCount) channels have one value "
      + "whatever the input, or nothing reads them; multiply-adds \(originalMacCount) → "
      + "\(macCount), weights and biases \(originalWeightByteCount) → \(weightByteCount) bytes\n"
      + table.text(for: terminal)
  }
}
