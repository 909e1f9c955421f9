import COctetFloatKernels
import OctetModel

/// The weight gradients: for each kernel position (a, b), input channel k and output j, lane by
/// lane,
///
///     sums[a, b, k, j] += Σ_{r, p} x[r, p, a, b, k] · dy[r, p, j]
///
/// Strides count floats; from one k and one j to the next it is one element.
struct Correlation {
  var rowCount, pixelCount, outputCount: Int
  var aCount, bCount, kCount: Int
  var xRow, xPixel, xA, xB: Int
  var yRow, yPixel: Int
  var sumA, sumB, sumK: Int

  /// Blocks run along the kernel's columns where it has several, because the columns share most
  /// of their pixels; a 1 × 1 kernel's blocks run along its input channels. Rows go in tiles
  /// whose gradients stay in the first-level cache.
  func run(
    _ kernels: octet_float_kernels, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    let isAlongColumns = bCount > 1
    let count = isAlongColumns ? bCount : kCount
    let others = isAlongColumns ? kCount : 1
    var block = octet_correlation()
    block.pixelCount = pixelCount
    block.xRow = xRow
    block.xPixel = xPixel
    block.xB = isAlongColumns ? xB : TrainingNetwork.blockSize
    block.yRow = yRow
    block.yPixel = yPixel
    block.sumB = isAlongColumns ? sumB : sumK
    let outputBlocks = unsafe (outputCount + kernels.sumOutputLimit - 1) / kernels.sumOutputLimit
    let widest = (outputCount + outputBlocks - 1) / outputBlocks
    let tile = max(1, 384 / (widest * pixelCount))
    for row in stride(from: 0, to: rowCount, by: tile) {
      block.rowCount = min(tile, rowCount - row)
      for j in stride(from: 0, to: outputCount, by: widest) {
        let dy = unsafe element(dy + row * yRow, j)
        for position in 0..<aCount * others {
          let (a, k) = position.quotientAndRemainder(dividingBy: others)
          let x = unsafe element(x + row * xRow + a * xA, k)
          let sums = unsafe element(sums + a * sumA + k * sumK, j)
          for b in unsafe stride(from: 0, to: count, by: kernels.sumKernelLimit) {
            unsafe kernels.correlate(
              &block, min(kernels.sumKernelLimit, count - b), min(widest, outputCount - j),
              x + b * block.xB, dy, sums + b * block.sumB)
          }
        }
      }
    }
  }
}
