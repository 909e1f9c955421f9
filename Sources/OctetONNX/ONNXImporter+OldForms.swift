// What operator sets 1 to 6 leave to the shapes.

extension ONNXNodeView {
  /// Dropout and BatchNormalization before operator set 7, unless they say that this is a test.
  var isOldTraining: Bool {
    get throws(ImportFailure) {
      let isTest = try integer("is_test") != 0
      return version < 7 && !isTest
    }
  }

  /// How often a Tile repeats each axis. Operator sets before 6 give one axis and its count, as
  /// numbers of x's own type.
  func repeats(rank: Int) throws(ImportFailure) -> [Int]? {
    if version >= 6 { return try integersInput(1)?.map(\.ordinary) }
    guard let count = try wholeNumber(1), let axis = try wholeNumber(2) else { return nil }
    var result = [Int](repeating: 1, count: rank)
    result[try self.axis(axis, rank: rank)] = count
    return result
  }

  /// The lengths of a Split: an attribute before operator set 13, in the first one an input of x's
  /// own type, too.
  func splitCounts() throws(ImportFailure) -> [Int]? {
    if version >= 13 { return try integersInput(1)?.map(\.ordinary) }
    if version > 1 || optionalInput(1) == nil { return try integers("split") }
    var result: [Int] = []
    for value in try realsInput(1) ?? [] { result.append(try whole(value)) }
    return result
  }

  private func wholeNumber(_ index: Int) throws(ImportFailure) -> Int? {
    guard let values = try realsInput(index) else { return nil }
    guard values.count == 1 else { throw .invalid("input \(index) should be one number") }
    return try whole(values[0])
  }

  private func whole(_ value: Float) throws(ImportFailure) -> Int {
    guard let number = Int(exactly: value), number.magnitude < 1 << 40 else {
      throw .invalid("\(value) should be a whole number")
    }
    return number
  }
}

extension ONNXImporter {
  /// A and B, B in a shape that broadcasts as today. Before operator set 7 B's axes are those of A
  /// from `axis` on, its last ones without that, and only where `broadcast` is set; the slopes of
  /// a PRelu are those of the channels.
  mutating func binaryOperands(_ view: ONNXNodeView) throws(ImportFailure) -> [ImportedValue] {
    let (a, b) = (try view.input(0), try view.input(1))
    if view.version >= 7 || a.shape == b.shape { return [a, b] }
    var axis = a.rank - b.rank
    if view.operatorName == "PRelu" {
      if b.rank == 1 && b.shape[0] != 1 { axis = 1 }
    } else {
      guard try view.integer("broadcast") != 0 else {
        throw .invalid(
          "it has operands of the shapes \(a.shape) and \(b.shape), and broadcast is not set")
      }
      let given = try view.integer("axis", -1)
      // −1 stands for the last axes, too.
      if given != -1 { axis = given < 0 ? given + a.rank : given }
    }
    guard axis >= 0, axis + b.rank <= a.rank else {
      throw .invalid("B of shape \(b.shape) does not fit A of shape \(a.shape) from axis \(axis)")
    }
    let ones = [Int](repeating: 1, count: a.rank - axis - b.rank)
    if ones.isEmpty { return [a, b] }
    return [a, try reshaped(b, b.shape + ones)]
  }

  /// The value with other dimensions, of as many elements.
  mutating func reshaped(
    _ value: ImportedValue, _ shape: [Int]
  ) throws(ImportFailure) -> ImportedValue {
    if value.shape == shape { return value }
    var result = value
    result.shape = shape
    if let constant = value.constant {
      result.source = .constant(constant.reshaped(shape))
    } else {
      result.source = .tensor(try reshape(try tensor(value, .plain), shape))
    }
    result.layout = .plain
    return result
  }
}
