import OctetModel

extension ONNXOperator {
  static let slice = ONNXOperator(
    "Slice", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.slice(node) })
}

extension ONNXImporter {
  mutating func slice(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let range = try SliceRange(view, shape: x.shape)
    let layout = addressable(x)
    try emit(
      view,
      .slice(
        begin: spread(range.begin, layout, absent: 0),
        count: spread(range.count, layout, absent: 1),
        stride: spread(range.stride, layout, absent: 1)), [try tensor(x, layout)], layout,
      movedFrom: x)
  }
}

/// What a Slice takes from each axis.
struct SliceRange {
  var begin, count, stride: [Int]

  init(_ view: ONNXNodeView, shape: [Int]) throws(ImportFailure) {
    guard let starts = try view.integersInput(1)?.map(\.ordinary),
      let ends = try view.integersInput(2)?.map(\.ordinary), starts.count == ends.count
    else {
      throw .invalid("starts and ends are missing or do not fit each other")
    }
    let chosen = try view.integersInput(3)?.map(\.ordinary)
    guard chosen?.count ?? starts.count == starts.count else { throw .invalid("axes do not fit") }
    let axes = try view.axes(chosen ?? Array(0..<starts.count), rank: shape.count)
    let steps = try view.integersInput(4)?.map(\.ordinary)
    guard steps?.count ?? starts.count == starts.count else { throw .invalid("steps do not fit") }

    begin = [Int](repeating: 0, count: shape.count)
    count = shape
    stride = [Int](repeating: 1, count: shape.count)
    for (k, axis) in axes.enumerated() {
      let (length, step) = (shape[axis], steps?[k] ?? 1)
      guard step != 0 else { throw .invalid("a step is 0") }
      func bound(_ value: Int, _ range: ClosedRange<Int>) -> Int {
        max(range.lowerBound, min(range.upperBound, value < 0 ? value + length : value))
      }
      let isForward = step > 0
      let first = bound(starts[k], isForward ? 0...length : 0...max(length - 1, 0))
      let last =
        isForward
        ? bound(ends[k], 0...length)
        : (ends[k] < -length ? -1 : bound(ends[k], -1...max(length - 1, -1)))
      let span = isForward ? last - first : first - last
      count[axis] = length == 0 || span <= 0 ? 0 : (span - 1) / abs(step) + 1
      begin[axis] = count[axis] == 0 ? 0 : first
      // A single element needs no step, however long.
      stride[axis] = count[axis] <= 1 ? 1 : step
    }
  }
}

extension ONNXExporter {
  mutating func slice(_ node: Node, _ begin: [Int], _ count: [Int], _ stride: [Int]) {
    let (layout, source, outputs) = ends(of: node)
    // An end before the first element is written as the most negative number.
    let ends = begin.indices.map { axis in
      let end = begin[axis] + (count[axis] - 1) * stride[axis] + (stride[axis] > 0 ? 1 : -1)
      return count[axis] == 0 ? begin[axis] : (end < 0 ? -(1 << 31) : end)
    }
    let inputs = [
      source, list(node.name + "/starts", fileOrder(begin, layout)),
      list(node.name + "/ends", fileOrder(ends, layout)),
      list(node.name + "/axes", Array(begin.indices)),
      list(node.name + "/steps", fileOrder(stride, layout)),
    ]
    addNode("Slice", node.name, inputs, outputs)
  }
}
