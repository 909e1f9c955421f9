import OctetModel

extension ONNXImporter {
  /// Resize since operator set 10, Upsample before.
  mutating func resize(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isOld = view.version < 11 || view.operatorName == "Upsample"
    var coordinates = ResizeAttributes.Coordinates.asymmetric
    var rounding = ResizeAttributes.Rounding.floor
    if !isOld {
      coordinates = try Self.coordinates(view)
      rounding = try Self.rounding(view)
      if try view.integer("antialias") != 0 {
        throw .unsupported("antialias is not available; export with antialias = 0")
      }
    }
    let method: ResizeAttributes.Method
    switch try view.string("mode", "nearest") {
    case "nearest": method = .nearest
    case "linear", "bilinear": method = .bilinear
    case let other: throw .unsupported("the mode '\(other)' is not known; use linear or nearest")
    }
    let target = try ResizeTarget(view, shape: x.shape, isOld: isOld)
    let layout = addressable(x)
    let attributes = ResizeAttributes(
      method: method, coordinates: coordinates, rounding: rounding,
      outputShape: spread(target.shape, layout, absent: 1),
      scales: spread(target.scales, layout, absent: 1))
    let result = try emit(
      .resize(attributes), name: view.name, inputs: [try tensor(x, layout)],
      output: view.node.outputs[0])
    define(view, result, layout)
  }

  private static func coordinates(
    _ view: ONNXNodeView
  ) throws(ImportFailure) -> ResizeAttributes.Coordinates {
    switch try view.string("coordinate_transformation_mode", "half_pixel") {
    case "half_pixel": .halfPixel
    case "pytorch_half_pixel": .pytorchHalfPixel
    case "align_corners": .alignCorners
    case "asymmetric": .asymmetric
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

  init(_ view: ONNXNodeView, shape x: [Int], isOld: Bool) throws(ImportFailure) {
    shape = x
    scales = [Float](repeating: 1, count: x.count)
    let axes =
      try view.integers("axes").map { (list) throws(ImportFailure) in
        try view.axes(list, rank: x.count)
      } ?? Array(0..<x.count)
    var given: [Float]?
    if isOld {
      given = try view.version < 9 ? view.floats("scales") : view.realsInput(1)
    } else {
      given = try view.realsInput(2)
    }
    if let given, !given.isEmpty {
      guard given.count == axes.count, given.allSatisfy({ $0 > 0 && $0 < 0x1p20 }) else {
        throw .invalid("the scales \(given) do not fit \(x)")
      }
      for (k, axis) in axes.enumerated() {
        scales[axis] = given[k]
        shape[axis] = Int((Double(x[axis]) * Double(given[k])).rounded(.down))
      }
      return
    }
    guard !isOld, let sizes = try view.integersInput(3)?.map(\.ordinary), sizes.count == axes.count,
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
