import OctetModel

/// What running the file's nodes beside the graph's has shown.
public struct ONNXProof: Sendable, Equatable {
  /// Nodes of the file whose results were compared.
  public var comparedCount = 0
  /// Nodes that have become part of others, such as a bias, or that take too long to run naively.
  public var skipped: [String] = []
  /// The largest difference, relative to the largest magnitude in its tensor.
  public var maximumDifference: Float = 0
}

extension ONNXImport {
  /// Runs the graph on random input, runs each node of the file by itself, in the file's layout
  /// and on the graph's own values, and compares.
  ///
  /// Throws `ExchangeError.differs` for the first node whose results are not equal within
  /// `tolerance` of the largest magnitude (a quantized result: within one step of its scale).
  ///
  /// - Parameter workLimit: steps of naive computation that a file may take beside those that its
  ///   constants stand for; the nodes after that are skipped.
  public func prove(
    seed: UInt64 = 1, tolerance: Float = 1e-4, workLimit: Int = 1 << 30
  ) throws(ExchangeError) -> ONNXProof {
    if let reason = tooLarge(workLimit) {
      var proof = ONNXProof()
      proof.skipped = [reason]
      return proof
    }
    let interpreter: FloatInterpreter
    do {
      interpreter = try FloatInterpreter(graph)
    } catch {
      throw .invalidModel(place: "graph '\(graph.name)'", reason: "\(error)")
    }
    var random = ProofRandom(state: seed)
    for (position, input) in graph.inputs.enumerated() {
      let count = graph.tensors[input].elementCount
      if graph.tensors[input].isInteger {
        // Small numbers, so that most sums and products fit; wrapping is compared as well.
        let isSigned = graph.tensors[input].elementType.isSigned
        interpreter.setInput(
          position,
          integers: (0..<count).map { _ in
            let magnitude = Int64(random.next() * 12)
            return isSigned ? magnitude : abs(magnitude)
          })
      } else {
        interpreter.setInput(position, (0..<count).map { _ in random.next() })
      }
    }
    interpreter.run()

    var proof = ONNXProof()
    let producers = graph.producers()
    let constantCount = constantCount
    let meter = ONNXMeter(
      elementCount: workLimit / 16 + constantCount, work: workLimit + 256 * constantCount)
    // Values that the graph does not hold, as the reference made them.
    var own = source.constants
    for (index, node) in source.nodes.enumerated() {
      let name = node.displayName(index: index)
      if node.outputs.allSatisfy({ $0.isEmpty || source.constants[$0] != nil }) { continue }
      let call = ONNXCall(
        node: node, version: source.version,
        inputs: node.inputs.map { own[$0] ?? held($0, interpreter) }, data: source.data,
        meter: meter)
      guard let results = try? call.evaluate() else {
        proof.skipped.append(name)
        continue
      }
      var isCompared = false
      for (output, expected) in zip(node.outputs, results) where !output.isEmpty {
        if let actual = held(output, interpreter) {
          try compare(actual, expected, output, name, tolerance, producers, &proof)
          isCompared = true
        } else {
          own[output] = expected
        }
      }
      if isCompared { proof.comparedCount += 1 } else { proof.skipped.append(name) }
    }
    return proof
  }

  /// Elements of the file's constants: a large model may take more memory and time, a small file
  /// that only claims to be large may not.
  private var constantCount: Int { source.constants.values.reduce(0) { $0 + $1.count } }

  /// Why the proof does not run this graph at all; nil when it does.
  private func tooLarge(_ workLimit: Int) -> String? {
    var (elements, work) = (0, 0.0)
    for tensor in graph.tensors { elements += tensor.elementCount }
    for node in graph.nodes {
      work += graph.work(of: node)
    }
    let limit = workLimit / 64 + 6 * constantCount
    if elements > limit { return "all nodes: the tensors have more than \(limit) elements" }
    return work > 4 * Double(workLimit)
      ? "all nodes: a run takes more than \(4 * workLimit) multiply-adds" : nil
  }

  /// A value of the file as the graph holds it after a run, in the file's layout.
  private func held(_ name: String, _ interpreter: FloatInterpreter) -> ONNXValue? {
    guard let port = values[name] else { return nil }
    return value(of: port, interpreter)
  }

  /// What a port has after a run, in the file's layout and element type.
  public func value(of port: Port, _ interpreter: FloatInterpreter) -> ONNXValue {
    let tensor = graph.tensors[port.tensor]
    guard let integers = interpreter.integers(of: port.tensor) else {
      return port.value(interpreter.value(of: port.tensor), tensor)
    }
    let held = ONNXValue(shape: tensor.shape, integers: integers, elementType: port.elementType)
    return port.layout.valueElements(held).reshaped(port.shape)
  }

  /// Feeds the graph input at `position` with a value of the file.
  public func setInput(_ position: Int, _ value: ONNXValue, _ interpreter: FloatInterpreter) {
    let port = inputs[position]
    let tensor = graph.tensors[port.tensor]
    if tensor.isInteger, let integers = port.layout.tensorElements(value).integers {
      interpreter.setInput(position, integers: integers)
    } else {
      interpreter.setInput(position, port.reals(value, tensor))
    }
  }

  /// The tensor on whose grid a value lies: of reals that a function at the model's end gave in
  /// integers, those integers.
  private func gridded(_ tensor: TensorIndex, _ producers: [Int?]) -> TensorIndex {
    guard graph.tensors[tensor].quantization == nil, let index = producers[tensor],
      case .dequantize = graph.nodes[index].operation,
      let function = producers[graph.nodes[index].inputs[0]],
      graph.nodes[function].operation.fixedOutputQuantization != nil
    else { return tensor }
    return graph.nodes[index].inputs[0]
  }

