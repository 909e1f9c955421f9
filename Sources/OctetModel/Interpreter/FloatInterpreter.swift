/// Runs a `Graph` in 32-bit floats: the reference that int8 models are compared with.
///
/// All memory is taken when the interpreter is made; `run` allocates nothing. An instance serves
/// one thread at a time; make one for each thread.
///
/// A tensor with `quantization` is held as the real numbers that its integers stand for, rounded
/// to its grid and clamped to int8 whenever a node makes it. So quantized graphs run too, with
/// float arithmetic between the roundings, as QDQ models do.
public final class FloatInterpreter {
  public let graph: Graph
  private let buffers: [FloatBuffer]
  private let steps: [InterpreterStep]

  /// Throws `GraphError` when the graph is not valid or has an operation that cannot be run.
  public init(_ graph: Graph) throws(GraphError) {
    try graph.validate()
    var total = 0
    for tensor in graph.tensors { total += tensor.elementCount }
    if total > Self.maximumTotalElementCount {
      throw .invalid(
        node: graph.name,
        reason: "all tensors together have \(total) elements, more than the float interpreter's "
          + "limit of \(Self.maximumTotalElementCount)")
    }
    self.graph = graph
    buffers = graph.tensors.map { tensor in
      let buffer = FloatBuffer(count: tensor.elementCount)
      if let constant = tensor.constant {
        buffer.fill(constant, shape: tensor.shape, quantization: tensor.quantization)
      }
      return buffer
    }
    var steps: [InterpreterStep] = []
    for node in graph.nodes {
      let operands = { [buffers] (indices: [TensorIndex]) in
        indices.map {
          Operand(shape: graph.tensors[$0].shape, base: buffers[$0].base)
        }
      }
      let context = StepContext(
        node: node, inputs: operands(node.inputs), outputs: operands(node.outputs))
      steps.append(try context.makeStep())
      for output in node.outputs {
        if let step = Self.roundingStep(graph.tensors[output], buffers[output]) {
          steps.append(step)
        }
      }
    }
    self.steps = steps
  }

  /// 4 GiB of floats.
  public static let maximumTotalElementCount = 1 << 30

  /// Copies `values`, row-major, into the graph's input at `position`.
  ///
  /// - Precondition: as many values as the input has elements.
  public func setInput(_ position: Int, _ values: [Float]) {
    let tensor = graph.inputs[position]
    precondition(values.count == buffers[tensor].count, "wrong number of input values")
    var target = buffers[tensor].base
    for value in values {
      target.pointee = value
      target += 1
    }
    Self.roundingStep(graph.tensors[tensor], buffers[tensor])?()
  }

  /// Lets `body` write the graph's input at `position` in place, without a copy.
  public func withInput<Result>(
    _ position: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Result
  ) -> Result {
    let buffer = buffers[graph.inputs[position]]
    return body(UnsafeMutableBufferPointer(start: buffer.base, count: buffer.count))
  }

  /// Runs every node on the inputs that were set.
  public func run() {
    for step in steps { step() }
  }

  /// Sets the inputs in order, runs, and returns the outputs in order.
  public func run(inputs: [[Float]]) -> [[Float]] {
    for (position, values) in inputs.enumerated() { setInput(position, values) }
    run()
    return graph.outputs.map { value(of: $0) }
  }

  /// The value of any tensor after `run`, row-major.
  public func value(of tensor: TensorIndex) -> [Float] {
    Array(UnsafeBufferPointer(start: buffers[tensor].base, count: buffers[tensor].count))
  }

  /// Lets `body` read any tensor's value after `run`, without a copy.
  public func withValue<Result>(
    of tensor: TensorIndex, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    let buffer = buffers[tensor]
    return body(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
  }

  /// Rounds a quantized tensor's reals to its grid, ties to even, and clamps to int8.
  private static func roundingStep(_ tensor: Tensor, _ buffer: FloatBuffer) -> InterpreterStep? {
    guard let quantization = tensor.quantization, tensor.constant == nil else { return nil }
    let (lowest, highest): (Float, Float) =
      switch tensor.elementType {
      case .int8: (-128, 127)
      case .int16: (-32768, 32767)
      default: (-.infinity, .infinity)
      }
    let inner = quantization.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? 1
    let (scales, zeroPoints) = (quantization.scales, quantization.zeroPoints.map { Float($0) })
    let isPerTensor = quantization.axis == nil
    return {
      for index in 0..<buffer.count {
        let channel = isPerTensor ? 0 : index / inner % scales.count
        let rounded = (buffer.base[index] / scales[channel]).rounded(.toNearestOrEven)
        let q = max(lowest, min(highest, rounded + zeroPoints[channel]))
        buffer.base[index] = (q - zeroPoints[channel]) * scales[channel]
      }
    }
  }
}

/// What one node does, on buffers that it knows.
typealias InterpreterStep = () -> Void

/// Floats that live as long as the interpreter.
final class FloatBuffer {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// Zeros. There is always room for one element, so that `base` exists.
  init(count: Int) {
    self.count = count
    base = .allocate(capacity: Swift.max(count, 1))
    base.initialize(repeating: 0, count: Swift.max(count, 1))
  }

  deinit { base.deallocate() }

  /// Writes the real numbers that the constant of `tensor` stands for.
  func fill(_ payload: Payload, shape: [Int], quantization: Quantization?) {
    switch payload {
    case .float(let values): fill(values) { $0 }
    case .int8(let values): fill(values) { Float($0) }
    case .int32(let values): fill(values) { Float($0) }
    case .int64(let values): fill(values) { Float($0) }
    }
    if case .float = payload { return }
    guard let quantization else { return }
    let inner = quantization.axis.map { shape[($0 + 1)...].reduce(1, *) } ?? count
    let (scales, zeroPoints) = (quantization.scales, quantization.zeroPoints)
    for index in 0..<count {
      let channel = index / inner % scales.count
      base[index] = (base[index] - Float(zeroPoints[channel])) * scales[channel]
    }
  }

  private func fill<Element>(_ values: [Element], _ convert: (Element) -> Float) {
    for index in 0..<count { base[index] = convert(values[index]) }
  }
}

/// A tensor as a step sees it.
struct Operand {
  let shape: [Int]
  let base: UnsafeMutablePointer<Float>

  var count: Int { shape.elementCount }
}
