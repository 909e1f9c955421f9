import OctetCompiler
import OctetRuntime

/// Weights in the form that Cortex-M4 and M7 multiply fastest, which an image holds beside its
/// blob: of convolutions as int16, two taps a word and four channels in turn, or two where patches
/// are small and a pool is 2 × 2; of 3 × 3 kernels with stride 1 transformed for Winograd's
/// F(2 × 2, 3 × 3); and of fully connected layers four columns of four rows in turn.
/// Convolution+Prepared.swift has the format of the table.
struct PreparedLayers {
  /// The table, as words.
  private(set) var words: [Int32] = []
  private var forms: Set<PreparedLayer.Form> = []
  /// Whether they are all convolutions that the model has.
  private var haveAllConvolutions = false

  var byteCount: Int { 4 * words.count }
  var bytes: [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
  /// What their kernels are compiled for.
  var conditions: [String] {
    (words.isEmpty ? [] : ["OCTET_PREPARED"])
      + (haveAllConvolutions ? ["OCTET_ALL_PREPARED"] : []) + forms.map(\.rawValue).sorted()
  }

  /// Those layers of `model` that save most cycles a byte, in at most `byteCount` bytes. Code for
  /// another form is worth it when its layers save a twentieth of an inference.
  ///
  /// - Parameter takesAll: whether every form is worth it; for tests.
  init(_ model: LoadedModel, atMost byteCount: Int, takesAll: Bool) {
    var chosen: [PreparedLayer] = []
    var left = byteCount - 8
    let operators = (0..<model.operatorCount).map(model.operator)
    let whole = operators.reduce(0) { $0 + Double($1.macCount) } * PreparedLayer.usualCycles
    let layers = operators.indices.compactMap { PreparedLayer(model, operator: $0) }
    let saved = Dictionary(grouping: layers, by: \.form.code).mapValues { layers in
      layers.reduce(0) { $0 + $1.savedCycles }
    }
    for layer in layers.sorted(by: { $0.savedPerByte > $1.savedPerByte })
    where (takesAll || saved[layer.form.code, default: 0] * 20 >= whole) && layer.byteCount <= left
    {
      chosen.append(layer)
      left -= layer.byteCount
    }
    guard !chosen.isEmpty else { return }
    chosen.sort { $0.view.offset < $1.view.offset }
    words = [Int32(bitPattern: model.checksum), Int32(chosen.count)]
    var start = words.count + 4 * chosen.count
    for layer in chosen {
      words += [layer.view.offset, start, layer.scratchOffset, layer.flags].map { Int32($0) }
      start += layer.wordCount
    }
    for layer in chosen { words += layer.words() }
    forms = Set(chosen.map(\.form))
    let offsets = Set(chosen.map(\.view.offset))
    haveAllConvolutions = operators.allSatisfy {
      $0.kind?.widened != .convolution || offsets.contains($0.offset)
    }
  }
}

/// A layer whose weights can be prepared.
private struct PreparedLayer {
  /// What they are prepared for, as the kernel's compile condition.
  enum Form: String {
    /// Convolutions whose results one leaf makes, with any zero point and with the least; others.
    case widened = "OCTET_WIDENED"
    case rectified = "OCTET_RECTIFIED"
    case summed = "OCTET_SUMMED"
    /// Convolutions with a pool of 2 × 2 and small patches; others with one.
    case windowed = "OCTET_WINDOWED"
    case paired = "OCTET_PAIRED"
    case transformed = "OCTET_TRANSFORMED"
    case connected = "OCTET_CONNECTED"

    /// The one whose code it shares but for a leaf.
    var code: Form { self == .rectified ? .widened : self }
  }

  let view: OperatorView
  let form: Form
  /// Where the kernel's scratch memory lies in the arena.
  let scratchOffset: Int
  private let channelCount: Int
  private let outputCount: Int
  /// Weights of an output channel.
  private let depth: Int
  /// Their order, of a convolution.
  private let taps: PreparedTaps?
  private let weights: [Int8]
  private let biases: [Int32]
  private let multipliers: [Int32]
  private let shifts: [Int8]
  /// Whether all channels have a multiplier of at least 1/2 and a shift to the right, and results
  /// are clamped to all of int8: what `octet_finish_prepared` takes.
  private let isPlain: Bool

