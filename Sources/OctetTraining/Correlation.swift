import COctetFloatKernels
import OctetModel

/// The weight gradients: for each kernel position (a, b), input channel k and output j, over all
/// sixteen images,
///
///     sums[a, b, k, j] += Σ_{r, p} x[r, p, a, b, k] · dy[r, p, j]
///
/// over those rows and pixels for which (a, b) lies inside the image. Strides count floats; from
/// one k and one j to the next it is one element of x and dy.
struct Correlation: Sendable {
  var rows, columns: WindowAxis
  var outputCount, kCount: Int
  /// Distances from one pixel or row of x and dy to the next.
  var xPixel, xRow, yPixel, yRow: Int
  var sumA, sumB, sumK: Int
  /// One filter a channel: k and j are the same, `sumK` apart.
  var isDepthwise = false
  private let spans: [octet_span]

  init(
    rows: WindowAxis, columns: WindowAxis, outputCount: Int, kCount: Int, xPixel: Int, xRow: Int,
    yPixel: Int, yRow: Int, sumA: Int, sumB: Int, sumK: Int, isDepthwise: Bool
  ) {
    self.rows = rows
    self.columns = columns
    self.outputCount = outputCount
    self.kCount = kCount
    self.xPixel = xPixel
    self.xRow = xRow
    self.yPixel = yPixel
    self.yRow = yRow
    self.sumA = sumA
    self.sumB = sumB
    self.sumK = sumK
    self.isDepthwise = isDepthwise
    spans = columns.gathering().map { run in
      octet_span(pixel: run.target, count: run.count, first: run.tap, end: run.tap + run.tapCount)
    }
  }

  /// - Parameter x: the element of kernel position (0, 0) for the first pixel, which may lie
  ///   before the image.
  func run(
    _ kernels: octet_float_kernels, scratch: UnsafeMutablePointer<Float>,
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    if goesTurned { return unsafe runTurned(kernels, scratch, x, dy, sums) }
    let outputBlocks = unsafe (outputCount + kernels.sumOutputLimit - 1) / kernels.sumOutputLimit
    let widest = isDepthwise ? 1 : (outputCount + outputBlocks - 1) / outputBlocks
    // Rows whose gradients stay in the first-level cache.
    let tile = max(1, Self.cachedGradients / (widest * columns.outputCount))
    unsafe spans.withUnsafeBufferPointer { spans in
      var block = unsafe octet_correlation()
      unsafe block.spans = spans.baseAddress
      unsafe block.spanCount = spans.count
      unsafe block.xRow = rows.stride * xRow
      unsafe block.xPixel = columns.stride * xPixel
      unsafe block.xB = columns.dilation * xPixel
      unsafe block.yRow = yRow
      unsafe block.yPixel = yPixel
      unsafe block.sumB = sumB
      for first in stride(from: 0, to: rows.outputCount, by: tile) {
        let tile = first..<min(first + tile, rows.outputCount)
        if isDepthwise {
          unsafe runDepthwise(kernels, block, tile, x, dy, sums)
          continue
        }
        for j in stride(from: 0, to: outputCount, by: widest) {
          unsafe runTile(
            kernels, block, tile, outputs: min(widest, outputCount - j), x: x,
            dy: element(dy, j), sums: sums + j)
        }
      }
    }
  }

  /// Some outputs' gradients are brought together first: they are read for every tap, and lie far
  /// apart where there are many channels.
  private func runTile(
    _ kernels: octet_float_kernels, _ block: octet_correlation, _ tile: Range<Int>,
    outputs: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    var block = unsafe block
    let vector = outputs * TrainingNetwork.blockSize
    let width = columns.outputCount
    unsafe withUnsafeTemporaryAllocation(
      byteCount: tile.count * width * vector * 4, alignment: 64
    ) { memory in
      guard let packed = unsafe memory.bindMemory(to: Float.self).baseAddress else { return }
      for pixel in 0..<tile.count * width {
        let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
        let source = unsafe dy + (tile.lowerBound + row) * yRow + column * yPixel
        unsafe (packed + pixel * vector).update(from: source, count: vector)
      }
      unsafe (block.yPixel, block.yRow) = (vector, width * vector)
      for a in 0..<rows.kernel {
        let own = rows.outputs(of: a).clamped(to: tile)
        guard !own.isEmpty else { continue }
        unsafe block.rowCount = own.count
        let place = own.lowerBound * rows.stride + a * rows.dilation
        unsafe run(
          kernels, block, outputs: outputs, x: x + place * xRow,
          dy: packed + (own.lowerBound - tile.lowerBound) * width * vector,
          sums: sums + a * sumA)
      }
    }
  }

  /// Gradients of a tile, in vectors.
  private static let cachedGradients = 288