  /// The step of the grid that a kernel prescribes, when a node after it puts the result on the
  /// file's grid: it is rounded twice.
  private func stepBefore(_ tensor: TensorIndex, _ producers: [Int?]) -> Float {
    guard let producer = producers[tensor].map({ graph.nodes[$0] }) else { return 0 }
    guard producer.operation.isConversion else { return 0 }
    return graph.tensors[producer.inputs[0]].quantization?.scales.first ?? 0
  }

  /// Half the step of a layer's bias: a bias in floats is rounded to the grid of the accumulator,
  /// also where the result still waits for its grid.
  private func biasRounding(_ tensor: TensorIndex, _ producers: [Int?]) -> Float {
    guard let producer = producers[tensor].map({ graph.nodes[$0] }),
      producer.inputs.count > 2, graph.tensors[producer.inputs[2]].elementType == .int32
    else { return 0 }
    return (graph.tensors[producer.inputs[2]].quantization?.scales.max() ?? 0) / 2
  }

  private func compare(
    _ actual: ONNXValue, _ expected: ONNXValue, _ output: String, _ node: String,
    _ tolerance: Float, _ producers: [Int?], _ proof: inout ONNXProof
  ) throws(ExchangeError) {
    let place = values[output].map { gridded($0.tensor, producers) }
    let grid = place.flatMap { graph.tensors[$0].quantization }
    let ownStep = values[output].map { stepBefore($0.tensor, producers) } ?? 0
    guard actual.shape == expected.shape else {
      throw .differs(
        node: node,
        reason: "'\(output)' has shape \(actual.shape), should have \(expected.shape)")
    }
    let ours = actual.reals
    var theirs = expected.reals
    let largest = theirs.reduce(Float(1e-3)) { max($0, $1.isFinite ? abs($1) : 0) }
    var limit = tolerance * largest
    if let format = expected.elementType.elementType.floatFormat {
      // A result on the edge between two numbers of the format may round either way.
      limit = max(
        limit, largest * Float(sign: .plus, exponent: -format.fractionBits, significand: 1))
    } else if expected.integers != nil {
      // The same between two integers of a grid; integers that stand for themselves are exact.
      limit = grid == nil ? 0 : (1 + ownStep / (grid?.scales.first ?? 1)).rounded(.down)
    } else if let step = grid?.scales.max() {
      // Reals that the graph puts on the grid of a QuantizeLinear that follows.
      limit = max(limit, step + ownStep)
      if let grid, let bounds = grid.bounds(place.map { graph.tensors[$0] }) {
        theirs = theirs.map { max(bounds.lowerBound, min(bounds.upperBound, $0)) }
      }
    } else if let place {
      limit += biasRounding(place, producers)
    }
    for (index, (a, b)) in zip(ours, theirs).enumerated() where a != b && !(a.isNaN && b.isNaN) {
      let difference = abs(a - b)
      guard difference <= limit else {
        throw .differs(
          node: node, reason: "element \(index) of '\(output)' is \(a), should be \(b)")
      }
      proof.maximumDifference = max(proof.maximumDifference, difference / largest)
    }
  }
}

extension Quantization {
  /// The reals that the tensor can hold.
  fileprivate func bounds(_ tensor: Tensor?) -> ClosedRange<Float>? {
    guard let tensor, scales.count == 1 else { return nil }
    let (lowest, highest): (Float, Float) =
      tensor.elementType == .int8 ? (-128, 127) : (-32_768, 32_767)
    let (scale, zeroPoint) = (scales[0], Float(zeroPoints[0]))
    return (lowest - zeroPoint) * scale...(highest - zeroPoint) * scale
  }
}

extension ONNXImport.Port {
  /// The graph tensor's real values, seen as the file sees them: in its layout, and as integers
  /// when it has integers there.
  public func value(_ reals: [Float], _ tensor: Tensor) -> ONNXValue {
    let value = layout.valueElements(ONNXValue(shape: tensor.shape, reals: reals))
      .reshaped(shape).retyped(elementType)
    if elementType.isReal { return value }
    guard let quantization = tensor.quantization else {
      return ONNXValue(
        shape: shape, integers: value.reals.map { Int64(clamping: Double($0)) },
        elementType: elementType)
    }
    let shift = Float(elementType.shift)
    let (scale, zeroPoint) = (quantization.scales[0], Float(quantization.zeroPoints[0]))
    return ONNXValue(
      shape: shape,
      integers: value.reals.map {
        Int64(clamping: Double(($0 / scale).rounded() + zeroPoint + shift))
      },
      elementType: elementType)
  }

  /// The real values that the graph tensor takes for a value of the file.
  public func reals(_ value: ONNXValue, _ tensor: Tensor) -> [Float] {
    let reals = layout.tensorElements(value.reshaped(shape)).reals
    guard value.integers != nil, let quantization = tensor.quantization else { return reals }
    let shift = Float(elementType.shift)
    let (scale, zeroPoint) = (quantization.scales[0], Float(quantization.zeroPoints[0]))
    return reals.map { ($0 - shift - zeroPoint) * scale }
  }
}

/// Steele, Lea and Flood's SplitMix64 as floats of −1 ..< 1.
private struct ProofRandom {
  var state: UInt64

  mutating func next() -> Float {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Float((z ^ (z >> 31)) >> 40) * 0x1p-23 - 1
  }
}
