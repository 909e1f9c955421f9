import OctetModel

extension TFLiteExporter {
  mutating func export(_ node: Node) throws(TFLiteExportRefusal) {
    switch node.operation {
    case .convolution(let attributes):
      try convolution(node, attributes, isDepthwise: false)
    case .depthwiseConvolution(let attributes):
      try convolution(node, attributes, isDepthwise: true)
    case .transposedConvolution(let attributes): try transposedConvolution(node, attributes)
    case .fullyConnected(let attributes): fullyConnected(node, attributes)
    case .matrixMultiply: try batchProduct(node)
    case .maxPool(let attributes): try pool(node, attributes, isMax: true)
    case .averagePool(let attributes): try pool(node, attributes, isMax: false)
    case .add(let activation):
      binary(node, .add, activation, version: 2, type: TFLiteOptions.Binary.addType)
    case .subtract(let activation):
      binary(node, .sub, activation, version: 2, type: TFLiteOptions.Binary.subtractType)
    case .multiply(let activation):
      binary(node, .mul, activation, version: 2, type: TFLiteOptions.Binary.multiplyType)
    case .divide(let activation):
      binary(node, .div, activation, version: 1, type: TFLiteOptions.Binary.divideType)
    case .minimum: plain(node, .minimum, version: 2, type: TFLiteOptions.MaximumMinimum.type)
    case .maximum: plain(node, .maximum, version: 2, type: TFLiteOptions.MaximumMinimum.type)
    case .squaredDifference: plain(node, .squaredDifference, version: 2)
    case .scalar(let function): try scalar(node, function)
    case .l2Normalization:
      plain(node, .l2Normalization, version: 2, type: TFLiteOptions.L2Normalization.type)
    case .softmax(let axis, let beta):
      try requireLastAxis(axis, node)
      plain(
        node, .softmax, version: 2, type: TFLiteOptions.Softmax.type,
        [.float(TFLiteOptions.Softmax.beta, beta)])
    case .logSoftmax(let axis):
      try requireLastAxis(axis, node)
      plain(node, .logSoftmax, version: 2)
    case .prelu: plain(node, .prelu, version: 1)
    case .quantize: plain(node, .quantize, version: 2)
    case .dequantize: plain(node, .dequantize, version: 2)
    case .mean(let axes, let keepsDimensions):
      parameterized(
        node, .mean, version: 2, type: TFLiteOptions.Reducer.type,
        [.flag(TFLiteOptions.Reducer.keepsDimensions, keepsDimensions)], [axes])
    case .concatenation(let axis, let activation): concatenation(node, axis: axis, activation)
    case .pad(let before, let after, let mode): try pad(node, before, after, mode)
    case .reshape, .identity: reshape(node)
    case .transpose(let permutation):
      parameterized(
        node, .transpose, version: 2, type: TFLiteOptions.Transpose.type, [], [permutation])
    case .slice(let begin, let count, let stride): slice(node, begin, count, stride)
    case .split(let axis, let counts): split(node, axis, counts)
    case .resize(let attributes): try resize(node, attributes)
    case .reduce(let reduction, let axes, let keeps): try reduce(node, reduction, axes, keeps)
    case .maxPoolIndices, .power, .compare, .logic, .select, .cast, .batchNormalization,
      .localResponseNormalization, .extremum, .expand, .tile, .gather:
      throw .notWritten
    }
  }

  private func requireLastAxis(_ axis: Int, _ node: Node) throws(TFLiteExportRefusal) {
    if axis != graph.tensors[node.inputs[0]].shape.count - 1 {
      throw TFLiteExportRefusal(reason: "TFLite's softmax is over the last axis")
    }
  }

