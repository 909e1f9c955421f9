import OctetModel

extension ONNXOperator {
  static let resize = ONNXOperator(
    "Resize", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.resize(node) })
}

extension ONNXImporter {
  mutating func resize(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let target = try ResizeTarget(view, shape: x.shape)
    let method: ResizeAttributes.Method? =
      switch try view.string("mode", "nearest") {
      case "nearest": .nearest
      case "linear", "bilinear": .bilinear
      case "cubic": nil
      case let other: throw .unsupported("the mode '\(other)' is not known; use linear or nearest")
      }
    let (coordinates, rounding) = (try Self.coordinates(view), try Self.rounding(view))
    let special = try view.integer("antialias") + view.integer("exclude_outside")
    // Corners are aligned by what the scales ask for, whole or not.
    let isWhole =
      coordinates != .alignCorners
      || x.shape.indices.allSatisfy {
        abs(Float(target.shape[$0]) - target.scales[$0] * Float(x.shape[$0]))
          <= 1e-5 * Float(target.shape[$0])
      }
    guard let method, let coordinates, special == 0, isWhole else {
      return try resizeByMatrices(view, x, target)
    }
    // Resizing height and width has an int8 kernel where the channels are last.
    let keepsChannels = (3...4).contains(x.rank) && target.scales.prefix(2) == [1, 1]
    let layout = keepsChannels ? ONNXLayout.spatial(rank: x.rank) : addressable(x)
    let attributes = ResizeAttributes(
      method: method, coordinates: coordinates, rounding: rounding,
      outputShape: spread(target.shape, layout, absent: 1),
      scales: spread(target.scales, layout, absent: 1))
    try emit(view, .resize(attributes), [try tensor(x, layout)], layout, movedFrom: x)
  }

  /// Any resize is linear along each axis: a product with a constant matrix.
  private mutating func resizeByMatrices(
    _ view: ONNXNodeView, _ x: ImportedValue, _ target: ResizeTarget
  ) throws(ImportFailure) {
    try requireOwnElements(x)
    let filter = try ResizeFilter(view, rank: x.rank)
    var source = try tensor(x, .plain)
    var shape = x.shape
    var outside: [Int: [Bool]] = [:]
    for axis in x.shape.indices where filter.changes(axis, target, x.shape[axis]) {
      guard max(x.shape[axis], target.shape[axis]) <= 1 << 20 else {
        throw .unsupported("it resizes an axis of more than 2²⁰ elements in this mode")
      }
      try spend(target.shape[axis] * x.shape[axis])
      let matrix = filter.matrix(
        axis, length: x.shape[axis], count: target.shape[axis], scale: target.scales[axis])
      outside[axis] = matrix.isOutside
      let name = view.name + "/axis\(axis)"
      let weights = try constantTensor(
        name + "/weights",
        ONNXValue(shape: [target.shape[axis], x.shape[axis]], reals: matrix.weights),
        tag: "resize")
      let lines = try reshape(
        source, [shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *)])
      let product = try emit(
        .matrixMultiply, name: name, inputs: [weights, lines], output: name)
      shape[axis] = target.shape[axis]
      source = try reshape(product, shape)
    }
    let value = try view.float("extrapolation_value")
    if value != 0, outside.values.contains(where: { $0.contains(true) }) {
      // Outside, the products are 0.
      try spend(shape.elementCount)
      var fill: [Float] = []
      forEachIndex(in: shape) { index in
        let isOutside = outside.contains { axis, flags in flags[index[axis]] }
        fill.append(isOutside ? value : 0)
      }
      let constant = try constantTensor(
        view.name + "/outside", ONNXValue(shape: shape, reals: fill), tag: "outside")
      let name = view.name + "/filled"
      source = try emit(.add(.none), name: name, inputs: [source, constant], output: name)
    }
    try emit(view, .identity, [source], .plain)
  }

  private static func coordinates(
    _ view: ONNXNodeView
  ) throws(ImportFailure) -> ResizeAttributes.Coordinates? {
    switch try view.string("coordinate_transformation_mode", "half_pixel") {
    case "half_pixel": .halfPixel
    case "pytorch_half_pixel": .pytorchHalfPixel
    case "align_corners": .alignCorners
    case "asymmetric": .asymmetric
    case "half_pixel_symmetric", "tf_crop_and_resize": nil
    case let other:
      throw .unsupported("the coordinates '\(other)' are not known; use half_pixel")
    }
  }

  private static func rounding(
    _ view: ONNXNodeView
  ) throws(ImportFailure) -> ResizeAttributes.Rounding {
    switch try view.string("nearest_mode", "round_prefer_floor") {
    case "round_prefer_floor": .roundPreferFloor
    case "round_prefer_ceil": .roundPreferCeil
    case "floor": .floor
    case "ceil": .ceil
    case let other: throw .invalid("nearest_mode '\(other)' is unknown")
    }
  }
}

