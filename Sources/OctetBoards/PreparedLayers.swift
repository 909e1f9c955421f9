import OctetCompiler
import OctetRuntime

/// Weights of convolutions in the form that Cortex-M4 and M7 multiply fastest, which an image holds
/// beside its blob: as int16, two taps a word and four channels in turn, and of 3 × 3 kernels with
/// stride 1 transformed for Winograd's F(2 × 2, 3 × 3). Convolution+Prepared.swift has the format.
struct PreparedLayers {
  /// The table, as words.
  private(set) var words: [Int32] = []
  private(set) var hasWidened = false
  private(set) var hasTransformed = false

  var byteCount: Int { 4 * words.count }
  var bytes: [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
  /// What their kernels are compiled for.
  var conditions: [String] {
    (words.isEmpty ? [] : ["OCTET_PREPARED"]) + (hasWidened ? ["OCTET_WIDENED"] : [])
      + (hasTransformed ? ["OCTET_TRANSFORMED"] : [])
  }

  /// Those layers of `model` that save most cycles a byte, in at most `byteCount` bytes.
  init(_ model: LoadedModel, atMost byteCount: Int) {
    var chosen: [PreparedLayer] = []
    var left = byteCount - 8
    let layers = (0..<model.operatorCount).compactMap { PreparedLayer(model, operator: $0) }
    for layer in layers.sorted(by: { $0.savedPerByte > $1.savedPerByte })
    where layer.byteCount <= left {
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
    hasTransformed = chosen.contains(where: \.isTransformed)
    hasWidened = !chosen.allSatisfy(\.isTransformed)
  }
}

/// A convolution whose weights can be prepared.
private struct PreparedLayer {
  typealias Word = Convolution.Word

  let view: OperatorView
  let isTransformed: Bool
  /// Where the kernel's scratch memory lies in the arena.
  let scratchOffset: Int
  private let channelCount: Int
  private let outputCount: Int
  /// Taps of an output channel.
  private let depth: Int
  private let weights: [Int8]
  private let biases: [Int32]
  private let multipliers: [Int32]
  private let shifts: [Int8]

  /// Nil when no kernel takes the operator, or the arena has no room for what it needs.
  init?(_ model: LoadedModel, operator index: Int) {
    view = model.operator(index)
    guard view.kind == .convolution else { return nil }
    let value = { [view] (word: Word) in Int(view.parameter(word)) }
    let isPooled = value(.poolHeight) * value(.poolWidth) > 1
    guard !isPooled, value(.groups) == 1 else { return nil }
    channelCount = view.input(0).channels
    outputCount = view.output(0).channels
    let taps = value(.kernelHeight) * value(.kernelWidth)
    depth = taps * channelCount
    let data = model.blob.bytes
    weights = data[value(.weights)...].prefix(depth * outputCount).map { Int8(bitPattern: $0) }
    biases = data[value(.bias)...].prefix(4 * outputCount).littleEndianWords
    multipliers = data[value(.multipliers)...].prefix(4 * outputCount).littleEndianWords
    shifts = data[value(.shifts)...].prefix(outputCount).map { Int8(bitPattern: $0) }
    let steps: [Word] = [.strideHeight, .strideWidth, .dilationHeight, .dilationWidth]
    let strides: [Word] = [.poolStrideHeight, .poolStrideWidth]
    let isTransformable =
      value(.kernelHeight) == 3 && value(.kernelWidth) == 3
      && (steps + strides).allSatisfy { value($0) == 1 } && channelCount % 8 == 0
      && Self.fitFourfold(weights, biases, depth: depth)
    let free = Self.freeBytes(model, index)
    let input = view.input(0)
    if isTransformable {
      let needed = 4 * (16 * (channelCount + 9) + 1) + channelCount * (1 + input.width)
      if needed <= free.count {
        (isTransformed, scratchOffset) = (true, free.lowerBound)
        return
      }
    }
    let padded = (depth + 7) & ~7
    let band = Convolution.bandByteCount(view.record)
    let needed = band + 4 * (padded + 10) + 2 * padded
    guard needed <= free.count else { return nil }
    (isTransformed, scratchOffset) = (false, free.lowerBound)
  }

  /// Whether four times each sum is an int32.
  private static func fitFourfold(_ weights: [Int8], _ biases: [Int32], depth: Int) -> Bool {
    biases.indices.allSatisfy { channel in
      let row = weights[channel * depth..<(channel + 1) * depth]
      let bound = row.reduce(abs(Int(biases[channel]))) { $0 + 128 * abs(Int($1)) }
      return bound < 1 << 29
    }
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

  private var groupCount: Int { (outputCount + 3) / 4 }

  /// Words of the weights, with the sums that they begin with.
  var wordCount: Int {
    let padded = (depth + 7) & ~7
    return groupCount * (8 + (isTransformed ? 16 * (4 + 2 * channelCount) : 4 + 2 * padded))
  }

  var byteCount: Int { 4 * (wordCount + 4) }

  /// Cycles that it saves of an inference, for each byte.
  var savedPerByte: Double {
    let cycles = Double(view.macCount) * (isTransformed ? 1 : 0.4)
    return cycles / Double(byteCount)
  }

  // MARK: Words

  /// Whether all channels have a multiplier of at least 1/2 and a shift to the right, and results
  /// are clamped to all of int8: what `octet_finish_prepared` takes.
  private var isPlain: Bool {
    view.parameter(Word.lower) == -128 && view.parameter(Word.upper) == 127
      && zip(multipliers, shifts).allSatisfy { $0 >= 1 << 30 && $1 < 0 }
  }

  var flags: Int { (isTransformed ? 1 : 0) + (isPlain ? 2 : 0) }

  func words() -> [Int32] {
    (0..<groupCount).flatMap { group in
      (isTransformed ? transformed(group) : widened(group)) + scales(group)
    }
  }

  private func scales(_ group: Int) -> [Int32] {
    (0..<4).flatMap { row -> [Int32] in
      let channel = 4 * group + row
      return channel < outputCount ? [multipliers[channel] << 1, ~Int32(shifts[channel])] : [0, 0]
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
    (0..<4).map { 4 * group + $0 < outputCount ? biases[4 * group + $0] : 0 }
  }

  private func widened(_ group: Int) -> [Int32] {
    bias(group)
      + interleaved((depth + 7) & ~7) { row, tap in
        let channel = 4 * group + row
        return channel < outputCount && tap < depth ? Int(weights[channel * depth + tap]) : 0
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
