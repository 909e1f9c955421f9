import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WritePaddingAsPadsTests {
  @Test(arguments: [true, false])
  func averages(countsPadding: Bool) throws {
    var pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    pool.padding = Padding(top: 1, left: 0, bottom: 0, right: 1)
    pool.countsPadding = countsPadding
    var builder = NetworkBuilder(seed: 14, height: 5, width: 5, channelCount: 3)
    try builder.averagePool("padded", pool)
    try check(builder.finished(), (countsPadding ? ["pad"] : []) + ["averagePool"], tolerance: 0) {
      $0.writePaddingAsPads()
    }
  }

  /// A window that begins behind the image, as a stride beyond a small one has it.
  @Test(arguments: [(1, ["convolution"]), (3, ["pad", "convolution"])])
  func windowsBehindTheImage(bottom: Int, expected: [String]) throws {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(top: 0, left: 0, bottom: bottom, right: 0)
    attributes.stride = Extent(height: 4, width: 1)
    for isDepthwise in [true, false] {
      var builder = NetworkBuilder(seed: 15, height: 4, width: 3, channelCount: 2)
      if isDepthwise {
        try builder.depthwiseConvolution("conv", multiplier: 1, kernel: Extent(2), attributes)
      } else {
        try builder.convolution("conv", outputCount: 2, kernel: Extent(2), attributes)
      }
      let names = expected.map { isDepthwise && $0 != "pad" ? "depthwiseConvolution" : $0 }
      try check(builder.finished(), names, tolerance: 0) { $0.writePaddingAsPads() }
    }
  }
}
