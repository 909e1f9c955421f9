import OctetModel

// Nodes in training mode, as far as what they compute is fixed.

extension ONNXImporter {
  /// The statistics are those of x itself; the running ones move towards them.
  mutating func batchNormalizationInTraining(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) {
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
    let result = try emit(
      .batchNormalization(epsilon: try view.float("epsilon", 1e-5)), name: view.name,
      inputs: operands + [mean, variance], output: view.node.outputs[0])
    define(view, result, layout)
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

  /// With a seed, the elements that ONNX's reference drops: those whose number from NumPy's
  /// generator is below the ratio.
  mutating func dropoutInTraining(
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
    let operand = ImportedValue(
      name: view.name + "/factors", shape: x.shape, elementType: x.elementType,
      source: .constant(factors.retyped(x.elementType)), layout: .plain)
    try broadcasting(view, .multiply(.none), [x, operand])
    guard view.node.outputs.count > 1, !view.node.outputs[1].isEmpty else { return }
    define(
      ONNXValue(shape: x.shape, integers: isKept.map { $0 ? 1 : 0 }, elementType: .bool),
      named: view.node.outputs[1])
  }
}

/// Matsumoto and Nishimura's MT19937, seeded and read as NumPy's `RandomState(seed).uniform()`.
struct MersenneTwister {
  private var state: [UInt32]
  private var position = 624

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