  /// Nil when no kernel takes the operator, or the arena has no room for what it needs.
  init?(_ model: LoadedModel, operator index: Int) {
    let view = model.operator(index)
    switch view.kind {
    case .convolution, .convolution4:
      self.init(convolution: view, free: Self.freeBytes(model, index), model)
    case .fullyConnected: self.init(fullyConnected: view, model)
    default: return nil
    }
  }

  private init?(convolution view: OperatorView, free: Range<Int>, _ model: LoadedModel) {
    typealias Word = Convolution.Word
    func value(_ word: Word) -> Int { Int(view.parameter(word)) }
    let windowCount = value(.poolHeight) * value(.poolWidth)
    // Pixels are taken by twos: one alone would be computed twice.
    let isAlone = windowCount == 1 && view.output(0).elementCount == view.output(0).channels
    guard windowCount <= 4, value(.groups) == 1, !isAlone else { return nil }
    let input = view.input(0)
    let depth = value(.kernelHeight) * value(.kernelWidth) * input.channels
    let taps = PreparedTaps(view.record)
    // Few channels of a dilated kernel would be multiplied with more zeros.
    guard 2 * taps.count <= 3 * (depth + 4) else { return nil }
    var scratchByteCount = 0
    self.init(Word.self, view, depth: depth, taps, model, at: free.lowerBound) { layer in
      let steps: [Word] = [
        .strideHeight, .strideWidth, .dilationHeight, .dilationWidth, .poolStrideHeight,
        .poolStrideWidth,
      ]
      let fixedByteCount = Convolution.bandByteCount(view.record)
      if windowCount > 1 {
        scratchByteCount = fixedByteCount + WindowTaps(view.record).scratchByteCount
        if value(.poolHeight) == 2, value(.poolWidth) == 2, value(.dilationWidth) == 1,
          value(.strideHeight) == value(.dilationHeight), layer.isPlain, layer.outputCount > 1,
          scratchByteCount <= free.count
        {
          return .windowed
        }
        scratchByteCount =
          fixedByteCount + 4 * (((taps.count + 7) & ~7) + 10 + (layer.outputCount + 3) & ~3)
        return .paired
      }
      let isSquare = value(.kernelHeight) == 3 && value(.kernelWidth) == 3
      scratchByteCount = 4 * (16 * (input.channels + 9) + 1) + input.channels * (1 + input.width)
      if isSquare, steps.allSatisfy({ value($0) == 1 }), input.channels % 8 == 0,
        layer.fitsFourfold, scratchByteCount <= free.count
      {
        return .transformed
      }
      scratchByteCount = fixedByteCount + 28 + 4 * (((taps.count + 7) & ~7) + 10)
      guard layer.isPlain, layer.outputCount >= 4 else { return .summed }
      return view.output(0).zeroPoint == -128 ? .rectified : .widened
    }
    guard scratchByteCount <= free.count else { return nil }
  }

  private init?(fullyConnected view: OperatorView, _ model: LoadedModel) {
    typealias Word = FullyConnected.Word
    let outputCount = view.output(0).channels
    let input = view.input(0)
    let depth = input.elementCount / (view.output(0).elementCount / outputCount)
    // Up to 15 values after the last are read.
    let end = input.dataOffset + input.elementCount + (0 &- depth) & 15
    // Where the image has the leaf of short rows, that is as fast but for long rows without zeros.
    let hasLeaf = (0..<model.operatorCount).contains {
      !FullyConnected.variants(model.operator($0).record).isEmpty
    }
    guard outputCount >= 4, !hasLeaf || depth > FullyConnected.shallowDepth && depth % 16 == 0,
      view.parameter(Word.weightZeroPoint) == 0, !input.isConstant, end <= model.arenaByteCount
    else { return nil }
    self.init(Word.self, view, depth: depth, nil, model, at: 0) { _ in .connected }
    guard isPlain else { return nil }
  }

  private struct Data {
    var depth: Int
    var outputCount: Int
    var isPlain: Bool
    var weights: [Int8]
    var biases: [Int32]

