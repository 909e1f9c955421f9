#if arch(x86_64)
  internal import COctetKernels

  /// A layer prepared for AVX2 or AVX-512, and how the kernels are driven over it. It stands in the
  /// workspace; distances in it are from its own address.
  struct X86Layer: BitwiseCopyable {
    enum Kind: UInt8 {
      /// `three`: words stand in threes, of neighbouring columns of the kernel, for one vector.
      case convolution, three, narrow, depthwise, combination, maxPool
    }

    /// What the kernels read; first, as their offsets count from it.
    var kernel = octet_x86_layer()
    var kind = Kind.convolution
    var isAVX2 = false
    /// Whether inputs and outputs are int16.
    var isInt16 = false
    var batch = 1
    /// Offsets in the arena, in bytes; the second input is a combination's. Its constant inputs are
    /// in the workspace, at offsets from the layer's address that have their bits inverted.
    var input = 0
    var secondInput = 0
    var output = 0
    var outputHeight = 1
    /// Depthwise: words that hold the kernel's rows; rows that windows move by.
    var groupCount = 0
    var stride = 0
    /// Depthwise: rows between taps; channels made of one of the input.
    var dilation = 1
    var multiplier = 1
    /// Pools: the windows' rows; taps of a row and what they are apart.
    var windows = X86Axis(input: 1, output: 1)
    var tapCount = 0
    /// Transposed convolution: rows and columns from a pixel to the next, and a pixel's elements.
    var spread = (rows: 0, columns: 0, channels: 0)
    var columnStep = 0
    /// Bytes from the layer's address: [vectors / B, word_count, B] vectors; [vectors, 9] vectors;
    /// sums of a row.
    var weights = 0
    var constants = 0
    var scratch = 0

    var lanes: Int { isAVX2 ? 8 : 16 }
    /// Bytes of an input or output.
    var valueByteCount: Int { isInt16 ? 2 : 1 }
    var vectorByteCount: Int { 4 &* lanes }
    var isPooled: Bool { kernel.pool_height &* kernel.pool_width > 1 }

    /// One sum for each channel and row: words in parts, or many channels, hide a dot's latency.
    var isOnePixel: Bool { kind == .convolution && kernel.convolved_width == 1 && !isPooled }

    /// B, the vectors of channels that are computed together, when `count` channels are left.
    /// (Four, with half the pixels, is slower on AVX2 and no faster on AVX-512.)
    func vectorsPerBlock(_ count: Int) -> Int {
      if kind == .depthwise { return 1 }
      let vectors = (count &+ lanes &- 1) / lanes
      return isOnePixel ? (vectors > 4 ? 8 : 1) : min(vectors, 2)
    }

    /// Calls `body` with the first channel and the vectors of each block; not of a narrow layer.
    func forEachBlock(of channels: Int, _ body: (Int, Int) -> Void) {
      var channel = 0
      while channel < channels {
        let vectors = vectorsPerBlock(channels &- channel)
        body(channel, vectors)
        channel &+= vectors &* lanes
      }
    }

    /// The kernel for blocks of `vectors`, which `findBlocks` found.
    private func block(_ vectors: Int) -> octet_x86_block? {
      unsafe vectors == 8 ? kernel.eight : vectors == 2 ? kernel.two : kernel.one
    }

    /// Runs the layer that stands at `place`.
    // Safety: operands lie inside the arena; the packed parts inside the workspace.
    @inline(__always)
    static func run(_ place: UnsafeRawPointer, arena: UnsafeMutableRawPointer) {
      let layer = unsafe place.assumingMemoryBound(to: X86Layer.self)
      let bytes = unsafe arena.assumingMemoryBound(to: Int8.self)
      unsafe layer.pointee.run(place, bytes)
    }

    private func run(_ place: UnsafeRawPointer, _ arena: UnsafeMutablePointer<Int8>) {
      let core = unsafe place.assumingMemoryBound(to: octet_x86_layer.self)
      let image = unsafe UnsafeMutableRawPointer(mutating: place + Int(kernel.image))
      var source = unsafe UnsafePointer(arena + input)
      var target = unsafe arena + output
      switch kind {
      case .combination: return unsafe combine(place, arena)
      case .maxPool: return unsafe takeMaxima(place, source, target)
      default: break
      }
      for _ in 0..<batch {
        if kind == .depthwise {
          unsafe runDepthwise(place, source, target, words: image)
        } else {
          if spread.rows > 0 {
            unsafe spreadPixels(source, image)
          } else {
            unsafe copy(core, source)
          }
          unsafe runRows(place, image, target, count: outputHeight)
        }
        unsafe source +=
          Int(kernel.height) &* Int(kernel.row_count) / multiplier &* valueByteCount
        unsafe target += outputHeight &* outputRowByteCount
      }
    }

    var outputRowByteCount: Int {
      Int(kernel.output_width) &* Int(kernel.channels) &* valueByteCount
    }

    /// All channels of `count` rows of the output.
    private func runRows(
      _ place: UnsafeRawPointer, _ image: UnsafeRawPointer, _ target: UnsafeMutablePointer<Int8>,
      count: Int
    ) {
      let core = unsafe place.assumingMemoryBound(to: octet_x86_layer.self)
      let channels = Int(kernel.channels)
      var image = unsafe image.assumingMemoryBound(to: UInt8.self)
      var weights = unsafe place + weights
      var constants = unsafe place + constants
      var row = unsafe octet_x86_place()
      let sums = unsafe UnsafeMutableRawPointer(mutating: place + scratch)
      unsafe row.end = UnsafePointer(target + count &* outputRowByteCount)
      var channel = 0
      while channel < channels {
        let vectors = vectorsPerBlock(channels &- channel)
        let block = unsafe block(vectors)
        unsafe row.weights = weights
        unsafe row.vector_count = Int32(
          truncatingIfNeeded: kind == .narrow ? channels : vectors)
        unsafe row.constants = constants
        unsafe row.count = Int32(truncatingIfNeeded: channels &- channel)
        unsafe row.sums = sums
        unsafe row.pixel = image
        unsafe row.target = target + channel &* valueByteCount
        unsafe run(core, block, &row, rowCount: count)
        unsafe weights += Int(kernel.word_count) &* vectors &* vectorByteCount
        unsafe constants += OCTET_X86_CONSTANTS &* vectors &* vectorByteCount
        // Depthwise: other words.
        if kind == .depthwise { unsafe image += vectorByteCount }
        channel &+= vectors &* lanes
      }
    }

    /// Rows come one by one into `words` of neighbours in a column, so that nothing is interleaved
    /// twice; those past the kernel's have weights of 0.
    private func runDepthwise(
      _ place: UnsafeRawPointer, _ source: UnsafePointer<Int8>,
      _ target: UnsafeMutablePointer<Int8>, words: UnsafeMutableRawPointer
    ) {
      let core = unsafe place.assumingMemoryBound(to: octet_x86_layer.self)
      let words = unsafe words.assumingMemoryBound(to: UInt32.self)
      let elements = isAVX2 || isInt16 ? 2 : 4
      let wordCount = Int(kernel.image_row_count)
      unsafe words.update(repeating: kernel.padding, count: groupCount &* wordCount)
      for y in 0..<outputHeight {
        for group in 0..<groupCount {
          let end = (group &+ 1) &* elements
          // What the rows before left is shifted; dilated, they had none of these.
          let count = y > 0 && dilation == 1 ? min(stride, elements) : elements
          for tap in end &- count..<end {
            let row = y &* stride &- Int(kernel.top) &+ tap &* dilation
            let isInside = row >= 0 && row < Int(kernel.height)
            let values = unsafe isInside ? inputRow(place, source, row) : nil
            let target = unsafe words + (group &* wordCount &+ Int(kernel.left))
            unsafe take(core, target, values)
          }
        }
        unsafe runRows(place, words, target + y &* outputRowByteCount, count: 1)
      }
    }

    /// Row `row` of a depthwise layer's input, each element as often as channels are made of it.
    private func inputRow(
      _ place: UnsafeRawPointer, _ source: UnsafePointer<Int8>, _ row: Int
    ) -> UnsafeRawPointer {
      let count = Int(kernel.row_count) / multiplier
      let values = unsafe UnsafeRawPointer(source) + row &* count &* valueByteCount
      if multiplier == 1 { return unsafe values }
      let start = unsafe UnsafeMutableRawPointer(mutating: place + scratch)
      let step = 8 / valueByteCount
      var index = 0
      for element in 0..<count {
        let eight = unsafe repeated(values, element)
        let end = index &+ multiplier
        // The next one overwrites what is too many.
        while index < end {
          unsafe (start + index &* valueByteCount).storeBytes(of: eight, as: UInt64.self)
          index &+= step
        }
        index = end
      }
      return unsafe UnsafeRawPointer(start)
    }

    /// Eight bytes of an element.
    @inline(__always)
    private func repeated(_ values: UnsafeRawPointer, _ element: Int) -> UInt64 {
      if isInt16 {
        let value = unsafe values.loadUnaligned(fromByteOffset: 2 &* element, as: UInt16.self)
        return UInt64(value) &* 0x0001_0001_0001_0001
      }
      return unsafe UInt64(values.load(fromByteOffset: element, as: UInt8.self))
        &* 0x0101_0101_0101_0101
    }
  }
#endif
