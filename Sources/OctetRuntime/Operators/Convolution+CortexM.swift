// Convolution on ARM cores without vectors: Cortex-M and ARMv6, with the C kernels of arm_core.c.

#if arch(arm)
  internal import COctetKernels

  extension Convolution {
    func runOnCore(_ context: OperatorContext) { runTiles(CoreConvolution.self, context) }
  }

  @safe private struct CoreConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private var scratch: octet_core_scratch
    let maxima: UnsafeMutablePointer<Int32>

    init(_ layer: Convolution, _ context: OperatorContext, scratch start: UnsafeMutableRawPointer) {
      let tapByteCount = Int(OCTET_TAP_BYTE_COUNT)
      let blockCount = layer.coreBlockCount(tapByteCount: tapByteCount)
      let count = layer.groupChannelCount
      // One after the other: widened patches, sums, maxima, and bytes of patches.
      let sums = unsafe (start + blockCount &* tapByteCount)
        .assumingMemoryBound(to: Int32.self)
      unsafe maxima = sums + 4 &* min(count, Convolution.coreSumChannelCount)
      let values = unsafe UnsafeMutableRawPointer(
        layer.windowCount > 4 ? maxima + count : maxima)
      let used = unsafe values - context.scratch
      unsafe scratch = octet_core_scratch(
        widened: start, sums: sums, values: values.assumingMemoryBound(to: Int8.self),
        block_count: Int32(blockCount),
        value_byte_count: Int32(layer.view.scratchByteCount &- used),
        takes_runs: tapByteCount == 8 && layer.takesRuns)
    }

    func compute(_ patches: Patches, _ channels: Channels, _ next: inout Tile) {
      defer { next.advanceToEnd() }
      var patches = unsafe octet_patches(patches)
      var channels = unsafe octet_channels(channels)
      var tile = unsafe octet_tile(next)
      var scratch = unsafe scratch
      unsafe octet_core_tiles(&patches, &channels, &tile, &scratch)
    }
  }
#endif
