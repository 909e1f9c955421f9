// Convolution with NEON, with the C kernels of arm_neon.c.
//
//     for each tile:
//       copy the four patches
//       sums[channel][pixel] = weights · patches
//       bias, maximum over the window, requantize, clamp, store

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension Convolution {
    func runOnNEON(_ context: OperatorContext) { runTiles(NEONConvolution.self, context) }
  }

  @safe private struct NEONConvolution: TileKernel {
    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let patches: Patches
    private var channels: octet_channels
    private let depth: Int
    private let stride: Int
    /// The scratch memory: four patches, which end in zeros, and maxima.
    private let values: UnsafeMutablePointer<Int8>
    let maxima: UnsafeMutablePointer<Int32>
    private let hasDotProduct: Bool

    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      patches = Patches(layer, context, batch: batch, group: group)
      unsafe channels = octet_channels(layer, context, group: group)
      depth = layer.patchCount
      stride = layer.neonPatchByteCount
      unsafe values = context.scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (context.scratch + 4 &* stride).assumingMemoryBound(to: Int32.self)
      hasDotProduct = context.backend == .dotProduct
      for lane in 0..<4 {
        for index in depth..<stride { unsafe values[lane &* stride &+ index] = 0 }
      }
    }

    mutating func compute(_ tile: inout Tile) {
      for lane in 0..<4 {
        unsafe patches.copy(
          to: values + lane &* stride, row: tile.rows[lane], column: tile.columns[lane],
          from: Patches.Start(), count: depth)
      }
      #if arch(arm64)
        if hasDotProduct {
          unsafe octet_dot_tile(&channels, &tile.destination, values, Int32(stride))
          return
        }
      #endif
      unsafe octet_neon_tile(&channels, &tile.destination, values, Int32(stride))
    }
  }
#endif
