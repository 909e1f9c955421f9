import OctetModel
import OctetPasses
import OctetQuantization
import OctetRuntime

/// Turns an int8 graph into the runtime's operators. How each operation is lowered stands in the
/// file of its name.
package struct Lowering {
  var model = LoweredModel()
  let graph: Graph
  let producers: [Int?]
  let consumers: [[Int]]
  /// Graph tensor to model tensor.
  private var placed: [TensorIndex: Int] = [:]
  /// Nodes that an earlier operator took in.
  var absorbed: Set<Int> = []

  /// - Parameter graph: int8, simplified, with explicit padding.
  package static func lower(_ graph: Graph) throws(CompilerError) -> LoweredModel {
    do {
      try graph.proveAccumulators(allowingWrap: graph.arithmetic == .tensorFlowLite)
    } catch {
      throw .unsupported([error.description])
    }
    var lowering = Lowering(graph)
    for input in graph.inputs { lowering.model.inputs.append(try lowering.tensor(input)) }
    var refusals: [String] = []
    var regions: [Int: TableRegion] = [:]
    for region in graph.tableRegions() {
      lowering.absorbed.formUnion(region.nodes.dropLast())
      if let last = region.nodes.last { regions[last] = region }
    }
    for index in graph.nodes.indices where !lowering.absorbed.contains(index) {
      do throws(CompilerError) {
        if let region = regions[index] {
          try lowering.lowerTables(region)
        } else {
          try lowering.lower(node: index)
        }
      } catch {
        refusals.append(error.description)
      }
    }
    guard refusals.isEmpty else { throw .unsupported(refusals) }
    for output in graph.outputs { lowering.model.outputs.append(try lowering.tensor(output)) }
    lowering.model.arithmetic = graph.arithmetic
    lowering.model.metadata = graph.metadata
    return lowering.model
  }

  private init(_ graph: Graph) {
    self.graph = graph
    producers = graph.producers()
    consumers = graph.consumers()
  }

  private mutating func lower(node index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    switch node.operation {
    case .convolution(let attributes): try lowerConvolution(index, attributes)
    case .depthwiseConvolution(let attributes): try lowerDepthwiseConvolution(node, attributes)
    case .transposedConvolution(let attributes): try lowerTransposedConvolution(node, attributes)
    case .fullyConnected(let attributes): try lowerFullyConnected(node, attributes)
    case .matrixMultiply: try lowerMatrixMultiply(node)
    case .maxPool(let attributes): try lowerPool(node, .maxPool, attributes)
    case .averagePool(let attributes): try lowerPool(node, .averagePool, attributes)
    case .softmax(let axis, let beta): try lowerSoftmax(node, axis: axis, beta: beta)
    case .logSoftmax(let axis): try lowerLogSoftmax(node, axis: axis)
    case .l2Normalization(let attributes): try lowerL2Normalization(node, attributes)
    case .add(let activation): try lowerSum(.add, node, activation)
    case .subtract(let activation): try lowerSum(.subtract, node, activation)
    case .multiply(let activation): try lowerMultiply(node, activation)
    case .squaredDifference: try lowerSquaredDifference(node)
    case .minimum: try lowerExtreme(.minimum, node)
    case .maximum: try lowerExtreme(.maximum, node)
    case .scalar, .prelu, .quantize:
      if isInt16(node) { try lowerFunction16(node) } else { try lowerLookup(node) }
    case .mean(let axes, _): try lowerMean(node, axes: axes)
    case .reduce(.sum, let axes, _): try lowerMean(node, axes: axes, isSum: true)
    case .concatenation(let axis, let activation):
      try lowerConcatenation(node, axis: axis, activation)
    case .pad(let before, let after, let mode):
      try lowerPad(node, before: before, after: after, mode)
    case .reshape: try lowerReshape(node)
    case .identity: try lowerIdentity(node)
    case .transpose(let permutation): try lowerTranspose(index, permutation)
    case .slice(let begin, _, let stride): try lowerSlice(node, begin: begin, stride: stride)
    case .split(let axis, let counts): try lowerSplit(node, axis: axis, counts: counts)
    case .resize(let attributes): try lowerResize(node, attributes)
    case .divide, .power, .compare, .logic, .select, .cast, .batchNormalization,
      .localResponseNormalization, .reduce, .extremum, .maxPoolIndices, .expand, .tile, .gather,
      .dequantize:
      throw .invalid(
        node: node.name, reason: "\(node.operation.name) has no operator in the runtime")
    }
  }

  // MARK: What the operators' files use

  /// The model tensor of a graph tensor, made when first asked for.
  mutating func tensor(_ index: TensorIndex) throws(CompilerError) -> Int {
    if let known = placed[index] { return known }
    let source = graph.tensors[index]
    let isInt16 = source.elementType == .int16
    guard let quantization = source.quantization, quantization.axis == nil,
      isInt16 || source.elementType == .int8,
      let zeroPoint = Int8(exactly: quantization.zeroPoints[0]), !isInt16 || zeroPoint == 0
    else {
      throw .invalid(
        node: source.name,
        reason: isInt16
          ? "the tensor is int16, but not with one scale and zero point 0"
          : "the tensor is not int8 with one scale for the whole tensor")
    }
    guard let shape = source.shape.atMostFourDimensions else {
      throw .invalid(node: source.name, reason: "more than four dimensions: \(source.shape)")
    }
    guard source.elementCount <= BlobLimits.elementCount, source.elementCount > 0 else {
      throw .invalid(
        node: source.name,
        reason: "\(source.elementCount) elements; a blob's tensors have 1 to "
          + "\(BlobLimits.elementCount)")
    }
    var constant: [Int8]?
    if case .int8(let values) = source.constant { constant = values }
    if isInt16, case .int32(let values) = source.constant {
      constant = values.flatMap {
        [Int8(truncatingIfNeeded: $0), Int8(truncatingIfNeeded: $0 >> 8)]
      }
    }
    var lowered = LoweredTensor(
      name: source.name, shape: shape, scale: quantization.scales[0], zeroPoint: zeroPoint,
      constant: constant)
    lowered.isInt16 = isInt16
    model.tensors.append(lowered)
    placed[index] = model.tensors.count - 1
    return model.tensors.count - 1
  }

  /// Makes graph tensor `index` another name for `other`.
  mutating func alias(_ index: TensorIndex, to other: TensorIndex) throws(CompilerError) {
    placed[index] = try tensor(other)
  }

  /// Gives the model tensor that graph tensor `index` stands for that tensor's name and shape.
  mutating func rename(_ index: TensorIndex) {
    guard let known = placed[index], let shape = graph.tensors[index].shape.atMostFourDimensions
    else { return }
    model.tensors[known].name = graph.tensors[index].name
    model.tensors[known].shape = shape
  }

  /// Adds an operator, from the node's inputs to its first output unless said otherwise, with all
  /// of its parameter words.
  mutating func append<Word: ParameterWord>(
    _ kind: OperatorKind, _ node: Node, inputs: [TensorIndex]? = nil, output: TensorIndex? = nil,
    origin: Origin? = nil, _ words: ParameterWords<Word>
  ) throws(CompilerError) {
    guard let parameters = words.inOrder else {
      throw .invalid(node: node.name, reason: "its lowering leaves out a parameter word")
    }
    try append(kind, node, inputs: inputs, output: output, origin, parameters)
  }

  /// Adds an operator without parameter words.
  mutating func append(_ kind: OperatorKind, _ node: Node) throws(CompilerError) {
    try append(kind, node, inputs: nil, output: nil, nil, [])
  }

  private mutating func append(
    _ kind: OperatorKind, _ node: Node, inputs: [TensorIndex]?, output: TensorIndex?,
    _ origin: Origin?, _ parameters: [LoweredOperator.Parameter]
  ) throws(CompilerError) {
    var operands: [Int] = []
    for input in inputs ?? node.inputs { operands.append(try tensor(input)) }
    let result = try tensor(output ?? node.outputs[0])
    try requireElements(of: kind, node, operands + [result])
    var lowered = LoweredOperator(
      kind: kind, name: node.name, inputs: operands, outputs: [result], parameters: parameters)
    lowered.origin = origin
    model.operators.append(lowered)
  }

  /// Throws unless the kind takes the elements of its operands, model tensors.
  private func requireElements(
    of kind: OperatorKind, _ node: Node, _ operands: [Int]
  ) throws(CompilerError) {
    let wide = operands.filter { model.tensors[$0].isInt16 }.count
    if wide == 0 || kind.elements == .any { return }
    guard kind.elements != .int8 else {
      throw .invalid(
        node: node.name,
        reason: "\(node.operation.name) has no operator for int16 activations; quantize it to int8")
    }
    guard wide == operands.count else {
      throw .invalid(
        node: node.name,
        reason: "\(node.operation.name) reads and makes both int8 and int16; convert between them "
          + "before or after it")
    }
  }

  /// Whether the node's first operand or its result is of int16.
  func isInt16(_ node: Node) -> Bool {
    [node.inputs[0], node.outputs[0]].contains { graph.tensors[$0].elementType == .int16 }
  }

  func scale(_ index: TensorIndex) -> Float {
    graph.tensors[index].quantization?.scales.first ?? 1
  }

  func zeroPoint(_ index: TensorIndex) -> Int {
    Int(graph.tensors[index].quantization?.zeroPoints.first ?? 0)
  }

  /// The range of codes that a fused activation clamps to.
  func clampRange(_ activation: Activation, output: TensorIndex) -> (lower: Int, upper: Int) {
    graph.tensors[output].clampRange(activation)
  }

  /// The single node that reads `tensor`, when nothing else does and it is no output of the model.
  func onlyConsumer(of tensor: TensorIndex) -> Int? {
    guard consumers[tensor].count == 1, !graph.outputs.contains(tensor) else { return nil }
    return consumers[tensor][0]
  }
}