    /// Whether four times each sum is an int32.
    var fitsFourfold: Bool {
      biases.indices.allSatisfy { channel in
        let row = weights[channel * depth..<(channel + 1) * depth]
        let bound = row.reduce(abs(Int(biases[channel]))) { $0 + 128 * abs(Int($1)) }
        return bound < 1 << 29
      }
    }
  }

  private init<Word: WeightWord & ClampWord>(
    _: Word.Type, _ view: OperatorView, depth: Int, _ taps: PreparedTaps?, _ model: LoadedModel,
    at scratchOffset: Int, form: (Data) -> Form
  ) {
    func bytes(_ word: Word, _ byteCount: Int) -> ArraySlice<UInt8> {
      let start = Int(view.parameter(word))
      return model.blob.bytes[start..<start + byteCount]
    }
    self.view = view
    self.depth = depth
    self.taps = taps
    self.scratchOffset = scratchOffset
    let count = view.output(0).channels
    outputCount = count
    channelCount = view.input(0).channels
    weights = view.weightCodes(
      model.blob.bytes, at: Int(view.parameter(Word.weights)), count: depth * count)
    biases = bytes(Word.bias, 4 * count).littleEndianWords
    multipliers = bytes(Word.multipliers, 4 * count).littleEndianWords
    shifts = bytes(Word.shifts, count).map { Int8(bitPattern: $0) }
    isPlain =
      view.parameter(Word.lower) == -128 && view.parameter(Word.upper) == 127
      && zip(multipliers, shifts).allSatisfy { $0 >= 1 << 30 && $1 < 0 }
    let data = Data(
      depth: depth, outputCount: count, isPlain: isPlain, weights: weights, biases: biases)
    self.form = form(data)
  }

  /// The largest run of the arena that nothing lives in while the operator runs, from a multiple of
  /// 16 on.
  private static func freeBytes(_ model: LoadedModel, _ index: Int) -> Range<Int> {
    let taken = (0..<model.tensorCount).map(model.tensor).filter {
      !$0.isConstant && $0.firstUse <= index && index <= $0.lastUse
    }.map { $0.dataOffset..<$0.dataOffset + $0.byteCount }
      .sorted { $0.lowerBound < $1.lowerBound }
    var best = 0..<0
    var start = 0
    let end = model.arenaByteCount
    for range in taken + [end..<end] {
      if range.lowerBound - start > best.count { best = start..<range.lowerBound }
      start = max(start, (range.upperBound + 15) & ~15)
    }
    return best
  }

  // MARK: Cost

  /// Channels whose weights take turns.
  private var groupSize: Int { form == .windowed ? 2 : 4 }
  /// Groups of them; fully connected, without those that are left.
  private var groupCount: Int {
    (form == .connected ? outputCount : outputCount + groupSize - 1) / groupSize
  }

  /// Places for taps.
  private var tapCount: Int {
    let count = taps?.count ?? depth
    return form == .summed || form == .paired ? (count + 7) & ~7 : count
  }

  /// Words of the weights, with the sums that they begin with.
  var wordCount: Int {
    switch form {
    case .widened, .rectified: return groupCount * (4 + 2 * tapCount + 8 + 1)
    case .summed, .paired: return groupCount * (4 + 2 * tapCount)
    case .windowed: return groupCount * (2 + 2 * WindowTaps(view.record).count + 4 + 1)
    case .transformed: return groupCount * (16 * (4 + 2 * channelCount) + 8)
    case .connected: return groupCount * (4 + ((depth + 15) & ~15) + 8 + 1)
    }
  }

  var byteCount: Int { 4 * (wordCount + 4) }

  /// Cycles of a multiply-add without preparation, as measured on the networks of MLPerf Tiny.
  static let usualCycles = 1.9

  /// Cycles that it saves of an inference, as measured there.
  var savedCycles: Double {
    let saved =
      switch form {
      case .widened, .rectified, .summed: 0.5
      case .transformed, .paired: 1.0
      case .windowed: 2.0
      case .connected: 0.4
      }
    return Double(view.macCount) * saved
  }

  var savedPerByte: Double { savedCycles / Double(byteCount) }

  // MARK: Words

  var flags: Int {
    (form == .transformed ? 1 : 0) + (isPlain && form != .summed ? 2 : 0)
      + (form == .windowed ? 4 : 0)
  }

