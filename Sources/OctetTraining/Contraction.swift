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
  /// than 4 + 4 + 2. All outputs of a few blocks of pixels come one after the other where what
  /// they read stays in the first-level cache.
  func run(
    _ kernels: octet_float_kernels, x: UnsafePointer<Float>, w: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) {
    let pixelBlockCount = unsafe (pixelCount + kernels.pixelLimit - 1) / kernels.pixelLimit
    let size = pixelCount / pixelBlockCount
    let largerCount = pixelCount - size * pixelBlockCount
    // Nothing, where no tap lies inside the image.
    let reads = max(1, block.aCount * (block.bCount + size) * block.kCount)
    let together = reads > Self.cachedReads ? pixelBlockCount : max(1, Self.cachedReads / reads)
    for row in 0..<rowCount {
      var x = unsafe x + row * xRow
      var y = unsafe y + row * yRow
      var done = 0
      while done < pixelBlockCount {
        let larger = min(max(0, largerCount - done), together)
        let smaller = min(pixelBlockCount - done, together) - larger
        unsafe runOutputs(
          kernels, size: size, larger: larger, smaller: smaller, x: x, w: w, bias: bias, y: y)
        let pixels = larger * (size + 1) + smaller * size
        unsafe x += pixels * block.xPixel
        unsafe y += pixels * block.yPixel
        done += larger + smaller
      }
    }
  }

  /// Vectors of x that are kept while outputs change.
  private static let cachedReads = 512

  private func runOutputs(
    _ kernels: octet_float_kernels, size: Int, larger: Int, smaller: Int,
    x: UnsafePointer<Float>, w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    y: UnsafeMutablePointer<Float>
  ) {
    var block = block
    let limit = unsafe pixelCount == 1 ? kernels.onePixelOutputLimit : kernels.outputLimit
    let largerPixels = larger * (size + 1)
    var j = 0
    while j < outputCount {
      let left = outputCount - j
      let blocksLeft = (left + limit - 1) / limit
      let outputs = (left + blocksLeft - 1) / blocksLeft
      let w = unsafe w + j * block.wJ
      let bias = unsafe bias.map { unsafe $0 + j }
      let y = unsafe y + j * block.yJ
      if larger > 0 {
        unsafe kernels.contract(&block, size + 1, outputs, larger, x, w, bias, y)
      }
      if smaller > 0 {
        unsafe kernels.contract(
          &block, size, outputs, smaller, x + largerPixels * block.xPixel, w, bias,
          y + largerPixels * block.yPixel)
      }
      j += outputs
    }
  }
}