  private mutating func scalar(
    _ node: Node, _ function: ScalarFunction
  ) throws(TFLiteExportRefusal) {
    if let clamp = node.operation.asActivation { return activation(node, clamp) }
    // The versions of kernels for int8; the others take floats only.
    let int8Versions: [ScalarFunction.Kind: Int32] = [
      .hardSwish: 1, .logistic: 2, .tanh: 2, .elu: 1, .absolute: 2, .exponential: 2, .logarithm: 2,
    ]
    switch function {
    case _ where function.kind == .leakyRelu:
      plain(
        node, .leakyRelu, version: 2, type: TFLiteOptions.LeakyRelu.type,
        [.float(TFLiteOptions.LeakyRelu.alpha, function.parameters[0])])
    case .gelu, .geluByTanh:
      plain(
        node, .gelu, version: 2, type: TFLiteOptions.Gelu.type,
        [.flag(TFLiteOptions.Gelu.isApproximate, function == .geluByTanh)])
    case .power(exponent: -0.5): plain(node, .rsqrt, version: 2)
    case .power(exponent: 2) where !isInt8(node): plain(node, .square, version: 1)
    default:
      let version = int8Versions[function.kind] ?? 1
      let kind = function.row.tflite.flatMap { TFLiteOperator(rawValue: Int($0)) }
      guard let kind, ScalarFunction(function.kind) == function,
        !isInt8(node) || int8Versions[function.kind] != nil
      else {
        throw TFLiteExportRefusal(
          reason: "TFLite has no such function" + (isInt8(node) ? " of int8" : ""))
      }
      plain(node, kind, version: version)
    }
  }

  /// An operator with the node's own operands.
  private mutating func plain(
    _ node: Node, _ kind: TFLiteOperator, version: Int32, type: Int = 0,
    _ options: [FlatField] = []
  ) {
    let inputs = node.inputs.map { tensor($0) }
    let outputs = node.outputs.map { tensor($0) }
    append(
      kind, version: isInt8(node) ? version : 1, inputs: inputs, outputs: outputs,
      optionsType: type, options)
  }

  private mutating func binary(
    _ node: Node, _ kind: TFLiteOperator, _ activation: Activation, version: Int32, type: Int
  ) {
    let (output, code) = clipped(node, activation)
    append(
      kind, version: isInt8(node) ? version : 1, inputs: node.inputs.map { tensor($0) },
      outputs: [output.tensor], optionsType: type,
      [.integer(TFLiteOptions.Binary.activation, code)])
    finish(output, node)
  }

  private mutating func reduce(
    _ node: Node, _ reduction: Reduction, _ axes: [Int], _ keepsDimensions: Bool
  ) throws(TFLiteExportRefusal) {
    let kinds: [Reduction: TFLiteOperator] = [
      .sum: .sum, .product: .reduceProd, .maximum: .reduceMax, .minimum: .reduceMin,
    ]
    guard let kind = kinds[reduction], kind == .sum || !isInt8(node) else {
      throw TFLiteExportRefusal(reason: "TFLite has no such reduction")
    }
    parameterized(
      node, kind, version: 2, type: TFLiteOptions.Reducer.type,
      [.flag(TFLiteOptions.Reducer.keepsDimensions, keepsDimensions)], [axes])
  }

  private mutating func reshape(_ node: Node) {
    let shape = graph.tensors[node.outputs[0]].shape
    parameterized(
      node, .reshape, version: 1, type: TFLiteOptions.Reshape.type,
      [.object(TFLiteOptions.Reshape.shape, .integers(shape.map { Int32($0) }))], [shape])
  }

  private mutating func split(_ node: Node, _ axis: Int, _ counts: [Int]) {
    append(
      .splitV, version: isInt8(node) ? 2 : 1,
      inputs: [
        tensor(node.inputs[0]), integers(counts, node), integers([axis], shape: [], node),
      ], outputs: node.outputs.map { tensor($0) }, optionsType: TFLiteOptions.Split.typeV,
      [.integer(TFLiteOptions.Split.count, Int32(counts.count))])
  }

  /// An operator that takes the node's input and vectors of int32.
  private mutating func parameterized(
    _ node: Node, _ kind: TFLiteOperator, version: Int32, type: Int, _ options: [FlatField],
    _ parameters: [[Int]]
  ) {
    append(
      kind, version: isInt8(node) ? version : 1,
      inputs: [tensor(node.inputs[0])] + parameters.map { integers($0, node) },
      outputs: [tensor(node.outputs[0])], optionsType: type, options)
  }

  private mutating func concatenation(_ node: Node, axis: Int, _ activation: Activation) {
    typealias Slot = TFLiteOptions.Concatenation
    // TFLM takes no activation here, so one that is there is written out.
    let target = graph.tensors[node.outputs[0]]
    let isPlain = activation == .none
    let result = isPlain ? tensor(node.outputs[0]) : between(target, shape: target.shape, node)
    append(
      .concatenation, version: target.isInt8 ? 2 : 1, inputs: node.inputs.map { tensor($0) },
      outputs: [result], optionsType: Slot.type,
      [.integer(Slot.axis, Int32(axis)), .integer(Slot.activation, Int8(0))])
    if !isPlain { finish(ClippedOutput(tensor: result, bounds: activation.bounds), node) }
  }

