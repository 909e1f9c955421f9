// Convolution with NEON, with the C kernels of arm_neon.c.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension Convolution {
    func runOnNEON(_ context: OperatorContext) { runTiles(NEONConvolution.self, context) }
  }

  @safe private struct NEONConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let values: UnsafeMutablePointer<Int8>
    let maxima: UnsafeMutablePointer<Int32>
    private let hasDotProduct: Bool

    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer) {
      // One after the other: four patches and the maxima.
      unsafe values = scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (scratch + 4 &* layer.neonPatchByteCount)
        .assumingMemoryBound(to: Int32.self)
      hasDotProduct = context.backend == .dotProduct
    }

    func compute(
      _ patches: inout octet_patches, _ channels: inout octet_channels, _ tile: inout octet_tile
    ) {
      #if arch(arm64)
        if hasDotProduct {
          unsafe octet_dot_tile(&patches, &channels, &tile, values)
          return
        }
      #endif
      unsafe octet_neon_tile(&patches, &channels, &tile, values)
    }
  }
#endif
