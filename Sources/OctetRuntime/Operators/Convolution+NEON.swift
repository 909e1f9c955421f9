// Convolution with NEON: what Tiles.swift computes.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension Convolution {
    func runOnNEON(_ context: OperatorContext) { runTiles(NEONConvolution.self, context) }
  }

  /// How all four patches of a tile are taken from one table, without being copied: they lie in
  /// eight rows of eight bytes, and have at most 32 values.
  @safe struct NarrowPlan {
    // Safety: the scratch has the room that `Convolution.neonValueByteCount` names.
    /// `[4, 32]`: where the values of each patch stand in the rows, row by row, and 255 after them.
    let indices: UnsafePointer<Int8>
    /// Rows of eight bytes that the patches lie in, at most eight.
    let rowCount: Int

    /// Writes the indices; nil where patches do not lie so, and on ARMv7, whose tables are half as
    /// large.
    init?(_ layer: Convolution, _ scratch: UnsafeMutableRawPointer) {
      #if arch(arm)
        return nil
      #else
        typealias Word = Convolution.Word
        let windowCount = layer.windowCount
        // The convolution's pixels of a tile beside each other.
        let tileWidth = windowCount > 1 ? layer.word(Word.poolWidth) : 4
        let pixelStep =
          layer.word(Word.strideWidth)
          &* (windowCount > 1 ? 1 : layer.word(Word.poolStrideWidth))
        let width = (tileWidth &- 1) &* pixelStep &+ layer.word(Word.kernelWidth)
        // Kernel rows are contiguous, and only where there is a band may eight bytes of each row be
        // read.
        guard layer.word(Word.groups) == 1, layer.word(Word.dilationWidth) == 1,
          layer.bandByteCount > 0, layer.patchCount <= 32, windowCount <= 4,
          layer.bandRowCount <= 8, width &* layer.input.channels <= 8
        else { return nil }
        rowCount = layer.bandRowCount
        unsafe indices = UnsafePointer(scratch.assumingMemoryBound(to: Int8.self))
        let indices = unsafe scratch.assumingMemoryBound(to: UInt8.self)
        for index in 0..<128 { unsafe indices[index] = 255 }
        let runByteCount = layer.word(Word.kernelWidth) &* layer.input.channels
        for index in 0..<4 {
          // A window of fewer pixels has its last again.
          let lane = windowCount > 1 ? min(index, windowCount &- 1) : index
          let row = lane / tileWidth &* layer.word(Word.strideHeight)
          var place = 8 &* row &+ lane % tileWidth &* pixelStep &* layer.input.channels
          var next = unsafe indices + (32 &* index)
          for _ in 0..<layer.word(Word.kernelHeight) {
            for byte in 0..<runByteCount {
              unsafe next[byte] = UInt8(truncatingIfNeeded: place &+ byte)
            }
            unsafe next += runByteCount
            place &+= 8 &* layer.word(Word.dilationHeight)
          }
        }
      #endif
    }
  }

  @safe private struct NEONConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let values: UnsafeMutablePointer<Int8>
    let maxima: UnsafeMutablePointer<Int32>
    private let hasDotProduct: Bool
    private let hasMatrixProduct: Bool
    private let addsPairs: Bool
    private let plan: TilePlan
    /// How patches are taken from a table; nil when they are copied to `values`.
    private let narrow: NarrowPlan?

    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer) {
      // One after the other: four patches and the maxima.
      unsafe values = scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (scratch + layer.neonValueByteCount)
        .assumingMemoryBound(to: Int32.self)
      hasDotProduct = context.backend.hasDotProduct
      hasMatrixProduct = context.backend == .matrixProduct
      addsPairs = context.addsPairs
      plan = TilePlan(shiftsRight: layer.shiftsRight, isInPlace: unsafe layer.isInPlace(context))
      // Single products are for rare models, which firmware need not hold this kernel for too.
      let takesTables = hasDotProduct || addsPairs
      narrow = takesTables ? unsafe NarrowPlan(layer, UnsafeMutableRawPointer(values)) : nil
    }

    func compute(
      _ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile
    ) {
      #if arch(arm64)
        if let narrow {
          return hasDotProduct
            ? Tiles<DotProducts>.runNarrow(
              patches, channels, &tile, narrow, plan)
            : Tiles<PairedProducts>.runNarrow(
              patches, channels, &tile, narrow, plan)
        }
        if hasMatrixProduct, MatrixTiles.isFaster(patches, channels, tile) {
          return unsafe MatrixTiles.run(
            patches, channels, &tile, values, plan)
        }
        if hasDotProduct {
          return unsafe Tiles<DotProducts>.run(
            patches, channels, &tile, values, plan)
        }
      #endif
      if addsPairs {
        return unsafe Tiles<PairedProducts>.run(
          patches, channels, &tile, values, plan)
      }
      unsafe Tiles<LongProducts>.run(patches, channels, &tile, values, plan)
    }
  }

  extension Convolution {
    /// Whether patches are multiplied where they lie.
    fileprivate func isInPlace(_ context: OperatorContext) -> Bool {
      let isRow = word(Word.groups) == 1 && word(Word.dilationWidth) == 1
      guard isRow, word(Word.kernelWidth) &* input.channels & 15 == 0 else { return false }
      let (from, to) = unsafe (context.input(0), UnsafePointer(context.output(0)))
      return unsafe bandByteCount > 0 || from + input.elementCount <= to
        || to + output.elementCount <= from
    }

    /// Whether the shifts of all channels that are computed are to the right.
    fileprivate var shiftsRight: Bool {
      var channels = Channels(self)
      for _ in blockGroups {
        if !channels.shiftsRight { return false }
        channels.advance()
      }
      return true
    }
  }
#endif