  private mutating func pad(
    _ node: Node, _ before: [Int], _ after: [Int], _ mode: PadMode
  ) throws(TFLiteExportRefusal) {
    guard case .constant(let value) = mode, (before + after).allSatisfy({ $0 >= 0 }) else {
      throw TFLiteExportRefusal(reason: "only padding with a constant can be written")
    }
    let source = graph.tensors[node.inputs[0]]
    let amounts = zip(before, after).flatMap { [$0, $1] }
    var inputs = [
      tensor(node.inputs[0]), integers(amounts, shape: [before.count, 2], node),
    ]
    let isZero = value == 0
    if !isZero {
      inputs.append(
        tensor(
          Tensor(
            name: helperName(node), shape: [1], elementType: source.elementType,
            constant: source.quantization.map { .int8([$0.code(value)]) } ?? .float([value]),
            quantization: source.quantization)))
    }
    append(
      isZero ? .pad : .padV2, version: source.isInt8 ? 2 : 1, inputs: inputs,
      outputs: [tensor(node.outputs[0])],
      optionsType: isZero ? TFLiteOptions.Pad.type : TFLiteOptions.Pad.typeV2)
  }

  /// STRIDED_SLICE, with the masks that let a walk back end before the first element.
  private mutating func slice(_ node: Node, _ begin: [Int], _ count: [Int], _ stride: [Int]) {
    typealias Slot = TFLiteOptions.StridedSlice
    var end: [Int] = []
    var endMask: Int32 = 0
    for axis in begin.indices {
      let last = begin[axis] + (count[axis] - 1) * stride[axis]
      let stop = stride[axis] > 0 ? last + 1 : last - 1
      if stop < 0 { endMask |= 1 << Int32(axis) }
      end.append(count[axis] == 0 ? begin[axis] : max(stop, 0))
    }
    append(
      .stridedSlice, version: isInt8(node) ? 2 : 1,
      inputs: [tensor(node.inputs[0])] + [begin, end, stride].map { integers($0, node) },
      outputs: [tensor(node.outputs[0])], optionsType: Slot.type,
      [.integer(Slot.endMask, endMask)])
  }

  private mutating func resize(
    _ node: Node, _ attributes: ResizeAttributes
  ) throws(TFLiteExportRefusal) {
    typealias Slot = TFLiteOptions.Resize
    let x = graph.tensors[node.inputs[0]].shape
    let isNearest = attributes.method == .nearest
    let isTFLites = zip(attributes.scales, zip(attributes.outputShape, x)).allSatisfy {
      $0 == Float($1.0) / Float($1.1) || attributes.coordinates == .alignCorners
    }
    let rounds =
      switch attributes.coordinates {
      case .asymmetric: attributes.rounding == .floor
      case .halfPixel, .alignCorners: attributes.rounding == .roundPreferCeil
      case .pytorchHalfPixel: false
      }
    guard x.count == 4, isTFLites,
      rounds || !isNearest && attributes.coordinates != .pytorchHalfPixel
    else {
      throw TFLiteExportRefusal(reason: "TFLite has no such coordinates or rounding")
    }
    let alignsCorners = attributes.coordinates == .alignCorners
    let hasHalfPixelCenters = attributes.coordinates == .halfPixel
    append(
      isNearest ? .resizeNearestNeighbor : .resizeBilinear,
      version: hasHalfPixelCenters ? 3 : isInt8(node) ? 2 : 1,
      inputs: [tensor(node.inputs[0]), integers(Array(attributes.outputShape[1...2]), node)],
      outputs: [tensor(node.outputs[0])],
      optionsType: isNearest ? Slot.nearestType : Slot.bilinearType,
      [
        .flag(
          isNearest ? Slot.nearestAlignsCorners : Slot.bilinearAlignsCorners, alignsCorners),
        .flag(
          isNearest ? Slot.nearestHasHalfPixelCenters : Slot.bilinearHasHalfPixelCenters,
          hasHalfPixelCenters),
      ])
  }
}

extension TFLiteExportRefusal {
  fileprivate static var notWritten: TFLiteExportRefusal {
    TFLiteExportRefusal(reason: "it has no operator in TFLite that Octet writes")
  }
}
