// The product of two activations on ARM cores: the columns of a block are the weights of a fully
// connected layer.

extension MatrixBlock {
  /// The products of all rows of `left` with the first `count` columns, from `target` on.
  func multiply(
    _ left: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, count: Int,
    _ context: OperatorContext
  ) {
    #if arch(arm) || arch(arm64)
      #if arch(arm64) && !hasFeature(Embedded)
        if context.backend == .portable {
          return unsafe multiplyPortable(left, target, count: count)
        }
      #endif
      let channels = Channels(self, count: count)
      let (rows, columns, zeroPoint) = (layer.rows, layer.columns, layer.b.zeroPoint)
      var source = unsafe left
      var results = unsafe target
      for _ in 0..<rows {
        var sum: Int32 = 0
        for index in 0..<channels.depth { unsafe sum &+= Int32(source[index]) }
        unsafe channels.connect(source, offset: sum &* zeroPoint, results, context.backend)
        unsafe source += channels.depth
        unsafe results += columns
      }
    #else
      unsafe multiplyPortable(left, target, count: count)
    #endif
  }
}