  /// Blocks run along the kernel's columns where it has several, because the columns share most
  /// of their pixels; a column's blocks run along its input channels.
  private func run(
    _ kernels: octet_float_kernels, _ block: octet_correlation, outputs: Int,
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    var block = unsafe block
    let limit = unsafe kernels.sumKernelLimit
    guard columns.kernel > 1 else {
      // One column: all channels reach the same pixels.
      unsafe (block.xB, block.sumB) = (TrainingNetwork.blockSize, sumK)
      guard let span = spans.first(where: { $0.end > 0 }), kCount > 0 else { return }
      unsafe withUnsafePointer(
        to: octet_span(pixel: span.pixel, count: span.count, first: 0, end: kCount)
      ) { span in
        unsafe (block.spans, block.spanCount) = (span, 1)
        for k in stride(from: 0, to: kCount, by: limit) {
          unsafe block.firstB = k
          unsafe kernels.correlate(
            &block, min(limit, kCount - k), outputs, element(x, k), dy, sums + k * sumK)
        }
      }
      return
    }
    for k in 0..<kCount {
      for b in stride(from: 0, to: columns.kernel, by: limit) {
        unsafe block.firstB = b
        unsafe kernels.correlate(
          &block, min(limit, columns.kernel - b), outputs, element(x, k) + b * block.xB, dy,
          sums + k * sumK + b * sumB)
      }
    }
  }

  // MARK: Turned

  /// Outputs in whole vectors.
  private var paddedCount: Int { (outputCount + 15) / 16 * 16 }
  /// Whether outputs lie side by side instead of images, which are then summed one after the other:
  /// a product of matrices, where outputs fill vectors and there are channels enough.
  private var goesTurned: Bool {
    !isDepthwise && kCount >= 8 && 8 * outputCount >= 5 * paddedCount
  }

  /// Rows whose turned gradients, and what they meet, stay in the second-level cache.
  private var turnedRows: Int {
    min(max(1, 4096 / max(paddedCount * columns.outputCount, 1)), rows.outputCount)
  }

  /// Elements of scratch.
  var scratchCount: Int {
    guard goesTurned else { return 0 }
    let lanes = TrainingNetwork.blockSize
    return turnedRows * columns.outputCount * paddedCount
      + rows.kernel * columns.kernel * kCount * paddedCount / lanes
  }

  private func runTurned(
    _ kernels: octet_float_kernels, _ turned: UnsafeMutablePointer<Float>,
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
  ) {
    let lanes = TrainingNetwork.blockSize
    let tapCount = rows.kernel * columns.kernel
    let totals = unsafe element(turned, turnedRows * columns.outputCount * paddedCount)
    for first in stride(from: 0, to: rows.outputCount, by: turnedRows) {
      let tile = first..<min(first + turnedRows, rows.outputCount)
      for place in 0..<tile.count * columns.outputCount {
        let (row, column) = place.quotientAndRemainder(dividingBy: columns.outputCount)
        let source = unsafe dy + (first + row) * yRow + column * yPixel
        for j in stride(from: 0, to: outputCount, by: lanes) {
          unsafe kernels.transpose(
            element(source, j), outputCount - j, element(turned, place * paddedCount) + j,
            paddedCount)
        }
      }
      for tap in 0..<tapCount {
        unsafe runTap(kernels, tap, tile, x, turned, totals + tap * kCount * paddedCount)
      }
    }
    for tap in 0..<tapCount {
      let (a, b) = tap.quotientAndRemainder(dividingBy: columns.kernel)
      for k in 0..<kCount {
        unsafe (sums + a * sumA + b * sumB + k * sumK).update(
          from: totals + (tap * kCount + k) * paddedCount, count: outputCount)
      }
    }
  }

  /// One position of the kernel, over some rows; the first rows store.
  private func runTap(
    _ kernels: octet_float_kernels, _ tap: Int, _ tile: Range<Int>, _ x: UnsafePointer<Float>,
    _ turned: UnsafePointer<Float>, _ totals: UnsafeMutablePointer<Float>
  ) {
    let lanes = TrainingNetwork.blockSize
    let (a, b) = tap.quotientAndRemainder(dividingBy: columns.kernel)
    let ownRows = rows.outputs(of: a).clamped(to: tile)
    let ownColumns = columns.outputs(of: b)
    var product = Contraction(outputCount: kCount, kCount: lanes, wK: 1, wJ: lanes)
    product.pixelCount = paddedCount / lanes
    product.block.accumulates = tile.lowerBound > 0 ? 1 : 0
    (product.block.xPixel, product.block.yPixel) = (lanes, lanes)
    product.block.yJ = paddedCount
    (product.block.aCount, product.block.bCount) = (ownRows.count, ownColumns.count)
    product.block.xK = paddedCount
    product.block.xB = lanes * paddedCount
    product.block.xA = columns.outputCount * product.block.xB
    product.block.wA = rows.stride * xRow
    product.block.wB = columns.stride * xPixel
    let start = (ownRows.lowerBound - tile.lowerBound) * columns.outputCount + ownColumns.lowerBound
    let row = ownRows.lowerBound * rows.stride + a * rows.dilation
    let column = ownColumns.lowerBound * columns.stride + b * columns.dilation
    unsafe product.run(
      kernels, x: turned + start * product.block.xB, w: x + row * xRow + column * xPixel,
      bias: nil, y: totals)
  }

  private func runDepthwise(
    _ kernels: octet_float_kernels, _ block: octet_correlation, _ tile: Range<Int>,
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
  ) {
    var block = unsafe block
    for a in 0..<rows.kernel {
      let own = rows.outputs(of: a).clamped(to: tile)
      guard !own.isEmpty else { continue }
      unsafe block.rowCount = own.count
      let place = own.lowerBound * rows.stride + a * rows.dilation
      unsafe kernels.depthwise_sums(
        &block, columns.kernel, kCount, sumK, x + place * xRow, dy + own.lowerBound * yRow,
        sums + a * sumA)
    }
  }
}
