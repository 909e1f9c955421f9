#if arch(x86_64) && !hasFeature(Embedded)
  internal import COctetKernels

  /// Which weight meets which element of the image: the patch of a window as runs of consecutive
  /// elements, each of `count`, cut into words.
  struct X86Patch {
    /// Runs, and those in a row of the kernel.
    var runCount = 1
    var runsPerRow = 1
    /// Elements of a run.
    var count: Int
    /// From a row of the kernel to the next, and from a run to the next within it, in elements.
    var rowStep = 0
    var runStep = 0
    /// From a channel's weight to the next channel's, and from one weight of a channel to the next.
    var channelStride: Int
    var weightStride = 1

    func wordsPerRun(_ workspace: X86Workspace) -> Int {
      (count &+ workspace.elementsPerWord &- 1) / workspace.elementsPerWord
    }
    func wordCount(_ workspace: X86Workspace) -> Int { runCount &* wordsPerRun(workspace) }

    /// Where run `index` starts, in elements.
    func start(_ index: Int) -> Int {
      index / runsPerRow &* rowStep &+ index % runsPerRow &* runStep
    }
  }

  /// The weights of a layer and how its sums become outputs.
  @safe struct X86Parameters {
    // Safety: the validator checked the blob's weights and constants of every channel.
    let weights: UnsafePointer<Int8>
    let bias: UnsafePointer<Int32>
    let multipliers: UnsafePointer<Int32>
    let shifts: UnsafePointer<Int8>
    let channels: Int
    let zeroPoint: Int32

    /// The words are the blob offsets of weights, bias, multipliers and shifts.
    init(_ view: OperatorView, weights: Int, bias: Int, multipliers: Int, shifts: Int) {
      func data<T: BitwiseCopyable>(_ word: Int, as type: T.Type) -> UnsafePointer<T> {
        unsafe view.model.pointer(Int(view.parameter(word))).assumingMemoryBound(to: type)
      }
      unsafe self.weights = data(weights, as: Int8.self)
      unsafe self.bias = data(bias, as: Int32.self)
      unsafe self.multipliers = data(multipliers, as: Int32.self)
      unsafe self.shifts = data(shifts, as: Int8.self)
      channels = view.output(0).channels
      zeroPoint = view.output(0).zeroPoint
    }

    /// Left shifts, of scales that grow, are left to the portable kernel.
    var hasOnlyRightShifts: Bool {
      for channel in 0..<channels where unsafe shifts[channel] > 0 { return false }
      return true
    }
  }

  extension X86Workspace {
    /// Writes the constants of `vector`'s lanes, channels `first` and on; see octet_x86.h.
    func writeConstants(
      _ parameters: X86Parameters, at offset: Int, first: Int, sum: (Int) -> Int32
    ) {
      guard let base = unsafe base else { return }
      let start = unsafe base + offset
      let words = unsafe start.assumingMemoryBound(to: Int32.self)
      for word in 0..<OCTET_X86_CONSTANTS &* lanes { unsafe words[word] = 0 }
      for lane in 0..<max(0, min(lanes, parameters.channels &- first)) {
        let channel = first &+ lane
        let shift = Int64(unsafe -parameters.shifts[channel])
        let offset: Int64 = (1 << 62) + (1 << 30) + (shift > 0 ? 1 << (30 + shift) : 0)
        func storeLong(_ row: Int, _ value: Int64) {
          let odd = lane & 1
          unsafe start.storeBytes(
            of: value,
            toByteOffset: (row &+ odd) &* vectorByteCount &+ lane / 2 &* 8, as: Int64.self)
        }
        // AVX-512 counts elements from −128.
        let correction = backend == .avx2 ? 0 : 128 &* sum(channel)
        unsafe words[lane] = parameters.bias[channel] &- correction
        let multiplier = unsafe parameters.multipliers[channel]
        unsafe words[lanes &+ lane] = multiplier
        if lane & 1 == 1 { unsafe words[2 &* lanes &+ lane &- 1] = multiplier }
        storeLong(OCTET_X86_OFFSET, offset)
        storeLong(OCTET_X86_NEGATIVE_OFFSET, offset - (shift > 0 ? 1 << 31 : 0))
        storeLong(OCTET_X86_SHIFT, 31 + shift)
        unsafe words[OCTET_X86_RESULT_OFFSET &* lanes &+ lane] = Int32(
          truncatingIfNeeded: Int64(parameters.zeroPoint) - (1 << (31 - shift)))
      }
    }

    /// Packs weights, constants and taps behind `layer` and writes it; its offset. The shared parts
    /// have `imageCount` elements and `scratchByteCount` bytes.
    mutating func add(
      _ layer: octet_x86_layer, _ patch: X86Patch, _ parameters: X86Parameters,
      imageCount: Int, scratchByteCount: Int
    ) -> Int {
      share(
        imageByteCount: imageCount &* elementByteCount &+ 64, scratchByteCount: scratchByteCount)
      let wordCount = patch.wordCount(self)
      let place = reserve(MemoryLayout<octet_x86_layer>.size)
      let taps = reserve(4 &* wordCount)
      var vectorCount = 0
      forEachBlock(of: parameters.channels, isOnePixel: layer.isOnePixel) { _, width in
        vectorCount &+= width
      }
      let weights = reserve(vectorCount &* wordCount &* vectorByteCount)
      let constants = reserve(
        vectorCount &* OCTET_X86_CONSTANTS &* vectorByteCount)
      guard let base = unsafe base else { return place }
      writeTaps(patch, at: taps)
      writeWeights(patch, parameters, isOnePixel: layer.isOnePixel, at: weights)
      for vector in 0..<vectorCount {
        writeConstants(
          parameters,
          at: constants &+ vector &* OCTET_X86_CONSTANTS &* vectorByteCount,
          first: vector &* lanes
        ) { channel in
          var sum: Int32 = 0
          for index in 0..<patch.runCount &* patch.count {
            let weight = channel &* patch.channelStride &+ index &* patch.weightStride
            sum &+= Int32(unsafe parameters.weights[weight])
          }
          return sum
        }
      }
      var layer = layer
      layer.word_count = Int32(wordCount)
      layer.channels = Int32(parameters.channels)
      layer.taps = Int64(taps &- place)
      layer.weights = Int64(weights &- place)
      layer.constants = Int64(constants &- place)
      layer.image = Int64(imageOffset &- place)
      layer.scratch = Int64(scratchOffset &- place)
      unsafe base.storeBytes(of: layer, toByteOffset: place, as: octet_x86_layer.self)
      return place
    }

    /// Calls `body` with the first channel and the number of vectors of each block.
    func forEachBlock(of channels: Int, isOnePixel: Bool, _ body: (Int, Int) -> Void) {
      var channel = 0
      while channel < channels {
        let width = Int(
          octet_x86_block(Int32(channels &- channel), Int32(lanes), isOnePixel ? 1 : 0))
        body(channel, width)
        channel &+= width &* lanes
      }
    }

    private func writeTaps(_ patch: X86Patch, at offset: Int) {
      guard let base = unsafe base else { return }
      let taps = unsafe (base + offset).assumingMemoryBound(to: Int32.self)
      let words = patch.wordsPerRun(self)
      for run in 0..<patch.runCount {
        for word in 0..<words {
          unsafe taps[run &* words &+ word] = Int32(
            patch.start(run) &* elementByteCount &+ 4 &* word)
        }
      }
    }

    private func writeWeights(
      _ patch: X86Patch, _ parameters: X86Parameters, isOnePixel: Bool, at offset: Int
    ) {
      guard let base = unsafe base else { return }
      var next = unsafe (base + offset).assumingMemoryBound(to: UInt32.self)
      let words = patch.wordsPerRun(self)
      forEachBlock(of: parameters.channels, isOnePixel: isOnePixel) { first, width in
        for run in 0..<patch.runCount {
          for word in 0..<words {
            for lane in 0..<width &* lanes {
              let channel = first &+ lane
              unsafe next.pointee =
                channel < parameters.channels
                ? packed(patch, parameters, channel: channel, run: run, word: word) : 0
              unsafe next += 1
            }
          }
        }
      }
    }

    /// The weights of one word: four int8 or two int16, zeros past the end of the run.
    private func packed(
      _ patch: X86Patch, _ parameters: X86Parameters, channel: Int, run: Int, word: Int
    ) -> UInt32 {
      var bits: UInt32 = 0
      let bitCount = 8 &* elementByteCount
      let first = word &* elementsPerWord
      for index in first..<min(first &+ elementsPerWord, patch.count) {
        let position = (run &* patch.count &+ index) &* patch.weightStride
        let weight = unsafe parameters.weights[channel &* patch.channelStride &+ position]
        let value = UInt32(bitPattern: Int32(weight)) & (bitCount == 8 ? 0xFF : 0xFFFF)
        bits |= value << UInt32(bitCount &* (index &- first))
      }
      return bits
    }
  }

  extension octet_x86_layer {
    var isPooled: Bool { pool_height &* pool_width > 1 }
    /// As x86_convolution.h decides it.
    var isOnePixel: Bool { convolved_width == 1 && !isPooled }
  }
#endif
