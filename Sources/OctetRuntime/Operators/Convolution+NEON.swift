// Convolution with NEON, with the C kernels of arm_neon.c.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension Convolution {
    func runOnNEON(_ context: OperatorContext) { runTiles(NEONConvolution.self, context) }
  }

  @safe private struct NEONConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private var patches: octet_patches
    private var channels: octet_channels
    /// Four patches of `stride` bytes, then the maxima.
    private let values: UnsafeMutablePointer<Int8>
    private let stride: Int
    let maxima: UnsafeMutablePointer<Int32>
    private let hasDotProduct: Bool

    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      unsafe patches = octet_patches(layer, context, batch: batch, group: group)
      unsafe channels = octet_channels(layer, context, group: group)
      stride = layer.neonPatchByteCount
      unsafe values = context.scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (context.scratch + 4 &* stride).assumingMemoryBound(to: Int32.self)
      hasDotProduct = context.backend == .dotProduct
      for lane in 0..<4 {
        for index in layer.patchCount..<stride { unsafe values[lane &* stride &+ index] = 0 }
      }
    }

    mutating func compute(_ tile: inout octet_tile) {
      #if arch(arm64)
        if hasDotProduct {
          unsafe octet_dot_tile(&patches, &channels, &tile, values, Int32(stride))
          return
        }
      #endif
      unsafe octet_neon_tile(&patches, &channels, &tile, values, Int32(stride))
    }
  }
#endif
