import OctetModel

// Nodes in training mode, as far as what they compute is fixed.

extension ONNXImporter {
  /// Before operator set 7 a node trains unless it says that this is a test.
  private func isOldTraining(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    version < 7 ? try view.integer("is_test") == 0 : false
  }

  /// Takes a BatchNormalization over that trains. Returns whether it does.
  mutating func takeOverTraining(
    batchNormalization view: ONNXNodeView
  ) throws(ImportFailure) -> Bool {
    if version < 9, try view.integer("spatial", 1) == 0 {
      throw .unsupported("it normalizes each position by itself (spatial = 0)")
    }
    if try isOldTraining(view) {
      throw .unsupported("it is in training mode (is_test = 0); export the model for inference")
    }
    guard version >= 14, try view.integer("training_mode") != 0 else { return false }
    try batchNormalizationInTraining(view, try view.input(0))
    return true
  }

  /// Takes a Dropout over that trains. Returns whether it does.
  mutating func takeOverTraining(dropout view: ONNXNodeView) throws(ImportFailure) -> Bool {
    if try isOldTraining(view), try view.float("ratio", 0.5) != 0 {
      throw .unsupported(
        "it is in training mode (is_test = 0) and drops elements at random; export the model "
          + "for inference")
    }
    guard let training = view.optionalInput(2), training.constant?.integers != [0] else {
      return false
    }
    guard training.constant != nil, view.optionalInput(1).map({ $0.constant != nil }) ?? true
    else { throw .unsupported("its ratio and mode are computed; make them constants") }
    // With a ratio of 0 training drops nothing either.
    let ratio = try view.realsInput(1)?.first ?? 0.5
    if ratio == 0 { return false }
    try dropoutInTraining(view, try view.input(0), ratio: ratio)
    return true
  }

  /// The statistics are those of x itself; the running ones move towards them.
  private mutating func batchNormalizationInTraining(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) {
    guard x.rank >= 2 else { throw .invalid("x needs at least two dimensions") }
    let layout: ONNXLayout = x.rank == 2 ? .plain : .spatial(rank: x.rank)
    let source = try tensor(x, layout)
    let rank = graph.tensors[source].shape.count
    let average = Operation.mean(axes: Array(0..<rank - 1), keepsDimensions: false)
    let mean = try step(view, average, [source], "/mean")
    let centred = try step(view, .subtract(.none), [source, mean], "/centred")
    let square = try step(view, .multiply(.none), [centred, centred], "/square")
    let variance = try step(view, average, [square], "/variance")
    var operands = [source]
    for index in 1...2 { operands.append(try tensor(try view.input(index), .plain)) }
    try emit(
      view, .batchNormalization(epsilon: try view.float("epsilon", 1e-5)),
      operands + [mean, variance], layout)
    let momentum = try view.float("momentum", 0.9)
    for (index, new) in [(1, mean), (2, variance)] {
      guard view.node.outputs.indices.contains(index), !view.node.outputs[index].isEmpty else {
        continue
      }
      let old = try tensor(try view.input(index + 2), .plain)
      let kept = try step(view, .multiply(.none), [old, try number(momentum)], "/kept\(index)")
      let moved = try step(
        view, .multiply(.none), [new, try number(1 - momentum)], "/moved\(index)")
      let running = try emit(
        .add(.none), name: view.name + "/running\(index)", inputs: [kept, moved],
        output: view.node.outputs[index])
      define(view, at: index, running, .plain)
    }
  }

  /// Drops the elements that ONNX's reference drops for the node's seed: those whose number from
  /// NumPy's generator is below the ratio. A node that has no seed is refused.
  private mutating func dropoutInTraining(
    _ view: ONNXNodeView, _ x: ImportedValue, ratio: Float
  ) throws(ImportFailure) {
    guard view.has("seed") else {
      throw .unsupported(
        "it is in training mode and drops elements at random; export the model for inference")
    }
    guard (0..<1).contains(ratio) else { throw .invalid("its ratio is \(ratio)") }
    let count = x.shape.reduce(1, *)
    try spend(2 * count)
    var random = MersenneTwister(seed: UInt32(truncatingIfNeeded: try view.integer("seed")))
    let isKept = (0..<count).map { _ in random.next() >= Double(ratio) }
    let factors = ONNXValue(shape: x.shape, reals: isKept.map { $0 ? 1 / (1 - ratio) : 0 })
      .retyped(x.elementType)
    try broadcasting(view, .multiply(.none), [x, operand(view.name + "/factors", factors)])
    guard view.node.outputs.count > 1, !view.node.outputs[1].isEmpty else { return }
    define(
      ONNXValue(shape: x.shape, integers: isKept.map { $0 ? 1 : 0 }, elementType: .bool),
      named: view.node.outputs[1])
  }
}

/// Matsumoto and Nishimura's MT19937, seeded and read as NumPy's `RandomState(seed).uniform()`.
struct MersenneTwister {
  var state: [UInt32]
  var position = 624

  init(seed: UInt32) {
    state = [seed]
    for index in 1..<624 {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
    }
  }

  /// 53 random bits as a number of 0 ..< 1.
  mutating func next() -> Double {
    let high = Double(word() >> 5)
    let low = Double(word() >> 6)
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  private mutating func word() -> UInt32 {
    if position == 624 { turn() }
    var y = state[position]
    position += 1
    y ^= y >> 11
    y ^= y << 7 & 0x9d2c_5680
    y ^= y << 15 & 0xefc6_0000
    return y ^ y >> 18
  }

  private mutating func turn() {
    for index in 0..<624 {
      let joined = state[index] & 0x8000_0000 | state[(index + 1) % 624] & 0x7fff_ffff
      let odd: UInt32 = joined & 1 == 1 ? 0x9908_b0df : 0
      state[index] = state[(index + 397) % 624] ^ joined >> 1 ^ odd
    }
    position = 0
  }
}
