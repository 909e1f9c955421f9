#if arch(x86_64)
  internal import COctetKernels

  /// Which weight meets which element of the image: the patch of a window as runs of consecutive
  /// elements, each of `count`, cut into words.
  struct X86Patch: Equatable {
    /// Runs, and those in a row of the kernel.
    var runCount: Int
    var runsPerRow: Int
    /// Elements of a run.
    var count: Int
    /// Consecutive runs whose words stand side by side: first words, second words…
    var interleaved = 1
    /// Bytes of what is read: from a row of the kernel to the next, from a run to the next within
    /// it, from a word to the next within a run.
    var rowStep = 0
    var runStep: Int
    var wordStep = 4
    /// Weights from a channel to the next, from a run to the next, from one to the next in a run.
    var channelStride: Int
    var runStride: Int
    var weightStride: Int

    func wordsPerRun(_ workspace: X86Workspace) -> Int {
      (count &+ workspace.elementsPerWord &- 1) / workspace.elementsPerWord
    }
    func wordCount(_ workspace: X86Workspace) -> Int { runCount &* wordsPerRun(workspace) }

    /// Calls `body` with run and word, in the kernel's order.
    func forEachWord(_ workspace: X86Workspace, _ body: (Int, Int) -> Void) {
      for group in 0..<runCount / interleaved {
        for word in 0..<wordsPerRun(workspace) {
          for index in 0..<interleaved { body(group &* interleaved &+ index, word) }
        }
      }
    }

    /// Where word `word` of run `run` is read, in bytes.
    func tap(run: Int, word: Int) -> Int {
      run / runsPerRow &* rowStep &+ run % runsPerRow &* runStep &+ word &* wordStep
    }

    /// Where a weight stands.
    func weight(channel: Int, run: Int, index: Int) -> Int {
      channel &* channelStride &+ run &* runStride &+ index &* weightStride
    }
  }

  /// What decides how the weights of a layer, its constants and taps stand in the workspace: bands
  /// of one operator for which it is equal share them.
  struct X86Packing: Equatable {
    let patch: X86Patch
    let kind: X86Layer.Kind
    let channels: Int
    /// Those of the widest block.
    let vectorsPerBlock: Int
    let isOnePixel: Bool

    init(_ layer: X86Layer, _ patch: X86Patch, _ parameters: X86Parameters) {
      self.patch = patch
      kind = layer.kind
      channels = parameters.channels
      vectorsPerBlock = layer.vectorsPerBlock(parameters.channels)
      isOnePixel = layer.isOnePixel
    }
  }

  /// The weights of a layer and how its sums become outputs.
  @safe struct X86Parameters {
    // Safety: the validator checked the blob's weights and constants of every channel.
    var weights: UnsafePointer<Int8>
    private let isNarrow: Bool
    /// Words of a bias: two of int16 activations, see ``Weighted16``.
    private let biasStep: Int
    private let biases: UnsafePointer<Int32>
    let multipliers: UnsafePointer<Int32>
    let shifts: UnsafePointer<Int8>
    let zeroPoint: Int32
    /// Whether sums have 64 bits, of int16 activations.
    let hasLongSums: Bool
    /// The largest magnitude of an input.
    let largestInput: Int64
    /// That of the input, where the bias does not hold it.
    var inputZeroPoint: Int32 = 0
    /// Channels as the kernel sees them, and those of the operator that they repeat.
    var channels: Int
    let period: Int

    /// The words are the blob offsets of weights, bias, multipliers and shifts.
    init<Word: ParameterWord>(
      _ view: OperatorRecord, weights: Word, bias: Word, multipliers: Word, shifts: Word
    ) {
      unsafe self.weights = view.data(view.parameter(weights), as: Int8.self)
      isNarrow = view.hasNarrowWeights
      unsafe biases = view.data(view.parameter(bias), as: Int32.self)
      biasStep = 1
      hasLongSums = false
      largestInput = 128
      unsafe self.multipliers = view.data(view.parameter(multipliers), as: Int32.self)
      unsafe self.shifts = view.data(view.parameter(shifts), as: Int8.self)
      channels = view.result(0).channels
      period = channels
      zeroPoint = view.result(0).zeroPoint
    }

    init(_ weighted: Weighted16) {
      let channels16 = weighted.channels()
      unsafe weights = channels16.weights
      isNarrow = false
      unsafe biases = channels16.biases
      biasStep = 2
      hasLongSums = !weighted.isNarrow
      largestInput = 32_768
      unsafe multipliers = channels16.multipliers
      unsafe shifts = channels16.shifts
      channels = weighted.view.result(0).channels
      period = channels
      zeroPoint = 0
    }

    /// Where a channel's sum starts; of 64 bits the lower half.
    func bias(_ channel: Int) -> Int32 { unsafe biases[channel &* biasStep] }
    /// The same of 64 bits.
    func longBias(_ channel: Int) -> Int64 {
      unsafe joined(UInt32(bitPattern: biases[2 &* channel]), biases[2 &* channel &+ 1])
    }

    /// The weight at an index of the operator's.
    @inline(__always)
    func weight(_ index: Int) -> Int32 {
      guard isNarrow else { return unsafe Int32(weights[index]) }
      let pair = unsafe weights[index &>> 1]
      return Int32(index & 1 == 0 ? (pair &<< 4) &>> 4 : pair &>> 4)
    }

    /// The multiplier of a channel. That of 0 may have any shift.
    func multiplier(_ channel: Int) -> FixedPointMultiplier {
      let multiplier = unsafe multipliers[channel]
      return unsafe FixedPointMultiplier(
        multiplier: multiplier, shift: multiplier == 0 ? -1 : Int32(shifts[channel]))
    }

    /// Whether every channel's scale shrinks.
    var hasOnlyRightShifts: Bool {
      for channel in 0..<period where multiplier(channel).shift >= 0 { return false }
      return true
    }
  }

  extension X86Workspace {
    /// Writes the constants of a vector whose lanes are the channels that `channel` names, if any;
    /// see octet_x86.h.
    private func writeConstants(
      _ patch: X86Patch, _ parameters: X86Parameters, isRectified: Bool, at offset: Int,
      channel: (Int) -> Int
    ) {
      for lane in 0..<lanes {
        if parameters.hasLongSums {
          let isStored = channel(lane) < parameters.channels
          writeLongConstants(
            parameters, isStored ? channel(lane) % parameters.period : nil, at: offset, lane: lane)
          continue
        }
        if channel(lane) >= parameters.channels {
          // A lane that is not stored.
          writeConstants(
            at: offset, lane: lane, bias: 0, by: .init(multiplier: 0, shift: -1), 0,
            isRectified: isRectified)
          continue
        }
        let channel = channel(lane) % parameters.period
        // AVX-512 counts elements from −128.
        let correction = elementsPerWord == 2 ? 0 : 128 &* sum(patch, parameters, channel)
        writeConstants(
          at: offset, lane: lane,
          bias: parameters.bias(channel) &- correction &- parameters.inputZeroPoint
            &* sum(patch, parameters, channel),
          by: parameters.multiplier(channel), parameters.zeroPoint, isRectified: isRectified)
      }
    }

    /// Writes one lane of the constants; see octet_x86.h.
    func writeConstants(
      at offset: Int, lane: Int, bias: Int32, by: FixedPointMultiplier, _ zeroPoint: Int32,
      isRectified: Bool = false
    ) {
      guard let base = unsafe base else { return }
      let start = unsafe base + offset
      let words = unsafe start.assumingMemoryBound(to: Int32.self)
      let shift = Int64(max(0, -by.shift))
      func store(_ row: Int, _ value: Int32) { unsafe words[row &* lanes &+ lane] = value }
      store(OCTET_X86_BIAS, bias)
      store(OCTET_X86_MULTIPLIER, by.multiplier)
      let before = (OCTET_X86_MULTIPLIER &+ 1) &* lanes &+ (lane & ~1)
      unsafe words[before &+ (lane & 1 == 1 ? 0 : 1)] = lane & 1 == 1 ? by.multiplier : 0
      let rounding: Int64 = (1 << 30) + (shift > 0 ? 1 << (30 + shift) : 0)
      unsafe start.storeBytes(
        of: isRectified ? rounding : 2 * rounding,
        toByteOffset: (OCTET_X86_OFFSET &+ lane & 1) &* vectorByteCount &+ lane / 2 &* 8,
        as: Int64.self)
      store(OCTET_X86_SHIFT, Int32(isRectified ? shift - 1 : shift))
      store(OCTET_X86_ZERO, zeroPoint)
      store(OCTET_X86_LEFT_SHIFT, isRectified ? 0 : max(0, by.shift) &+ 1)
      store(OCTET_X86_TIE, isRectified || shift == 0 ? 0 : -1)
    }

    /// Whether no sum outgrows the doubling and the left shift that come before its product.
    private func leavesRoom(_ patch: X86Patch, _ parameters: X86Parameters) -> Bool {
      for channel in 0..<parameters.period {
        // A value, or its distance from a zero point that is not folded into the bias.
        let largest = parameters.inputZeroPoint == 0 ? parameters.largestInput : 255
        let most =
          Int64(parameters.bias(channel).magnitude)
          + largest * weightSum(patch, parameters, channel)
        if most >= 1 << (30 - max(0, parameters.multiplier(channel).shift)) { return false }
      }
      return true
    }

    /// The magnitudes of a channel's weights.
    func weightSum(_ patch: X86Patch, _ parameters: X86Parameters, _ channel: Int) -> Int64 {
      var sum: Int64 = 0
      for run in 0..<patch.runCount {
        for index in 0..<patch.count {
          let weight = patch.weight(channel: channel, run: run, index: index)
          sum += Int64(parameters.weight(weight).magnitude)
        }
      }
      return sum
    }

    private func sum(_ patch: X86Patch, _ parameters: X86Parameters, _ channel: Int) -> Int32 {
      var sum: Int32 = 0
      for run in 0..<patch.runCount {
        for index in 0..<patch.count {
          let weight = patch.weight(channel: channel, run: run, index: index)
          sum &+= parameters.weight(weight)
        }
      }
      return sum
    }

    /// Packs weights, constants and taps behind `layer` and writes it; its offset. The shared parts
    /// have `imageCount` elements and `scratchByteCount` bytes.
    ///
    /// Nil, so that the portable kernel runs, where a small file would ask for much memory: padding
    /// far beyond the input, rows of thousands of pooled sums.
    mutating func add(
      _ layer: X86Layer, _ patch: X86Patch, _ parameters: X86Parameters,
      imageCount: Int, scratchByteCount: Int
    ) -> Int? {
      let inputCount = layer.batch &* Int(layer.kernel.height) &* Int(layer.kernel.row_count)
      let isRectified = layer.kernel.is_rectified != 0
      guard imageCount <= 8 &* inputCount &+ 1 << 20, scratchByteCount <= 1 << 20,
        parameters.hasLongSums
          ? parameters.hasShortMultipliers : isRectified || leavesRoom(patch, parameters)
      else { return nil }
      let packing = X86Packing(layer, patch, parameters)
      if isProbe {
        probed = packing
        return nil
      }
      // Otherwise each band would ask for memory of its own.
      if let source, source.packing != packing { return nil }
      share(
        imageByteCount: imageCount &* elementByteCount &+ 64, scratchByteCount: scratchByteCount)
      let parts = layer.isOnePixel ? Int(OCTET_X86_PARTS) : 1
      let wordCount = (patch.wordCount(self) &+ parts &- 1) / parts &* parts
      let isNarrow = layer.kind == .narrow
      let place = reserve(MemoryLayout<X86Layer>.size)
      if let source {
        addBand(layer, of: source.place, at: place)
        return place
      }
      let taps = reserve(4 &* wordCount)
      var laneCount = 0
      forEachBlock(of: parameters.channels, layer) { _, count in laneCount &+= count }
      // Vectors of constants; a narrow layer repeats each in every lane.
      let vectorCount = isNarrow ? laneCount : laneCount / lanes
      let weights = reserve(4 &* laneCount &* wordCount)
      let constants = reserve(
        vectorCount &* OCTET_X86_CONSTANTS &* vectorByteCount)
      guard let base = unsafe base else { return place }
      // Words that make up whole parts have weights of 0.
      unsafe (base + taps).initializeMemory(as: UInt8.self, repeating: 0, count: 4 &* wordCount)
      unsafe (base + weights).initializeMemory(
        as: UInt8.self, repeating: 0, count: 4 &* laneCount &* wordCount)
      writeTaps(patch, at: taps)
      writeWeights(patch, parameters, layer, at: weights, wordCount: wordCount)
      for vector in 0..<vectorCount {
        writeConstants(
          patch, parameters, isRectified: isRectified,
          at: constants &+ vector &* OCTET_X86_CONSTANTS &* vectorByteCount
        ) { isNarrow ? vector : vector &* lanes &+ $0 }
      }
      var layer = layer
      layer.weights = weights &- place
      layer.constants = constants &- place
      layer.scratch = scratchOffset &- place
      layer.kernel.word_count = Int32(wordCount)
      layer.kernel.run_word_count = Int32(
        parameters.hasLongSums ? runWordCount(patch, parameters, of: wordCount) : wordCount)
      layer.kernel.taps = Int64(taps &- place)
      layer.kernel.image = Int64(imageOffset &- place)
      unsafe base.storeBytes(of: layer, toByteOffset: place, as: X86Layer.self)
      return place
    }

    /// Writes a layer whose weights, constants and taps are those of the layer at `source`.
    private func addBand(_ layer: X86Layer, of source: Int, at place: Int) {
      guard let base = unsafe base else { return }
      let first = unsafe base.load(fromByteOffset: source, as: X86Layer.self)
      var layer = layer
      let distance = source &- place
      layer.weights = first.weights &+ distance
      layer.constants = first.constants &+ distance
      layer.scratch = scratchOffset &- place
      layer.kernel.word_count = first.kernel.word_count
      layer.kernel.run_word_count = first.kernel.run_word_count
      layer.kernel.taps = first.kernel.taps &+ Int64(distance)
      layer.kernel.image = Int64(imageOffset &- place)
      unsafe base.storeBytes(of: layer, toByteOffset: place, as: X86Layer.self)
    }

    /// Calls `body` with the first channel and the number of channels of each block, whole vectors;
    /// of a narrow layer all channels are one.
    func forEachBlock(
      of channels: Int, _ layer: X86Layer, _ body: (Int, Int) -> Void
    ) {
      if layer.kind == .narrow { return body(0, channels) }
      layer.forEachBlock(of: channels) { body($0, $1 &* lanes) }
    }

    private func writeTaps(_ patch: X86Patch, at offset: Int) {
      guard let base = unsafe base else { return }
      var next = unsafe (base + offset).assumingMemoryBound(to: Int32.self)
      patch.forEachWord(self) { run, word in
        unsafe next.pointee = Int32(patch.tap(run: run, word: word))
        unsafe next += 1
      }
    }

    private func writeWeights(
      _ patch: X86Patch, _ parameters: X86Parameters, _ layer: X86Layer, at offset: Int,
      wordCount: Int
    ) {
      guard let base = unsafe base else { return }
      let start = unsafe (base + offset).assumingMemoryBound(to: UInt32.self)
      forEachBlock(of: parameters.channels, layer) { first, width in
        var next = unsafe start + first &* wordCount
        patch.forEachWord(self) { run, word in
          for lane in 0..<width {
            let channel = first &+ lane
            unsafe next.pointee =
              channel < parameters.channels
              ? packed(patch, parameters, channel: channel, run: run, word: word) : 0
            unsafe next += 1
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
        let position = patch.weight(
          channel: channel % parameters.period, run: run, index: index)
        let value =
          UInt32(bitPattern: parameters.weight(position)) & (bitCount == 8 ? 0xFF : 0xFFFF)
        bits |= value << UInt32(bitCount &* (index &- first))
      }
      return bits
    }
  }

#endif
