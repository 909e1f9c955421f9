// Convolution on ARM cores without vectors: Cortex-M and ARMv6, with the C kernels of arm_core.c.
//
//     for each tile, for 16 output channels at a time:
//       for each block of taps:
//         copy and widen the block of the four patches
//         sums[channel][pixel] += weights · patches
//       bias, maximum over the window, requantize, clamp, store
//
// 1. Blocks of taps bound the patches and 16 channels the sums, so that the scratch does not grow
//    with the layer; a further block only costs loading and storing the sums.

#if arch(arm)
  internal import COctetKernels

  extension Convolution {
    func runOnCore(_ context: OperatorContext) { runTiles(CoreConvolution.self, context) }
  }

  @safe private struct CoreConvolution: TileKernel {
    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let patches: Patches
    private let channels: octet_channels
    private let depth: Int
    /// Taps of a block, a multiple of 4.
    private let blockCount: Int
    /// The scratch memory: widened patches, sums, maxima, and the bytes of one patch.
    private let widened: UnsafeMutableRawPointer
    private let sums: UnsafeMutablePointer<Int32>
    let maxima: UnsafeMutablePointer<Int32>
    private let values: UnsafeMutablePointer<Int8>

    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      patches = Patches(layer, context, batch: batch, group: group)
      unsafe channels = octet_channels(layer, context, group: group)
      depth = layer.patchCount
      let tapByteCount = Int(OCTET_TAP_BYTE_COUNT)
      blockCount = layer.coreBlockCount(tapByteCount: tapByteCount)
      let count = layer.groupChannelCount
      unsafe widened = context.scratch
      unsafe sums =
        (widened + blockCount &* tapByteCount).assumingMemoryBound(to: Int32.self)
      unsafe maxima = sums + 4 &* min(count, Convolution.coreSumChannelCount)
      unsafe values = UnsafeMutableRawPointer(layer.windowCount > 4 ? maxima + count : maxima)
        .assumingMemoryBound(to: Int8.self)
    }

    mutating func compute(_ tile: inout Tile) {
      var part = unsafe channels
      var to = unsafe tile.destination
      let count = Int(unsafe channels.channels)
      var first = 0
      while true {
        unsafe part.channels = Int32(min(count &- first, Convolution.coreSumChannelCount))
        unsafe multiply(&part, tile)
        unsafe octet_core_finish(&part, &to, sums)
        first &+= Convolution.coreSumChannelCount
        if first >= count { return }
        unsafe part.advance(by: Convolution.coreSumChannelCount)
        unsafe to.target += Convolution.coreSumChannelCount
        unsafe to.maxima += Convolution.coreSumChannelCount
      }
    }

    @inline(__always)
    private func multiply(_ part: inout octet_channels, _ tile: Tile) {
      var start = Patches.Start()
      var first = 0
      while first < depth {
        let count = min(blockCount, depth &- first)
        let padded = (count &+ 3) & ~3
        for index in count..<padded { unsafe values[index] = 0 }
        for lane in 0..<4 {
          unsafe patches.copy(
            to: values, row: tile.rows[lane], column: tile.columns[lane], from: start,
            count: count)
          unsafe octet_core_widen(values, widened, Int32(lane), Int32(padded))
        }
        unsafe octet_core_multiply(
          &part, part.weights + first, widened, Int32(padded), sums, first == 0 ? 1 : 0)
        first &+= count
        if first < depth { start = patches.start(first) }
      }
    }
  }
#endif
