// Convolution with NEON: what Tiles.swift computes.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension Convolution {
    func runOnNEON(_ context: OperatorContext) { runTiles(NEONConvolution.self, context) }
  }

  extension Convolution {
    /// The convolution's pixels of a tile beside each other.
    private var tileWidth: Int { windowCount > 1 ? word(Word.poolWidth) : 4 }

    /// Whether all four patches of a tile lie in eight rows of eight bytes, and are read from there
    /// without being copied. Only where there is a band may eight bytes of each row be read.
    ///
    /// On AArch64 alone: ARMv7's tables are half as large.
    var isNarrow: Bool {
      #if arch(arm)
        false
      #else
        reachesFewBytes
      #endif
    }

    private var reachesFewBytes: Bool {
      let pixelStep =
        word(Word.strideWidth) &* (windowCount > 1 ? 1 : word(Word.poolStrideWidth))
      let width = (tileWidth &- 1) &* pixelStep &+ word(Word.kernelWidth)
      return takesNeighbours && bandByteCount > 0 && patchCount <= 32 && windowCount <= 4
        && bandRowCount <= 8 && width &* input.channels <= 8
    }

    /// Whether a kernel row is contiguous in the input.
    private var takesNeighbours: Bool {
      word(Word.groups) == 1 && word(Word.dilationWidth) == 1
    }

    /// Writes the places of each patch's values in the rows, 32 a patch, and 255 after them.
    fileprivate func writeNarrowIndices(_ indices: UnsafeMutablePointer<UInt8>) {
      let runByteCount = word(Word.kernelWidth) &* input.channels
      let pixelStep =
        word(Word.strideWidth) &* (windowCount > 1 ? 1 : word(Word.poolStrideWidth))
      for index in 0..<128 { unsafe indices[index] = 255 }
      for index in 0..<4 {
        // A window of fewer pixels has its last again.
        let lane = windowCount > 1 ? min(index, windowCount &- 1) : index
        let row = lane / tileWidth &* word(Word.strideHeight)
        var place = 8 &* row &+ lane % tileWidth &* pixelStep &* input.channels
        var next = unsafe indices + (32 &* index)
        for _ in 0..<word(Word.kernelHeight) {
          for byte in 0..<runByteCount {
            unsafe next[byte] = UInt8(truncatingIfNeeded: place &+ byte)
          }
          unsafe next += runByteCount
          place &+= 8 &* word(Word.dilationHeight)
        }
      }
    }
  }

  @safe private struct NEONConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let values: UnsafeMutablePointer<Int8>
    let maxima: UnsafeMutablePointer<Int32>
    private let hasDotProduct: Bool
    private let isNarrow: Bool
    private let narrowRowCount: Int

    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer) {
      // One after the other: four patches and the maxima.
      unsafe values = scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (scratch + layer.neonValueByteCount)
        .assumingMemoryBound(to: Int32.self)
      hasDotProduct = context.backend == .dotProduct
      isNarrow = layer.isNarrow
      narrowRowCount = layer.bandRowCount
      if isNarrow {
        unsafe layer.writeNarrowIndices(
          UnsafeMutableRawPointer(values).assumingMemoryBound(to: UInt8.self))
      }
    }

    func compute(
      _ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile
    ) {
      #if arch(arm64)
        if hasDotProduct { return run(DotProducts.self, patches, channels, &tile) }
      #endif
      run(LongProducts.self, patches, channels, &tile)
    }

    @inline(__always)
    private func run<By: Products>(
      _: By.Type, _ patches: Patches, _ channels: Channels, _ tile: inout Tile
    ) {
      #if arch(arm64)
        if isNarrow {
          return unsafe Tiles<By>.runNarrow(
            patches, channels, &tile, UnsafePointer(values), rowCount: narrowRowCount)
        }
      #endif
      unsafe Tiles<By>.run(patches, channels, &tile, values)
    }
  }
#endif
