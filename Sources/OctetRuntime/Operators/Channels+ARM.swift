// The output channels of a weighted layer, as C takes them.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension octet_channels {
    /// Those of one group of a convolution.
    init(_ layer: Convolution, _ context: OperatorContext, group: Int) {
      typealias Word = Convolution.Word
      let view = layer.view
      let count = layer.groupChannelCount
      unsafe self.init(
        weights: context.data(view.parameter(Word.weights), as: Int8.self),
        bias: context.data(view.parameter(Word.bias), as: Int32.self),
        multipliers: context.data(view.parameter(Word.multipliers), as: Int32.self),
        shifts: context.data(view.parameter(Word.shifts), as: Int8.self),
        channels: Int32(count), depth: Int32(layer.patchCount),
        zero_point: layer.output.zeroPoint, lower: view.parameter(Word.lower),
        upper: view.parameter(Word.upper))
      unsafe advance(by: group &* count)
    }

    init(_ layer: FullyConnected, _ context: OperatorContext) {
      typealias Word = FullyConnected.Word
      let view = layer.view
      unsafe self.init(
        weights: context.data(view.parameter(Word.weights), as: Int8.self),
        bias: context.data(view.parameter(Word.bias), as: Int32.self),
        multipliers: context.data(view.parameter(Word.multipliers), as: Int32.self),
        shifts: context.data(view.parameter(Word.shifts), as: Int8.self),
        channels: Int32(layer.output.channels), depth: Int32(layer.depth),
        zero_point: layer.output.zeroPoint, lower: view.parameter(Word.lower),
        upper: view.parameter(Word.upper))
    }

    /// Leaves out the first `count` channels.
    mutating func advance(by count: Int) {
      unsafe weights += count &* Int(depth)
      unsafe bias += count
      unsafe multipliers += count
      unsafe shifts += count
    }
  }
#endif
