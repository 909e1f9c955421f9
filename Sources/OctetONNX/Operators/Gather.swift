import OctetModel

extension ONNXOperator {
  static let gather = ONNXOperator(
    "Gather",
    read: { (importer, node) throws(ImportFailure) in try importer.gather(node) })
}

extension ONNXImporter {
  mutating func gather(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, indices) = (try view.input(0), try view.input(1))
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    if let wrong = indices.constant?.integers?.first(where: {
      !(Int64(-x.shape[axis])..<Int64(x.shape[axis])).contains($0)
    }) {
      throw .invalid("index \(wrong) is outside axis \(axis) of \(x.shape)")
    }
    if let steps = indices.constant.flatMap({ $0.evenSteps(in: x.shape[axis]) }) {
      return try sliceForGather(view, x, axis: axis, steps, indices.shape)
    }
    try requireOwnElements(x)
    try emit(
      view, .gather(axis: axis), [try tensor(x, .plain), try tensor(indices, .plain)], .plain)
  }

  /// Gather of elements in even steps, such as one of them, is a slice.
  private mutating func sliceForGather(
    _ view: ONNXNodeView, _ x: ImportedValue, axis: Int, _ steps: (first: Int, stride: Int),
    _ indexShape: [Int]
  ) throws(ImportFailure) {
    let layout = addressable(x)
    var (begin, count) = ([Int](repeating: 0, count: x.rank), x.shape)
    var stride = [Int](repeating: 1, count: x.rank)
    (begin[axis], count[axis], stride[axis]) =
      (steps.first, indexShape.reduce(1, *), steps.stride)
    let isWhole = indexShape.count == 1
    let name = isWhole ? view.node.outputs[0] : view.node.outputs[0] + "/slice"
    let result = try emit(
      .slice(
        begin: spread(begin, layout, absent: 0), count: spread(count, layout, absent: 1),
        stride: spread(stride, layout, absent: 1)),
      name: isWhole ? view.name : view.name + "/slice", inputs: [try tensor(x, layout)],
      output: name)
    if isWhole { return define(view, result, layout, movedFrom: x) }
    if !x.elementType.isReal, case .tensor(let source) = x.source,
      let grid = graph.tensors[source].quantization
    {
      setGrid(result, grid, x.elementType)
    }
    var sliced = heldValue(result, layout, named: name)
    sliced.elementType = x.elementType
    try reshape(view, sliced, to: x.shape[..<axis] + indexShape + x.shape[(axis + 1)...])
  }
}

extension ONNXValue {
  /// The first of the indices into `count` elements, and the step from each to the next, where
  /// that is always the same.
  fileprivate func evenSteps(in count: Int) -> (first: Int, stride: Int)? {
    guard let integers, !integers.isEmpty else { return nil }
    let places = integers.map { Int($0 < 0 ? $0 + Int64(count) : $0) }
    let stride = places.count > 1 ? places[1] - places[0] : 1
    let isEven = zip(places, places.dropFirst()).allSatisfy { $1 - $0 == stride }
    return isEven && stride != 0 ? (places[0], stride) : nil
  }
}
