// The product of two activations on ARM cores: the columns of a block are the weights of a fully
// connected layer.

extension MatrixBlock {
  /// Prepares for the products of the matrix `left`.
  func start(_ left: UnsafePointer<Int8>, _ backend: Backend) {
    #if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
      #if arch(arm64) && !hasFeature(Embedded)
        if backend == .portable { return }
      #endif
      let (depth, zeroPoint) = (layer.depth, layer.b.zeroPoint)
      var source = unsafe left
      for row in 0..<layer.rows {
        unsafe rowOffsets[row] = zeroPoint &* sum(source, count: depth)
        unsafe source += depth
      }
    #endif
  }

  /// The products of all rows of `left` with the first `count` columns, from `target` on.
  func multiply(
    _ left: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, count: Int,
    _ context: OperatorContext
  ) {
    #if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
      #if arch(arm64) && !hasFeature(Embedded)
        if context.backend == .portable {
          return unsafe multiplyPortable(left, target, count: count)
        }
      #endif
      let channels = Channels(self, count: count)
      let (rows, columns) = (layer.rows, layer.columns)
      var source = unsafe left
      var results = unsafe target
      for row in 0..<rows {
        // Columns are activations, which may all be −128.
        unsafe channels.connect(
          source, offset: rowOffsets[row], results, context.backend, addsPairs: false)
        unsafe source += channels.depth
        unsafe results += columns
      }
    #else
      unsafe multiplyPortable(left, target, count: count)
    #endif
  }
}