  /// Fours of which one leaf makes the results stand behind one another; the second one overlaps
  /// the first where channels are no multiple of four.
  private func channel(_ group: Int, _ row: Int) -> Int {
    row
      + (isOverlapping && group > 0
        ? outputCount - groupSize * (groupCount - group) : groupSize * group)
  }

  private var isOverlapping: Bool {
    form == .widened || form == .rectified || form == .windowed
  }

  /// Channels from a four to the next; at the end 0.
  private func step(_ group: Int) -> Int32 {
    group + 1 < groupCount ? Int32(channel(group + 1, 0) - channel(group, 0)) : 0
  }

  func words() -> [Int32] {
    (0..<groupCount).flatMap { group in
      switch form {
      case .widened, .rectified: widened(group) + scales(group) + [step(group)]
      case .summed, .paired: widened(group)
      case .windowed: windowed(group) + scales(group) + [step(group)]
      case .transformed: transformed(group) + scales(group)
      case .connected:
        connected(group) + scales(group)
          + [group + 1 < groupCount ? Int32((depth + 15) & ~15) : 0]
      }
    }
  }

  private func scales(_ group: Int) -> [Int32] {
    (0..<groupSize).flatMap { row -> [Int32] in
      let channel = channel(group, row)
      return channel < outputCount ? [multipliers[channel] << 1, ~Int32(shifts[channel])] : [0, 0]
    }
  }

  /// Four columns of a row a word.
  private func connected(_ group: Int) -> [Int32] {
    bias(group)
      + stride(from: 0, to: (depth + 15) & ~15, by: 4).flatMap { first in
        (0..<4).map { row in
          (0..<4).reversed().reduce(0) { word, column in
            let weight =
              first + column < depth ? weights[(4 * group + row) * depth + first + column] : 0
            return word << 8 | Int32(UInt8(bitPattern: weight))
          }
        }
      }
  }

  /// Two int16, the first the lower.
  private func pair(_ a: Int, _ b: Int) -> Int32 {
    Int32(bitPattern: UInt32(truncatingIfNeeded: a) & 0xFFFF | UInt32(truncatingIfNeeded: b) << 16)
  }

  /// Values 0 and 2 of each four, then 1 and 3, as `octet_widen_even` and `octet_widen_odd` have
  /// them; of four rows in turn.
  private func interleaved(_ count: Int, _ value: (_ row: Int, _ index: Int) -> Int) -> [Int32] {
    stride(from: 0, to: count, by: 4).flatMap { first in
      (0..<2).flatMap { half in
        (0..<4).map { row in pair(value(row, first + half), value(row, first + half + 2)) }
      }
    }
  }

  private func bias(_ group: Int) -> [Int32] {
    (0..<groupSize).map { row in
      let channel = channel(group, row)
      return channel < outputCount ? biases[channel] : 0
    }
  }

  private func widened(_ group: Int) -> [Int32] {
    bias(group)
      + interleaved(tapCount) { row, place in
        let channel = channel(group, row)
        guard channel < outputCount, let tap = taps?.tap(at: place) else { return 0 }
        return Int(weights[channel * depth + tap])
      }
  }

  private func windowed(_ group: Int) -> [Int32] {
    let taps = WindowTaps(view.record)
    return bias(group)
      + (0..<taps.count).flatMap { word in
        (0..<2).map { row in
          let row = depth * channel(group, row)
          let values = (0..<2).map { half in
            taps.tap(word: word, half: half).map { Int(weights[row + $0]) } ?? 0
          }
          return pair(values[0], values[1])
        }
      }
  }

  /// 2G · w · 2Gᵀ of each channel, place by place; four times the bias at place (1, 1).
  private func transformed(_ group: Int) -> [Int32] {
    let matrix = [[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]
    return (0..<16).flatMap { place in
      let (upper, left) = (matrix[place / 4], matrix[place % 4])
      return (place == 5 ? bias(group).map { 4 &* $0 } : [0, 0, 0, 0])
        + interleaved(channelCount) { row, index in
          let channel = 4 * group + row
          guard channel < outputCount else { return 0 }
          return (0..<9).reduce(0) { sum, tap in
            let weight = Int(weights[channel * depth + tap * channelCount + index])
            return sum + upper[tap / 3] * left[tap % 3] * weight
          }
        }
    }
  }
}
