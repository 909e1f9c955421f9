// Convolution on ARM cores without vectors: Cortex-M and ARMv6, with the C kernels of arm_core.c.

#if arch(arm)
  internal import COctetKernels

  extension Convolution {
    func runOnCore(_ context: OperatorContext) { runTiles(CoreConvolution.self, context) }
  }

  @safe private struct CoreConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private var patches: octet_patches
    private var channels: octet_channels
    private var scratch: octet_core_scratch
    let maxima: UnsafeMutablePointer<Int32>

    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      unsafe patches = octet_patches(layer, context, batch: batch, group: group)
      unsafe channels = octet_channels(layer, context, group: group)
      let tapByteCount = Int(OCTET_TAP_BYTE_COUNT)
      let blockCount = layer.coreBlockCount(tapByteCount: tapByteCount)
      let count = layer.groupChannelCount
      // One after the other: widened patches, sums, maxima, and the bytes of one patch.
      let sums = unsafe (context.scratch + blockCount &* tapByteCount)
        .assumingMemoryBound(to: Int32.self)
      unsafe maxima = sums + 4 &* min(count, Convolution.coreSumChannelCount)
      let values = unsafe UnsafeMutableRawPointer(
        layer.windowCount > 4 ? maxima + count : maxima)
      unsafe scratch = octet_core_scratch(
        widened: context.scratch, sums: sums, values: values.assumingMemoryBound(to: Int8.self),
        block_count: Int32(blockCount))
    }

    mutating func compute(_ tile: inout octet_tile) {
      unsafe octet_core_tile(&patches, &channels, &tile, &scratch)
    }
  }
#endif
