import COctetFloatKernels
import OctetModel

/// For each row r, pixel p and output j, for each of sixteen images:
///
///     y[r, p, j] = start + Σ_{a, b, k} x[r, p, a, b, k] · w[a, b, k, j]
///
/// with the strides of `block` (see `octet_contraction`) and those from row to row here. Strides
/// count floats.
struct Contraction {
  var block = octet_contraction()
  var rowCount = 1, pixelCount = 1
  var outputCount: Int
  var xRow = 0, yRow = 0

  /// A single sum over k; from one k to the next, and from one output to the next, x and y step
  /// by one element.
  init(outputCount: Int, kCount: Int, wK: Int, wJ: Int) {
    self.outputCount = outputCount
    block.aCount = 1
    block.bCount = 1
    block.kCount = kCount
    block.xK = TrainingNetwork.blockSize
    block.wK = wK
    block.wJ = wJ
    block.yJ = TrainingNetwork.blockSize
  }

  /// Cuts outputs and pixels into blocks as even as possible: 10 pixels go as 4 + 3 + 3 rather
  /// than 4 + 4 + 2.
  func run(
    _ kernels: octet_float_kernels, x: UnsafePointer<Float>, w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) {
    var block = block
    let limit = unsafe pixelCount == 1 ? kernels.onePixelOutputLimit : kernels.outputLimit
    let pixelBlockCount = unsafe (pixelCount + kernels.pixelLimit - 1) / kernels.pixelLimit
    let size = pixelCount / pixelBlockCount
    let largerCount = pixelCount - size * pixelBlockCount
    let largerPixels = largerCount * (size + 1)
    for row in 0..<rowCount {
      let x = unsafe x + row * xRow
      let y = unsafe y + row * yRow
      var j = 0
      while j < outputCount {
        let left = outputCount - j
        let blocksLeft = (left + limit - 1) / limit
        let outputs = (left + blocksLeft - 1) / blocksLeft
        let w = unsafe w + j * block.wJ
        let bias = unsafe bias.map { unsafe $0 + j }
        let y = unsafe y + j * block.yJ
        if largerCount > 0 {
          unsafe kernels.contract(&block, size + 1, outputs, largerCount, x, w, bias, y)
        }
        unsafe kernels.contract(
          &block, size, outputs, pixelBlockCount - largerCount, x + largerPixels * block.xPixel, w,
          bias, y + largerPixels * block.yPixel)
        j += outputs
      }
    }
  }
}
