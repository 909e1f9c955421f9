import OctetModel

/// A Resize as a matrix for each axis: cubic, antialiased, of a region, and all the others.
struct ResizeFilter {
  enum Kernel {
    case nearest, linear
    case cubic(Float)
  }

  let kernel: Kernel
  let coordinates, rounding: String
  private let excludesOutside, antialiases: Bool
  /// Start and end of the region of interest along each axis, relative to its length.
  private var regions: [(start: Float, end: Float)]?

  init(_ view: ONNXNodeView, rank: Int) throws(ImportFailure) {
    switch try view.string("mode", "nearest") {
    case "cubic": kernel = .cubic(try view.float("cubic_coeff_a", -0.75))
    case "nearest": kernel = .nearest
    default: kernel = .linear
    }
    coordinates = try view.string("coordinate_transformation_mode", "half_pixel")
    rounding = try view.string("nearest_mode", "round_prefer_floor")
    excludesOutside = try view.integer("exclude_outside") != 0
    antialiases = try view.integer("antialias") != 0
    guard coordinates == "tf_crop_and_resize" else { return }
    let axes = try view.axes(try view.integers("axes") ?? Array(0..<rank), rank: rank)
    guard let bounds = try view.realsInput(1), bounds.count == 2 * axes.count,
      bounds.allSatisfy({ $0.magnitude < 0x1p20 })
    else { throw .invalid("the region of interest is missing or does not fit") }
    var whole = [(start: Float, end: Float)](repeating: (0, 1), count: rank)
    for (k, axis) in axes.enumerated() { whole[axis] = (bounds[k], bounds[k + axes.count]) }
    regions = whole
  }

  /// Whether the axis is resized at all.
  func changes(_ axis: Int, _ target: ResizeTarget, _ length: Int) -> Bool {
    if let region = regions?[axis], region != (0, 1) { return true }
    return target.shape[axis] != length || target.scales[axis] != 1
  }

  /// `[count, length]`, row-major; rows of positions outside the region are 0.
  func matrix(
    _ axis: Int, length: Int, count: Int, scale: Float
  ) -> (weights: [Float], isOutside: [Bool]) {
    var weights = [Float](repeating: 0, count: count * length)
    var isOutside = [Bool](repeating: false, count: count)
    for row in 0..<count {
      let x = position(axis, row, length: length, count: count, scale: scale)
      if !(x.magnitude < 0x1p22) || regions != nil && !(0...Float(length - 1)).contains(x) {
        isOutside[row] = true
        continue
      }
      for (column, weight) in neighbours(x, length: length, scale: scale) {
        weights[row * length + column] += weight
      }
    }
    return (weights, isOutside)
  }

  /// Where output element `index` lies in the input, in elements.
  func position(
    _ axis: Int, _ index: Int, length: Int, count: Int, scale: Float
  ) -> Float {
    let (i, last) = (Float(index), Float(length - 1))
    // What the scale asks for, before rounding down.
    let wanted = scale * Float(length)
    switch coordinates {
    case "asymmetric": return i / scale
    case "align_corners": return count == 1 ? 0 : i * last / (wanted - 1)
    case "pytorch_half_pixel" where count == 1: return 0
    case "half_pixel_symmetric":
      return Float(length) / 2 * (1 - Float(count) / wanted) + (i + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let (start, end) = regions?[axis] ?? (0, 1)
      if count == 1 { return (start + end) / 2 * last }
      return start * last + i * (end - start) * last / (wanted - 1)
    default: return (i + 0.5) / scale - 0.5
    }
  }

  private func neighbours(_ x: Float, length: Int, scale: Float) -> [(Int, Float)] {
    if case .nearest = kernel { return [(nearest(x, length: length), 1)] }
    // When shrinking, the kernel widens so that no input element is passed over.
    let factor = antialiases ? min(scale, 1) : 1
    var radius: Float = 1 / factor
    if case .cubic = kernel { radius *= 2 }
    var result: [(column: Int, weight: Float)] = []
    var sum: Float = 0
    var place = (x - radius).rounded(.up)
    while place <= x + radius {
      let isOutside = place < 0 || place > Float(length - 1)
      if !(excludesOutside && isOutside) {
        let weight = weight(abs(place - x) * factor)
        sum += weight
        result.append((Int(max(0, min(Float(length - 1), place))), weight))
      }
      place += 1
    }
    return result.map { ($0.column, $0.weight / sum) }
  }

  func nearest(_ x: Float, length: Int) -> Int {
    let rounded =
      switch rounding {
      case "floor": x.rounded(.down)
      case "ceil": x.rounded(.up)
      case "round_prefer_ceil": (x + 0.5).rounded(.down)
      default: (x - 0.5).rounded(.up)
      }
    return Int(max(0, min(Float(length - 1), rounded)))
  }

  /// Keys' cubic or the triangle, at a distance in (widened) elements.
  private func weight(_ distance: Float) -> Float {
    guard case .cubic(let a) = kernel else { return max(0, 1 - distance) }
    let square = distance * distance
    if distance <= 1 { return (a + 2) * distance * square - (a + 3) * square + 1 }
    if distance >= 2 { return 0 }
    return a * (distance * square - 5 * square + 8 * distance - 4)
  }
}