extension [Int] {
  /// The same elements in at most four dimensions: leading ones are dropped first.
  var atMostFourDimensions: [Int]? {
    var shape = self
    while shape.count > 4, shape[0] == 1 { shape.removeFirst() }
    return shape.count <= 4 ? shape : nil
  }
}

extension Tensor {
  /// The codes that there are.
  var codeRange: ClosedRange<Int32> {
    elementType == .int16 ? -32_768...32_767 : -128...127
  }

  /// The range of codes that a fused activation clamps to.
  func clampRange(_ activation: Activation) -> (lower: Int, upper: Int) {
    guard let quantization else { return (Int(codeRange.lowerBound), Int(codeRange.upperBound)) }
    let codes = activation.codes(
      scale: quantization.scales[0], zeroPoint: quantization.zeroPoints[0], in: codeRange)
    return (Int(codes.lowerBound), Int(codes.upperBound))
  }
}

extension Activation {
  /// The codes of a grid that the activation clamps to.
  package func codes(
    scale: Float, zeroPoint: Int32, in range: ClosedRange<Int32> = -128...127
  ) -> ClosedRange<Int32> {
    func code(_ real: Float) -> Int32 {
      TieRule.awayFromZero.code(steps: Double(real / scale), zeroPoint: zeroPoint, in: range)
    }
    let lower = code(bounds.lower)
    return lower...max(lower, code(bounds.upper))
  }
}
