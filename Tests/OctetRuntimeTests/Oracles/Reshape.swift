extension Oracle {
  /// Row-major order does not depend on the shape.
  static func reshape(_ input: [Int8]) -> [Int8] { input }
}
