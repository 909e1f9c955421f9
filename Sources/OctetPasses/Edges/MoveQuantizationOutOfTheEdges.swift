import OctetModel

extension Graph {
  /// Drops the nodes that quantize inputs and dequantize outputs: a quantized model that takes and
  /// gives floats, or uint8, becomes one that takes and gives int8, under the same names.
  ///
  /// An edge stays that something else reads or makes, or whose scale is not that of the codes. The
  /// codes inside keep their bytes.
  public mutating func moveQuantizationOutOfTheEdges() {
    var removed: Set<Int> = []
    let consumers = consumers()
    var outputCounts: [TensorIndex: Int] = [:]
    for output in outputs { outputCounts[output, default: 0] += 1 }
    for position in inputs.indices {
      let input = inputs[position]
      guard outputCounts[input] == nil, consumers[input].count == 1,
        let node = consumers[input].first, case .quantize = nodes[node].operation,
        isEdge(outer: input, inner: nodes[node].outputs[0])
      else { continue }
      inputs[position] = nodes[node].outputs[0]
      swapNames(input, inputs[position])
      removed.insert(node)
    }
    let producers = producers()
    for position in outputs.indices {
      let output = outputs[position]
      guard let node = producers[output], consumers[output].isEmpty,
        nodes[node].operation.isConversion, !removed.contains(node),
        isEdge(outer: output, inner: nodes[node].inputs[0]),
        outputCounts[output] == 1
      else { continue }
      outputs[position] = nodes[node].inputs[0]
      swapNames(output, outputs[position])
      removed.insert(node)
    }
    removeNodes(removed)
  }

  /// Whether `outer`'s values are those of the tensor `inner` of int8 or int16 in another notation: floats, or
  /// uint8 of the same scale, 128 above, which may have been taken as int8 already.
  private func isEdge(outer: TensorIndex, inner: TensorIndex) -> Bool {
    let (outer, inner) = (tensors[outer], tensors[inner])
    guard inner.elementType == .int8 || inner.elementType == .int16,
      let quantization = inner.quantization
    else { return false }
    if outer.elementType == .float32 { return true }
    if outer.elementType == inner.elementType { return outer.quantization == quantization }
    return outer.elementType == .uint8 && inner.elementType == .int8
      && outer.quantization?.scales == quantization.scales
      && outer.quantization?.zeroPoints == quantization.zeroPoints.map { $0 + 128 }
  }

  private mutating func swapNames(_ a: TensorIndex, _ b: TensorIndex) {
    (tensors[a].name, tensors[b].name) = (tensors[b].name, tensors[a].name)
  }
}
