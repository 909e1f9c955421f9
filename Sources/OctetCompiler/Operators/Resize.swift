import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerResize(
    _ node: Node, _ attributes: ResizeAttributes
  ) throws(CompilerError) {
    try requireOneScale(node)
    let shape = graph.tensors[node.inputs[0]].shape
    guard shape.count == 4, shape[0] == attributes.outputShape[0],
      shape[3] == attributes.outputShape[3]
    else {
      throw .invalid(node: node.name, reason: "only height and width can be resized")
    }
    guard attributes.outputShape[1...2].allSatisfy({ $0 <= 1 << 16 }) else {
      throw .invalid(node: node.name, reason: "it resizes to more than 65,536 rows or columns")
    }
    guard attributes.scales[1...2].allSatisfy({ (0x1p-24...0x1p24).contains($0) }) else {
      throw .invalid(node: node.name, reason: "its scales are not within 2⁻²⁴ to 2²⁴")
    }
    let tables = [1, 2].map { axis -> LoweredOperator.Parameter in
      let table = ResizeTable(
        input: shape[axis], output: attributes.outputShape[axis],
        scale: attributes.scales[axis], coordinates: attributes.coordinates)
      return .words(
        attributes.method == .nearest
          ? table.nearest(attributes.rounding) : table.bilinear(in: graph.arithmetic))
    }
    let origin = Origin(node.operation)
    switch attributes.method {
    case .nearest:
      try append(
        .resizeNearest, node, origin: origin,
        [ResizeNearest.Word.rows: tables[0], .columns: tables[1]])
    case .bilinear:
      try append(
        .resizeBilinear, node, origin: origin,
        [ResizeBilinear.Word.rows: tables[0], .columns: tables[1]])
    }
  }
}

extension BlobReader {
  /// Reads a resize by the convention that the blob says its tables were made by.
  mutating func readResize(
    _ view: OperatorView, _ method: ResizeAttributes.Method
  ) throws(CompilerError) {
    guard case .resize(let coordinates, let rounding, let scales) = try origin(view) else {
      throw contradiction(view)
    }
    append(
      view,
      .resize(
        ResizeAttributes(
          method: method, coordinates: coordinates, rounding: rounding,
          outputShape: output(view).shape, scales: [1] + scales + [1])))
  }

  // MARK: In real numbers

  mutating func readPositions(_ view: OperatorView) {
    let (x, y) = (input(view).shape, output(view).shape)
    var steps = RealSteps(view, [x[0], y[1], x[2], x[3]])
    let rows = add(positions(view, int32s(view, ResizeNearest.Word.rows, count: y[1])))
    let columns = add(positions(view, int32s(view, ResizeNearest.Word.columns, count: y[2])))
    let tall = steps.append(.gather(axis: 1), [view.inputTensorIndex(0), rows], to: &self)
    append(
      view, .gather(axis: 2), inputs: [tall, columns], outputs: [view.outputTensorIndex(0)])
  }

  /// Along each axis two neighbours are mixed.
  mutating func readMixtures(_ view: OperatorView) {
    let (x, y) = (input(view).shape, output(view).shape)
    var source = view.inputTensorIndex(0)
    for (axis, first) in [(1, ResizeBilinear.Word.rows), (2, ResizeBilinear.Word.columns)] {
      let table = int32s(view, first, count: 3 * y[axis])
      let entries = (0..<y[axis]).map { table[3 * $0..<3 * $0 + 3] }
      let weights = entries.map { Float($0[$0.startIndex + 2]) / 1024 }
      var shape = x
      shape[axis] = y[axis]
      if axis == 2 { shape[1] = y[1] }
      var steps = RealSteps(view, shape)
      let parts = [0, 1].map { side -> TensorIndex in
        let neighbours = add(positions(view, entries.map { $0[$0.startIndex + side] }))
        let taken = steps.append(.gather(axis: axis), [source, neighbours], to: &self)
        let factor = add(
          Tensor(
            name: "\(name(view))/mix", shape: axis == 1 ? [y[1], 1, 1] : [y[2], 1],
            constant: .float(weights.map { side == 0 ? 1 - $0 : $0 })))
        return steps.append(.multiply(.none), [taken, factor], to: &self)
      }
      if axis == 1 {
        source = steps.append(.add(.none), parts, to: &self)
      } else {
        append(view, .add(.none), inputs: parts, outputs: [view.outputTensorIndex(0)])
      }
    }
  }

  private func positions(_ view: OperatorView, _ values: [Int32]) -> Tensor {
    Tensor(
      name: "\(name(view))/positions", shape: [values.count], elementType: .int64,
      constant: .int64(values.map { Int64($0) }))
  }
}
