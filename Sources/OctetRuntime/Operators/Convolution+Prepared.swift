// Convolution on ARM cores with SMLAD whose firmware was built with this layer's weights in the
// form that these kernels multiply fastest.
//
//     for each two pixels of a tile:
//       widened = their patches as int16, each run where it lies
//       for each four channels:
//         eight sums = bias + weights · widened; requantize, clamp; to the next four
//
// Weights stand as int16, two taps a word and four channels in turn, so that the loop holds nothing
// but loads, in runs, and SMLAD: 16 cycles for 16 products, where widening weights takes 20. They
// are in the order of `PreparedTaps`. Behind those of four channels are their multipliers and
// shifts. One leaf computes all channels where they are at least four, with multipliers of at least
// 1/2, shifts to the right and results clamped to all of int8; the last four overlap those before.
// Other layers' sums are requantized as elsewhere.
//
// The table says where: words of the blob's checksum and the number of layers; of each layer, its
// record's offset in the blob, a word of the table where its weights begin, where its scratch
// memory lies in the arena, and flags: whether it is transformed, 1, and takes the leaf, 2. The
// memory is what is free of the arena while the layer runs, which may be more than its plan has.
// Who builds the firmware computes all of it; with another blob than that one, nothing of it is
// used.

#if arch(arm) && OCTET_PREPARED
  internal import COctetKernels

  @safe struct PreparedLayer {
    // Safety: the builder wrote it for the very blob that was validated.
    let weights: UnsafePointer<Int32>
    let scratchOffset: Int
    let isTransformed: Bool
    let isPlain: Bool
    let isWindowed: Bool

    /// Nil when the firmware has none for this layer.
    init?(_ view: OperatorRecord) {
      let table = unsafe octet_prepared_layers()
      guard unsafe UInt32(bitPattern: table[0]) == view.blob.checksum else { return nil }
      var entry = unsafe table + 2
      let end = unsafe entry + 4 &* Int(table[1])
      while unsafe entry < end {
        if unsafe Int(entry[0]) == view.offset {
          unsafe weights = table + Int(entry[1])
          scratchOffset = unsafe Int(entry[2])
          isTransformed = unsafe entry[3] & 1 != 0
          isPlain = unsafe entry[3] & 2 != 0
          isWindowed = unsafe entry[3] & 4 != 0
          return
        }
        unsafe entry += 4
      }
      return nil
    }
  }

  extension Convolution {
    /// False when the firmware has no weights of this layer.
    func runPrepared(_ context: OperatorContext) -> Bool {
      guard let layer = PreparedLayer(view) else { return false }
      #if OCTET_TRANSFORMED
        if layer.isTransformed {
          unsafe runTransformed(
            context, layer, scratch: context.arena + layer.scratchOffset)
          return true
        }
      #endif
      #if OCTET_WINDOWED || OCTET_PAIRED
        if !isUnpooled {
          unsafe runTiles(
            PreparedWindows.self, context, scratch: context.arena + layer.scratchOffset)
          return true
        }
      #endif
      #if OCTET_WIDENED || OCTET_RECTIFIED || OCTET_SUMMED
        unsafe runTiles(
          PreparedConvolution.self, context, scratch: context.arena + layer.scratchOffset)
      #endif
      return true
    }
  }

  #if OCTET_WIDENED || OCTET_RECTIFIED || OCTET_SUMMED
    @safe private struct PreparedConvolution: TileKernel {
      // Safety: the builder found room for the scratch, and the validator sees to eight bytes
      // behind any run.
      /// `[count]` words of two pixels, INT32_MIN at a multiple of 32 bytes, and what
      /// `octet_multiply_prepared` has there; or eight sums, INT32_MIN.
      let widened: UnsafeMutablePointer<Int32>
      /// Taps with zeros between, a multiple of 4.
      let count: Int
      private let widening: PairWidening
      let weights: UnsafePointer<Int32>
      private let layerIsPlain: Bool
      /// Whether results below zero are clamped to it.
      let isRectified: Bool
      var maxima: UnsafeMutablePointer<Int32> { unsafe widened }

      /// Whether one leaf multiplies and requantizes.
      private var isPlain: Bool {
        @inline(__always) get {
          #if !OCTET_SUMMED
            true
          #elseif !OCTET_WIDENED && !OCTET_RECTIFIED
            false
          #else
            layerIsPlain
          #endif
        }
      }

      init(
        _ layer: Convolution, _ context: OperatorContext, scratch start: UnsafeMutableRawPointer
      ) {
        // Looked up before, and found.
        let prepared = PreparedLayer(layer.view)
        layerIsPlain = prepared?.isPlain ?? true
        isRectified = layer.output.zeroPoint == -128
        widening = PairWidening(layer)
        var count = widening.count
        #if OCTET_SUMMED
          if !layerIsPlain { count = (count &+ 7) & ~7 }
        #endif
        self.count = count
        let back = unsafe Int(bitPattern: start + 4 &* count) & 31
        let words = unsafe (start + ((32 &- back) & 31)).assumingMemoryBound(to: Int32.self)
        unsafe widened = words
        unsafe weights = prepared?.weights ?? UnsafePointer(words)
        for index in 0..<count { unsafe words[index] = 0 }
        unsafe words[count] = .min
        unsafe words[count &+ 3] = Int32(truncatingIfNeeded: Int(bitPattern: words))
        unsafe words[count &+ 4] = 2 &* layer.output.zeroPoint &+ 1
        unsafe words[count &+ 9] = .min
      }

      @inline(never)
      func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile) {
        var place = unsafe patches.place(tile.row, tile.column)
        var left = tile.repeatCount &* tile.count
        tile.column &+= tile.repeatCount &* tile.columnAdvance
        tile.repeatCount = 0
        while left > 0 {
          let next = unsafe left > 1 ? place + patches.columnStep : place
          unsafe widening.widen(&patches, place, next, widened)
          unsafe multiply(&channels, tile.target, stride: left > 1 ? tile.stride : 0)
          unsafe place += 2 &* patches.columnStep
          unsafe tile.target += 2 &* tile.stride
          left &-= 2
        }
      }

      /// All channels of two pixels.
      @inline(__always)
      private func multiply(
        _ channels: inout Channels, _ target: UnsafeMutablePointer<Int8>, stride: Int
      ) {
        let state = unsafe widened + (count &+ 1)
        if isPlain {
          unsafe state[0] = Int32(truncatingIfNeeded: Int(bitPattern: target))
          unsafe state[1] = Int32(truncatingIfNeeded: Int(bitPattern: target + stride))
          #if OCTET_RECTIFIED
            if isRectified { return unsafe octet_multiply_rectified(widened, weights) }
          #endif
          #if OCTET_WIDENED
            unsafe octet_multiply_prepared(widened, weights)
          #endif
          return
        }
        var weights = unsafe weights
        var first = 0
        repeat {
          unsafe octet_add_prepared(widened, weights)
          unsafe weights += 4 &+ 2 &* count
          unsafe channels.finishPairs(
            first, min(first &+ 4, channels.count), state, target + first, stride: stride)
          first &+= 4
        } while first < channels.count
      }
    }
  #endif
#endif
