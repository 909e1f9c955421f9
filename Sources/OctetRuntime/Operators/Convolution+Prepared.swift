// Convolution on ARM cores with SMLAD whose firmware was built with this layer's weights in the
// form that these kernels multiply fastest.
//
//     for each two pixels of a tile:
//       widened = their patches as int16
//       for each four channels: eight sums = bias + weights · widened; requantize, clamp
//
// Weights stand as int16, two taps a word and four channels in turn, so that the loop holds nothing
// but loads, in runs, and SMLAD: 16 cycles for 16 products, where widening weights takes 20.
//
// The table says where: words of the blob's checksum and the number of layers; of each layer, its
// record's offset in the blob, a word of the table where its weights begin, where its scratch
// memory lies in the arena, and flags: whether it is transformed, 1, and takes the leaf, 2. The
// memory is what is free of the arena
// while the layer runs, which may be more than its plan has. Who builds the firmware computes all
// of it; with another blob than that one, nothing of it is used.
//
// Behind the weights of four channels are their multipliers and shifts, as one leaf takes them
// where it can requantize all of the layer.

#if arch(arm) && OCTET_PREPARED
  internal import COctetKernels

  @safe struct PreparedLayer {
    // Safety: the builder wrote it for the very blob that was validated.
    let weights: UnsafePointer<Int32>
    let scratchOffset: Int
    let isTransformed: Bool
    let isPlain: Bool

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
      #if OCTET_WIDENED
        unsafe runTiles(
          PreparedConvolution.self, context, scratch: context.arena + layer.scratchOffset)
      #endif
      return true
    }
  }

  extension Channels {
    /// Requantizes the sums of the four channels from `first` on, or of those that there are, of
    /// two pixels: see `finishPairs`.
    @inline(never)
    mutating func finishFour(
      _ first: Int, _ sums: UnsafePointer<Int32>, _ scales: UnsafePointer<Int32>,
      _ target: UnsafeMutablePointer<Int8>, stride: Int, isPlain: Bool
    ) {
      if isPlain, first &+ 4 <= count {
        unsafe octet_finish_prepared(sums, scales, target, target + stride, 2 &* zeroPoint &+ 1)
      } else {
        unsafe finishPairs(first, min(first &+ 4, count), sums, target, stride: stride)
      }
    }
  }

  #if OCTET_WIDENED
    @safe private struct PreparedConvolution: TileKernel {
      // Safety: the builder found room for the scratch.
      /// Widens patches: `[blockCount]` words, INT32_MIN, eight sums, INT32_MIN.
      let halves: HalvesConvolution
      let weights: UnsafePointer<Int32>
      let isPlain: Bool
      var maxima: UnsafeMutablePointer<Int32> { unsafe halves.sums }

      init(
        _ layer: Convolution, _ context: OperatorContext, scratch start: UnsafeMutableRawPointer
      ) {
        let count = (layer.patchCount &+ 7) & ~7
        let words = unsafe start.assumingMemoryBound(to: Int32.self)
        halves = unsafe HalvesConvolution(layer, words, count: count, gap: 10)
        // Looked up before, and found.
        let prepared = PreparedLayer(layer.view)
        unsafe weights = prepared?.weights ?? UnsafePointer(words)
        isPlain = prepared?.isPlain ?? false
        // Patches end with four words of zeros or none.
        for index in max(count &- 4, 0)..<count { unsafe words[index] = 0 }
        unsafe words[count] = .min
        unsafe words[count &+ 9] = .min
      }

      @inline(never)
      func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile) {
        while tile.repeatCount > 0 {
          let places = unsafe patches.places(&tile)
          var lane = 0
          repeat {
            let part = Patches.Part(run: 0, skip: 0, count: channels.depth)
            unsafe halves.widen(
              part, &patches, places[unchecked: lane], places[unchecked: lane &+ 1])
            unsafe multiply(
              &channels, tile.target + lane &* tile.stride,
              stride: lane &+ 1 < tile.count ? tile.stride : 0)
            lane &+= 2
          } while lane < tile.count
          tile.repeatCount &-= 1
          tile.advance()
        }
      }

      /// All channels of two pixels.
      @inline(__always)
      private func multiply(
        _ channels: inout Channels, _ target: UnsafeMutablePointer<Int8>, stride: Int
      ) {
        var weights = unsafe weights
        var first = 0
        repeat {
          unsafe octet_add_prepared(halves.widened, weights)
          unsafe weights += 4 &+ 2 &* halves.blockCount
          unsafe channels.finishFour(
            first, halves.widened + (halves.blockCount &+ 1), weights, target + first,
            stride: stride, isPlain: isPlain)
          unsafe weights += 8
          first &+= 4
        } while first < channels.count
      }
    }
  #endif
#endif
