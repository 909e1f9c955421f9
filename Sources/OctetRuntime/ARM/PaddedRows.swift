#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  /// Rows of the input with zero points around them, all channels, for windows that reach beyond
  /// the input: so no patch needs a check.
  @safe struct PaddedRows {
    // Safety: the operator was validated and the plan has room for its scratch.
    /// `[imageHeight, imageRowByteCount]`.
    var image: UnsafePointer<Int8>
    /// `[rowCount, rowByteCount]`.
    let rows: UnsafeMutablePointer<Int8>
    let imageHeight: Int
    let imageRowByteCount: Int
    let rowCount: Int
    let rowByteCount: Int
    /// Bytes of zero points at the left of a row, and of the image after them.
    let leftByteCount: Int
    let insideByteCount: Int
    let zeroPoint: Int8

    /// The band of the first image, whose rows stand at `rows`; nothing is written there yet.
    init(_ layer: Convolution, _ context: OperatorContext, rows: UnsafeMutablePointer<Int8>) {
      let input = layer.input
      unsafe image = context.input(0)
      unsafe self.rows = rows
      imageHeight = input.height
      imageRowByteCount = input.width &* input.channels
      rowCount = layer.bandRowCount
      rowByteCount = layer.bandWidth &* input.channels
      leftByteCount = min(
        layer.word(Convolution.Word.paddingLeft) &* input.channels, rowByteCount)
      insideByteCount = min(imageRowByteCount, rowByteCount &- leftByteCount)
      zeroPoint = Int8(truncatingIfNeeded: input.zeroPoint)
    }

    /// Fills all of it with zero points.
    func clear() { unsafe fillBytes(rows, zeroPoint, count: rowCount &* rowByteCount) }

    /// Fills it with the input's rows from `first` on, which may lie outside.
    @inline(__always)
    func fill(from first: Int) {
      var to = unsafe rows + leftByteCount
      var row = first
      while row < first &+ rowCount {
        if row >= 0, row < imageHeight {
          unsafe copyBytes(to, image + row &* imageRowByteCount, count: insideByteCount)
        } else {
          unsafe fillBytes(to, zeroPoint, count: insideByteCount)
        }
        unsafe to += rowByteCount
        row &+= 1
      }
    }

    @inline(never)
    private func fillBytes(_ to: UnsafeMutablePointer<Int8>, _ value: Int8, count: Int) {
      var index = 0
      while index < count {
        unsafe to[index] = value
        index &+= 1
      }
    }
  }
#endif
