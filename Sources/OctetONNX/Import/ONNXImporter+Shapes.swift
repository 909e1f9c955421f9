import OctetModel

extension ONNXImporter {
  /// The shape of each tensor of an input: one, or as many as a sequence has.
  func shapes(of info: ONNXValueInfo) throws(ImportFailure) -> [[Int]] {
    let result: [[Int]]
    if info.isSequence {
      result = try shapes(ofSequence: info)
    } else if let given = givenShapes[info.name] {
      guard given.count == 1 else {
        throw .unsupported("it is one tensor, and \(given.count) shapes are given for it")
      }
      result = [try checked(given[0], fits: info.shape)]
    } else {
      result = [try ownShape(info)]
    }
    for shape in result {
      do {
        _ = try Graph.checkedElementCount(shape, node: info.name)
      } catch {
        throw .invalid("shape \(shape) is too large")
      }
    }
    return result
  }

  /// A shape from outside, which must be as the file's where that is fixed.
  func checked(_ shape: [Int], fits own: [Int?]?) throws(ImportFailure) -> [Int] {
    let isInRange = shape.allSatisfy { (0...1 << 24).contains($0) }
    let fits = own.map {
      $0.count == shape.count && zip($0, shape).allSatisfy { $0 ?? -1 < 0 || $0 == $1 }
    }
    guard isInRange, fits ?? true else {
      let text = own.map { $0.map { $0.map(String.init) ?? "?" }.joined(separator: "x") } ?? "any"
      throw .unsupported(
        "the given shape \(shape.map(String.init).joined(separator: "x")) does not fit its own, "
          + text)
    }
    return shape
  }

  /// The file's shape; an open first dimension is the batch and becomes 1.
  private func ownShape(_ info: ONNXValueInfo) throws(ImportFailure) -> [Int] {
    guard let shape = info.shape else {
      throw .unsupported(
        "the file gives it no shape; give it with '--shapes \(info.name)=1x3x32x32'")
    }
    var result: [Int] = []
    for (axis, dimension) in shape.enumerated() {
      if let dimension, dimension >= 0, dimension <= 1 << 24 {
        result.append(dimension)
      } else if axis == 0, dimension ?? -1 < 0 {
        result.append(1)
      } else {
        let text = shape.enumerated().map { axis, dimension in
          dimension.map { $0 < 0 ? "32" : String($0) } ?? (axis == 0 ? "1" : "32")
        }
        throw .unsupported(
          "dimension \(axis) is not fixed or out of range; give 'octet import' the sizes, such as "
            + "'--shapes \(info.name)=\(text.joined(separator: "x"))'")
      }
    }
    return result
  }
}
