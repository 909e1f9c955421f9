import COctetFloatKernels

/// A convolution in one of its two directions, for sixteen images: every target pixel takes the
/// sums over its taps and the source's channels k
///
///     target[r, p, j] = start + Σ_{a, b, k} source[…, k] · w[a, b, k, j]
///
/// Runs of rows and columns that are treated alike become one `Contraction` each.
struct WindowProduct: Sendable {
  /// Elements from one pixel or row to the next, of source and target.
  struct Steps {
    var pixel, row: Int
  }

  /// Floats between weights.
  struct WeightSteps {
    var a, b, k, j: Int
  }

  private struct Part: Sendable {
    var contraction: Contraction
    var x, w, y: Int
    var hasTaps: Bool
  }

  private let parts: [Part]
  private let isDepthwise: Bool

  /// - Parameters:
  ///   - outputCount: channels of the target.
  ///   - kCount: those of the source.
  ///   - isDepthwise: one filter a channel; then j counts both, and k is left out.
  init(
    rows: [WindowRun], columns: [WindowRun], source: Steps, target: Steps, weights: WeightSteps,
    outputCount: Int, kCount: Int, isDepthwise: Bool
  ) {
    self.isDepthwise = isDepthwise
    let lanes = TrainingNetwork.blockSize
    parts = rows.flatMap { row in
      columns.map { column in
        var c = Contraction(
          outputCount: outputCount, kCount: isDepthwise ? 1 : kCount, wK: weights.k, wJ: weights.j)
        c.block.aCount = row.tapCount
        c.block.bCount = column.tapCount
        c.block.xA = row.sourceTapStep * source.row * lanes
        c.block.xB = column.sourceTapStep * source.pixel * lanes
        c.block.wA = row.tapStep * weights.a
        c.block.wB = column.tapStep * weights.b
        c.rowCount = row.count
        c.xRow = row.sourceStep * source.row * lanes
        c.yRow = row.targetStep * target.row * lanes
        c.pixelCount = column.count
        c.block.xPixel = column.sourceStep * source.pixel * lanes
        c.block.yPixel = column.targetStep * target.pixel * lanes
        c.arrange()
        return Part(
          contraction: c, x: (row.source * source.row + column.source * source.pixel) * lanes,
          w: row.tap * weights.a + column.tap * weights.b,
          y: (row.target * target.row + column.target * target.pixel) * lanes,
          hasTaps: row.tapCount * column.tapCount > 0)
      }
    }
  }

  func run(
    _ kernels: octet_float_kernels, source: UnsafePointer<Float>, w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, relu: Bool, accumulates: Bool,
    target: UnsafeMutablePointer<Float>
  ) {
    for part in parts where part.hasTaps || !accumulates {
      var contraction = part.contraction
      contraction.block.relu = relu ? 1 : 0
      contraction.block.accumulates = accumulates ? 1 : 0
      let (x, w) = unsafe (source + part.x, w + part.w)
      let y = unsafe target + part.y
      if isDepthwise {
        unsafe contraction.runDepthwise(kernels, x: x, w: w, bias: bias, y: y)
      } else {
        unsafe contraction.run(kernels, x: x, w: w, bias: bias, y: y)
      }
    }
  }
}

extension Contraction {
  /// Has the longer of rows and pixels walked in blocks: rows that follow one another become one,
  /// and the few pixels of an edge change places with its rows.
  mutating func arrange() {
    if block.xPixel * pixelCount == xRow, block.yPixel * pixelCount == yRow {
      (pixelCount, rowCount) = (pixelCount * rowCount, 1)
    } else if pixelCount < 4, rowCount > pixelCount {
      swap(&pixelCount, &rowCount)
      swap(&block.xPixel, &xRow)
      swap(&block.yPixel, &yRow)
    }
  }

  /// The same for one filter a channel.
  func runDepthwise(
    _ kernels: octet_float_kernels, x: UnsafePointer<Float>, w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) {
    var block = block
    for row in 0..<rowCount {
      unsafe kernels.depthwise(
        &block, pixelCount, outputCount, x + row * xRow, w, bias, y + row * yRow)
    }
  }
}
