/// How a tensor of the graph holds a value of the file.
///
/// | Layout | Value (ONNX) | Tensor (graph) |
/// |---|---|---|
/// | plain | any shape | the same |
/// | channelsLast | `[N, C, D…]` | `[N, D…, C]` |
/// | line | `[N, C, L]` | `[N, 1, L, C]` |
/// | flattened([C, D…]) | `[N, C · D…]` | `[N, D… · C]` |
public enum ONNXLayout: Sendable, Equatable {
  case plain
  case channelsLast
  case line
  /// The dimensions that were flattened, in ONNX's order.
  case flattened([Int])

  /// The layout that spatial operations want for a value of so many dimensions.
  static func spatial(rank: Int) -> ONNXLayout { rank == 3 ? .line : .channelsLast }

  /// Axis k of the tensor is axis `result[k]` of the value, but for the one that `line` adds.
  package func permutation(rank: Int) -> [Int] {
    switch self {
    case .plain, .flattened: Array(0..<rank)
    case .channelsLast, .line: rank < 3 ? Array(0..<rank) : [0] + Array(2..<rank) + [1]
    }
  }

  /// The axis of the tensor that holds axis `axis` of a value with `rank` dimensions.
  func tensorAxis(_ axis: Int, rank: Int) -> Int {
    let position = permutation(rank: rank).firstIndex(of: axis) ?? axis
    return self == .line && position > 0 ? position + 1 : position
  }

  /// The shape of the tensor that holds a value of shape `shape`.
  func tensorShape(_ shape: [Int]) -> [Int] {
    var result = permutation(rank: shape.count).map { shape[$0] }
    if self == .line { result.insert(1, at: 1) }
    return result
  }

  /// The shape of the value that a tensor of shape `shape` holds.
  func valueShape(_ shape: [Int]) -> [Int] {
    var shape = shape
    if self == .line { shape.remove(at: 1) }
    var result = shape
    for (k, axis) in permutation(rank: shape.count).enumerated() { result[axis] = shape[k] }
    return result
  }

  /// Reorders the elements of a value into the tensor's.
  public func tensorElements(_ value: ONNXValue) -> ONNXValue {
    if case .flattened(let dimensions) = self {
      let rows = value.shape.dropLast().reduce(1, *)
      return value.reshaped([rows] + dimensions)
        .transposed(ONNXLayout.channelsLast.permutation(rank: dimensions.count + 1))
        .reshaped(value.shape)
    }
    return value.transposed(permutation(rank: value.shape.count))
      .reshaped(tensorShape(value.shape))
  }

  /// Reorders the elements of a tensor, given with the tensor's shape, into the value's.
  public func valueElements(_ tensor: ONNXValue) -> ONNXValue {
    if case .flattened(let dimensions) = self {
      let rows = tensor.shape.dropLast().reduce(1, *)
      let rank = dimensions.count + 1
      return tensor.reshaped([rows] + dimensions.dropFirst() + [dimensions[0]])
        .transposed(Self.inverse(ONNXLayout.channelsLast.permutation(rank: rank)))
        .reshaped(tensor.shape)
    }
    var shape = tensor.shape
    if self == .line { shape.remove(at: 1) }
    return tensor.reshaped(shape).transposed(Self.inverse(permutation(rank: shape.count)))
  }

  static func inverse(_ permutation: [Int]) -> [Int] {
    var result = permutation
    for (k, axis) in permutation.enumerated() { result[axis] = k }
    return result
  }
}

extension [Int] {
  /// Whether a transpose by this permutation leaves the elements of `shape` where they are, as it
  /// does when only dimensions of 1 move.
  package func keepsOrder(of shape: [Int]) -> Bool {
    let moved = filter { shape[$0] != 1 }
    return moved == moved.sorted()
  }
}