/// The shape that a Resize makes.
struct ResizeTarget {
  var shape: [Int]
  var scales: [Float]

  init(_ view: ONNXNodeView, shape x: [Int]) throws(ImportFailure) {
    shape = x
    scales = [Float](repeating: 1, count: x.count)
    let axes =
      try view.integers("axes").map { (list) throws(ImportFailure) in
        try view.axes(list, rank: x.count)
      } ?? Array(0..<x.count)
    if let given = try view.realsInput(2), !given.isEmpty {
      guard given.count == axes.count, given.allSatisfy({ $0 > 0 && $0 < 0x1p20 }) else {
        throw .invalid("the scales \(given) do not fit \(x)")
      }
      for (k, axis) in axes.enumerated() {
        scales[axis] = given[k]
        shape[axis] = Int((Double(x[axis]) * Double(given[k])).rounded(.down))
      }
      return
    }
    guard let sizes = try view.integersInput(3)?.map(\.ordinary), sizes.count == axes.count,
      sizes.allSatisfy({ (1...1 << 28).contains($0) }), !x.contains(0)
    else { throw .invalid("neither scales nor sizes fit \(x)") }
    let ratios: [Float] = axes.indices.map { Float(sizes[$0]) / Float(x[axes[$0]]) }
    let policy = try view.string("keep_aspect_ratio_policy", "stretch")
    let common: Float? = policy == "not_larger" ? ratios.min() : ratios.max()
    for (k, axis) in axes.enumerated() {
      if policy == "stretch" {
        (shape[axis], scales[axis]) = (sizes[k], ratios[k])
      } else if let common {
        scales[axis] = common
        shape[axis] = Int((common * Float(x[axis])).rounded(.toNearestOrAwayFromZero))
      }
    }
  }
}

extension ONNXExporter {
  mutating func resize(_ node: Node, _ values: ResizeAttributes) throws(ImportFailure) {
    let x = graph.tensors[node.inputs[0]].shape
    // Readers multiply in single or in double precision, and round down.
    let givesSizes = x.indices.allSatisfy {
      let (scale, wanted) = (values.scales[$0], values.outputShape[$0])
      return Int(Float(x[$0]) * scale) == wanted && Int(Double(x[$0]) * Double(scale)) == wanted
    }
    let isRatio = x.indices.allSatisfy {
      values.scales[$0] == Float(values.outputShape[$0]) / Float(x[$0])
    }
    guard givesSizes || isRatio else {
      throw .unsupported("its scales do not give its sizes in ONNX")
    }
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    var (scales, sizes) = (values.scales, values.outputShape.map { Int64($0) })
    for (k, axis) in layout.permutation(rank: x.count).enumerated() {
      (scales[axis], sizes[axis]) = (values.scales[k], Int64(values.outputShape[k]))
    }
    let target =
      givesSizes
      ? ["", initializer(node.name + "/scales", ONNXValue(shape: [x.count], reals: scales))]
      : ["", "", initializer(node.name + "/sizes", ONNXValue(shape: [x.count], integers: sizes))]
    let coordinates =
      switch values.coordinates {
      case .asymmetric: "asymmetric"
      case .halfPixel: "half_pixel"
      case .alignCorners: "align_corners"
      case .pytorchHalfPixel: "pytorch_half_pixel"
      }
    let rounding =
      switch values.rounding {
      case .floor: "floor"
      case .ceil: "ceil"
      case .roundPreferFloor: "round_prefer_floor"
      case .roundPreferCeil: "round_prefer_ceil"
      }
    addNode(
      "Resize", node.name, [source] + target, [make(node.outputs[0], layout)],
      [
        ("coordinate_transformation_mode", .string(coordinates)),
        ("mode", .string(values.method == .nearest ? "nearest" : "linear")),
        ("nearest_mode", .string(rounding)),
      ])
  }
}
