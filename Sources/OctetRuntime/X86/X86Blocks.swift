// The plan of a layer for AVX2 or AVX-512: which kernels compute its blocks.
#if arch(x86_64)
  internal import COctetKernels

  extension X86Layer {
    /// Makes it a layer of this kind: finds the kernels of all its blocks and cuts rows into them.
    /// False, with nothing changed, where the instruction set has no such kernel: so none is ever
    /// chosen that cannot compute the layer.
    mutating func findBlocks(_ kind: Kind) -> Bool {
      var planned = self
      planned.kind = kind
      guard kind == .narrow ? planned.findNarrowBlock() : planned.findWideBlocks() else {
        return false
      }
      planned.kernel.block_count =
        (planned.kernel.convolved_width &+ planned.kernel.block_width &- 1)
        / planned.kernel.block_width
      self = planned
      return true
    }

    /// Blocks of a vector of columns and all channels; each lane has a window of the pool.
    private mutating func findNarrowBlock() -> Bool {
      // Lanes are two elements apart, and a window has one or two columns.
      let step = kernel.pool_stride_width &* kernel.horizontal_step
      guard step == (isAVX2 ? 4 : 2), kernel.pool_width <= 2 else { return false }
      kernel.is_narrow = 1
      kernel.block_width = 1
      kernel.column_step = kernel.horizontal_step
      kernel.horizontal_step = step &* Int32(lanes)
      kernel.target_step = kernel.channels &* Int32(lanes)
      kernel.convolved_width = (kernel.output_width &+ Int32(lanes) &- 1) / Int32(lanes)
      return findBlock(1, width: kernel.channels)
    }

    /// Blocks of one or more vectors of channels, and of columns as equally many as can be.
    private mutating func findWideBlocks() -> Bool {
      let channels = Int(kernel.channels)
      var most = Int32(OCTET_X86_MOST_COLUMNS)
      forEachBlock(of: channels) { _, vectors in
        while most > 0, !findBlock(vectors, width: most) { most &-= 1 }
      }
      guard most > 0 else { return false }
      let count = (kernel.convolved_width &+ most &- 1) / most
      kernel.block_width = (kernel.convolved_width &+ count &- 1) / count
      kernel.target_step = kernel.channels
      var isComplete = true
      forEachBlock(of: channels) { _, vectors in
        isComplete = findBlock(vectors, width: kernel.block_width) && isComplete
      }
      return isComplete
    }

    /// Takes the kernel for blocks of `vectors` of channels and `width` columns, narrow of `width`
    /// channels; whether there is one.
    private mutating func findBlock(_ vectors: Int, width: Int32) -> Bool {
      let kind = Int32(truncatingIfNeeded: blockKind(vectors))
      let found = unsafe kernel(kind, width: width)
      switch vectors {
      case 8: unsafe kernel.eight = found
      case 2: unsafe kernel.two = found
      default: unsafe kernel.one = found
      }
      return unsafe found != nil
    }

    private func blockKind(_ vectors: Int) -> Int {
      switch kind {
      case .narrow: kernel.pool_width == 2 ? OCTET_X86_NARROW_TWO : OCTET_X86_NARROW_ONE
      case .depthwise: OCTET_X86_DEPTHWISE
      case .three: OCTET_X86_THREE
      default:
        vectors == 8
          ? OCTET_X86_EIGHT
          : vectors == 2 ? OCTET_X86_TWO : isOnePixel ? OCTET_X86_SPLIT : OCTET_X86_ONE
      }
    }
  }
#endif
