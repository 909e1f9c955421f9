import OctetModel
import OctetReport

/// Orders of a layer's weights that people and exporters mix up.
struct WeightOrders {
  /// The place in the reference's weights of each of the candidate's.
  typealias Order = (cause: DiffReport.Cause, text: String, source: (Int) -> Int)

  let all: [Order]

  init(_ pair: WeightPair) {
    let shape = pair.shape
    var found: [Order] = []
    func add(
      _ cause: DiffReport.Cause, _ text: String, _ position: @escaping ([Int]) -> [Int]
    ) {
      found.append((cause, text, Self.order(shape, position)))
    }
    func reversed(_ axes: [Int]) -> ([Int]) -> [Int] {
      { indices in
        indices.indices.map { axes.contains($0) ? shape[$0] - 1 - indices[$0] : indices[$0] }
      }
    }
    if shape.count == 2 {
      add(.flattenOrder, "the weights of each row stand in reverse order", reversed([1]))
    }
    if shape.count == 4, shape[1] > 1 || shape[2] > 1 {
      add(
        .filtersFlipped, "its filters are turned by 180°: both axes are reversed",
        reversed([1, 2]))
      add(.filtersFlipped, "its filters are upside down", reversed([1]))
      add(.filtersFlipped, "its filters are mirrored", reversed([2]))
      if shape[1] == shape[2] {
        add(.weightsTransposed, "its filters are transposed: rows and columns are exchanged") {
          [$0[0], $0[2], $0[1], $0[3]]
        }
        add(.filtersFlipped, "its filters are turned by 90°") {
          [$0[0], shape[2] - 1 - $0[2], $0[1], $0[3]]
        }
        add(.filtersFlipped, "its filters are turned by 270°") {
          [$0[0], $0[2], shape[1] - 1 - $0[1], $0[3]]
        }
      }
    }
    if shape.count == 4, pair.axis == 0, shape[3] > 1 {
      add(
        .inputChannelsPermuted,
        "its input channels stand in reverse order" + (shape[3] == 3 ? " (BGR for RGB)" : ""),
        reversed([3]))
      if shape[1] > 1 || shape[2] > 1 {
        add(.filtersFlipped, "its filters are reversed along every axis", reversed([1, 2, 3]))
      }
    }
    let layouts = Layout.all(of: pair)
    found += Self.misread(pair, layouts)
    for layout in layouts { found += Self.displaced(pair, layout) }
    all = found
  }

  /// Weights that are read a few elements too early or too late, or by twos or fours the other way
  /// round, as they stand in a file.
  private static func displaced(_ pair: WeightPair, _ layout: Layout) -> [Order] {
    let count = pair.own.count
    guard count >= 16 else { return [] }
    // By whole rows it is the channels that are exchanged.
    let row = pair.axis == 0 ? max(count / pair.channelCount, 1) : count
    var found: [Order] = []
    func add(
      _ cause: DiffReport.Cause, _ text: String, _ source: @escaping (Int) -> Int
    ) {
      found.append((cause, text, { layout.position(at: source(layout.place(of: $0))) }))
    }
    for distance in [1, 2, 3, 4, 8, 16] where 4 * distance <= count && distance % row != 0 {
      for shift in [distance, -distance] {
        let elements = distance == 1 ? "element" : "elements"
        let side = shift > 0 ? "late" : "early"
        add(.weightsShifted, "its weights are read \(distance) \(elements) too \(side)") {
          ($0 + shift + count) % count
        }
      }
    }
    if count % 2 == 0 {
      add(.halvesExchanged, "each two neighbouring weights are exchanged") { $0 ^ 1 }
    }
    let whole = count / 4 * 4
    add(.weightByteOrder, "each four neighbouring weights stand in reverse order") {
      $0 < whole ? $0 ^ 3 : $0
    }
    return found
  }

  private static func order(
    _ shape: [Int], _ position: @escaping ([Int]) -> [Int]
  ) -> (Int) -> Int {
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    return { index in
      let indices = shape.indices.map { index / strides[$0] % shape[$0] }
      return zip(position(indices), strides).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The weights written in one order of axes and read in another.
  private static func misread(_ pair: WeightPair, _ layouts: [Layout]) -> [Order] {
    var found: [Order] = []
    for read in layouts {
      var keys = [read.key]
      for axes in Array(read.shape.indices).orders {
        let written = Layout(read.shape, axes)
        if keys.contains(written.key) { continue }
        keys.append(written.key)
        let isFlattened = pair.shape.count == 2 && pair.image != nil
        let isDense = pair.shape.count == 2 && !isFlattened
        let text =
          isFlattened && axes[0] == 0 && read.axes[0] == 0
          ? "its columns stand in the order \(written.imageText) of the image that it reads, which "
            + "is flattened as \(read.imageText)"
          : isDense
            ? "its weights are transposed: they stand as I, O and are read as O, I"
            : "its weights stand in the order \(written.text) and are read as \(read.text)"
        found.append(
          (
            isFlattened && axes[0] == 0 && read.axes[0] == 0 ? .flattenOrder : .weightsTransposed,
            text, { written.position(at: read.place(of: $0)) }
          ))
      }
    }
    return found
  }
}

/// An order in which a file holds a layer's weights.
private struct Layout {
  /// The sizes of O, H, W and I.
  let shape: [Int]
  /// The axes from the slowest to the fastest.
  let axes: [Int]
  /// The distance of neighbours along each axis, in Octet's order and in the file's.
  private let strides: [Int]
  private let steps: [Int]

  init(_ shape: [Int], _ axes: [Int]) {
    (self.shape, self.axes) = (shape, axes)
    strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    var steps = [Int](repeating: 1, count: shape.count)
    for (position, axis) in axes.enumerated() {
      steps[axis] = axes[(position + 1)...].reduce(1) { $0 * shape[$1] }
    }
    self.steps = steps
  }

  /// Octet's and TFLite's order, PyTorch's and ONNX's, Keras's; those that a shape tells apart.
  static func all(of pair: WeightPair) -> [Layout] {
    var shape = pair.shape
    if shape.count == 2 {
      shape = [shape[0]] + (pair.image ?? [1, 1, shape[1]])
      if shape.elementCount != pair.own.count { shape = [pair.shape[0], 1, 1, pair.shape[1]] }
    }
    guard shape.count == 4 else { return [Layout(shape, Array(shape.indices))] }
    var keys: Set<[Int]> = []
    return [[0, 1, 2, 3], [0, 3, 1, 2], [1, 2, 3, 0]].map { Layout(shape, $0) }
      .filter { keys.insert($0.key).inserted }
  }

  /// The same of layouts that hold all elements alike.
  var key: [Int] { axes.filter { shape[$0] > 1 } }

  /// The place in the file of an element that is at an index in Octet's order.
  func place(of index: Int) -> Int {
    var place = 0
    for axis in shape.indices { place += index / strides[axis] % shape[axis] * steps[axis] }
    return place
  }

  /// The index in Octet's order of what stands at a place in the file.
  func position(at place: Int) -> Int {
    var index = 0
    for axis in shape.indices { index += place / steps[axis] % shape[axis] * strides[axis] }
    return index
  }

  var text: String { named(["O", "H", "W", "I"], axes) }

  /// The order of a flattened image's axes.
  var imageText: String { named(["", "H", "W", "C"], axes.filter { $0 > 0 }) }

  private func named(_ names: [String], _ axes: [Int]) -> String {
    axes.map { names.count > $0 ? names[$0] : "\($0)" }.joined(separator: ", ")
  }
}
