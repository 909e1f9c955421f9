/// Runs a `Graph` in 32-bit floats: the reference that int8 models are compared with.
///
/// All memory is taken when the interpreter is made; `run` allocates nothing. An instance serves
/// one thread at a time; make one for each thread.
///
/// A tensor with `quantization` is held as the real numbers that its integers stand for, rounded
/// to its grid and clamped to int8 whenever a node makes it. So quantized graphs run too, with
/// float arithmetic between the roundings, as QDQ models do. Likewise a tensor of a narrower real
/// type is rounded to it, and one of integers, held in 64 bits, wraps around to it.
public final class FloatInterpreter {
  /// What is computed.
  public let graph: Graph
  private let buffers: [TensorBuffer]
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
      let buffer = TensorBuffer(count: tensor.elementCount, isInteger: tensor.isInteger)
      if let constant = tensor.constant {
        buffer.fill(constant, shape: tensor.shape, quantization: tensor.quantization)
      }
      return buffer
    }
    var steps: [InterpreterStep] = []
    for node in graph.nodes {
      let operands = { [buffers] (indices: [TensorIndex]) in
        indices.map {
          unsafe Operand(
            shape: graph.tensors[$0].shape, raw: buffers[$0].raw,
            elementType: graph.tensors[$0].elementType, isInteger: buffers[$0].isInteger)
        }
      }
      let context = StepContext(
        node: node, inputs: operands(node.inputs), outputs: operands(node.outputs))
      steps.append(try node.operation.definition.step(context))
      for output in node.outputs {
        let own = Self.kernelStep(graph, node, buffers)
        if let step = own ?? Self.roundingStep(graph.tensors[output], buffers[output]) {
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
    if buffers[tensor].isInteger {
      return setInput(
        position, integers: values.map { truncated($0, to: graph.tensors[tensor].elementType) })
    }
    var target = unsafe buffers[tensor].base
    for value in values {
      unsafe target.pointee = value
      unsafe target += 1
    }
    Self.roundingStep(graph.tensors[tensor], buffers[tensor])?()
  }

  /// Copies integers, row-major, into the graph's input at `position`, a tensor of integers.
  ///
  /// - Precondition: as many values as the input has elements.
  public func setInput(_ position: Int, integers values: [Int64]) {
    let tensor = graph.inputs[position]
    precondition(
      values.count == buffers[tensor].count && buffers[tensor].isInteger,
      "wrong number of input values, or no input of integers")
    let type = graph.tensors[tensor].elementType
    for (index, value) in values.enumerated() {
      unsafe buffers[tensor].integers[index] = type.wrapped(value)
    }
  }

  /// Lets `body` write the graph's input at `position` in place, without a copy.
  ///
  /// - Precondition: an input of reals.
  public func withInput<Result>(
    _ position: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Result
  ) -> Result {
    let tensor = graph.inputs[position]
    let buffer = buffers[tensor]
    precondition(!buffer.isInteger, "the input holds integers")
    let result = unsafe body(UnsafeMutableBufferPointer(start: buffer.base, count: buffer.count))
    Self.roundingStep(graph.tensors[tensor], buffer)?()
    return result
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
    if let integers = integers(of: tensor) {
      let isUnsigned = graph.tensors[tensor].elementType == .uint64
      return integers.map { isUnsigned ? Float(UInt64(bitPattern: $0)) : Float($0) }
    }
    return unsafe Array(
      UnsafeBufferPointer(start: buffers[tensor].base, count: buffers[tensor].count))
  }

  /// The value of a tensor of integers after `run`, row-major; nil for one of reals.
  public func integers(of tensor: TensorIndex) -> [Int64]? {
    guard buffers[tensor].isInteger else { return nil }
    return unsafe Array(
      UnsafeBufferPointer(start: buffers[tensor].integers, count: buffers[tensor].count))
  }

  /// Lets `body` read any tensor's value after `run`, without a copy.
  ///
  /// - Precondition: a tensor of reals.
  public func withValue<Result>(
    of tensor: TensorIndex, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    let buffer = buffers[tensor]
    precondition(!buffer.isInteger, "the tensor holds integers")
    return unsafe body(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
  }

  /// Rounds a quantized tensor's reals to its grid, ties to even, and clamps to int8.
  /// The same for narrow reals and for integers; nil when every value is possible.
  private static func roundingStep(_ tensor: Tensor, _ buffer: TensorBuffer) -> InterpreterStep? {
    if tensor.constant != nil { return nil }
    guard let quantization = tensor.quantization else {
      return narrowingStep(tensor.elementType, buffer)
    }
    let range: ClosedRange<Int32> =
      switch tensor.elementType {
      case .int8: -128...127
      case .int16: -32768...32767
      default: .min ... .max
      }
    let inner = quantization.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? 1
    let (scales, zeroPoints) = (quantization.scales, quantization.zeroPoints)
    let isPerTensor = quantization.axis == nil
    return {
      for index in 0..<buffer.count {
        let channel = isPerTensor ? 0 : index / inner % scales.count
        let (scale, zeroPoint) = (scales[channel], zeroPoints[channel])
        let code = unsafe TieRule.toEven.code(
          steps: Double(buffer.base[index] / scale), zeroPoint: zeroPoint, in: range)
        unsafe buffer.base[index] = Float(Double(code) - Double(zeroPoint)) * scale
      }
    }
  }

  private static func narrowingStep(
    _ type: ElementType, _ buffer: TensorBuffer
  ) -> InterpreterStep? {
    if buffer.isInteger {
      if type.bitCount == 64 { return nil }
      return {
        for index in 0..<buffer.count {
          unsafe buffer.integers[index] = type.wrapped(buffer.integers[index])
        }
      }
    }
    guard let format = type.floatFormat else { return nil }
    return {
      for index in 0..<buffer.count {
        unsafe buffer.base[index] = format.rounded(buffer.base[index])
      }
    }
  }
}

/// What one node does, on buffers that it knows.
typealias InterpreterStep = () -> Void
