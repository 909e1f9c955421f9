// Weights of four bits: two a byte, the first of them in the lower half, from −8 to 7.
//
// Kernels multiply int8. An operator's weights are widened to that in scratch memory before they
// run: all of them, or where that is much, some output channels after the others, of which each
// time the whole input is read. AVX2 and AVX-512 widen them once, as they pack them.

extension OperatorKind {
  /// Whether the weights have four bits.
  package var hasNarrowWeights: Bool {
    self == .convolution4 || self == .fullyConnected4 || self == .depthwiseConvolution4
  }

  /// The kind of the same layer with weights of four bits, or itself.
  package var narrowed: OperatorKind {
    switch self {
    case .convolution: .convolution4
    case .fullyConnected: .fullyConnected4
    case .depthwiseConvolution: .depthwiseConvolution4
    default: self
    }
  }

  /// The kind of the same layer with weights of int8, or itself.
  package var widened: OperatorKind {
    switch self {
    case .convolution4: .convolution
    case .fullyConnected4: .fullyConnected
    case .depthwiseConvolution4: .depthwiseConvolution
    default: self
    }
  }
}

extension OperatorRecord {
  /// Whether the weights have four bits.
  package var hasNarrowWeights: Bool {
    #if OCTET_SELECT && !OCTET_INT4
      false
    #else
      kind?.hasNarrowWeights ?? false
    #endif
  }

  /// Bytes that `count` weights of the operator take in the blob.
  package func weightByteCount(_ count: Int) -> Int {
    hasNarrowWeights ? (count &+ 1) &>> 1 : count
  }

  /// The weight at `index` of those from blob offset `start` on.
  func weight(_ start: Int, _ index: Int) -> Int8 {
    guard hasNarrowWeights else { return Int8(bitPattern: blob.byte(start &+ index)) }
    let pair = Int8(bitPattern: blob.byte(start &+ index &>> 1))
    return index & 1 == 0 ? (pair &<< 4) &>> 4 : pair &>> 4
  }
}

/// Output channels of which a kernel has the weights as int8.
@safe struct WeightBlock {
  // Safety: the plan has room for a block in an operator's scratch memory.
  /// Those of `first`.
  let weights: UnsafePointer<Int8>
  /// The first channel, and the channels of each group.
  let first: Int
  let count: Int
  /// Groups that the block has channels of.
  let groups: Range<Int>

  fileprivate init(_ weights: UnsafePointer<Int8>, first: Int, count: Int, groups: Range<Int>) {
    unsafe self.weights = weights
    self.first = first
    self.count = count
    self.groups = groups
  }
}

/// How the narrow weights of an operator are cut into blocks.
struct WeightBlocks {
  /// Weights of a channel, channels of a group, and groups.
  let patchCount: Int
  let channelCount: Int
  let groupCount: Int
  /// Channels of a block, of one group or of all.
  let blockCount: Int

  /// Bytes beyond which weights are cut.
  private static let byteLimit = 4096

  /// - Parameter least: channels of a block at least, unless there are fewer.
  init(patchCount: Int, channels: Int, groups: Int = 1, least: Int) {
    self.patchCount = patchCount
    channelCount = channels / groups
    groupCount = groups
    let most = max(least, (Self.byteLimit / max(patchCount, 1)) & ~3)
    blockCount = channels <= most ? channels : min(most, channelCount)
  }

  /// Whether all weights are one block.
  var isWhole: Bool { blockCount == channelCount &* groupCount }

  /// Bytes of scratch memory, with one before a block that starts in a byte's middle and what
  /// kernels read beyond. Nil past the limits.
  var checkedByteCount: Int? {
    product(patchCount, blockCount, limit: BlobLimits.elementCount)
      .map { ($0 &+ 1 &+ BlobLimits.overreadByteCount &+ 15) & ~15 }
  }
  var byteCount: Int { checkedByteCount ?? 0 }

  /// The block after `block`, widened to `scratch`; the first one after nil.
  @inline(never)
  func next(
    after block: WeightBlock?, _ source: UnsafePointer<UInt8>, _ scratch: UnsafeMutableRawPointer
  ) -> WeightBlock? {
    let target = unsafe scratch.assumingMemoryBound(to: Int8.self)
    if isWhole {
      guard block == nil else { return nil }
      unsafe widen(source, count: patchCount &* blockCount, to: target)
      return unsafe WeightBlock(
        UnsafePointer(target), first: 0, count: channelCount, groups: 0..<groupCount)
    }
    let first = block.map { $0.first &+ $0.count } ?? 0
    guard first < channelCount &* groupCount else { return nil }
    let group = first / channelCount
    let count = min(blockCount, (group &+ 1) &* channelCount &- first)
    let start = first &* patchCount
    let skipped = start & 1
    unsafe widen(source + start &>> 1, count: count &* patchCount &+ skipped, to: target)
    return unsafe WeightBlock(
      UnsafePointer(target + skipped), first: first, count: count, groups: group..<group &+ 1)
  }
}

/// Widens `count` weights of four bits to int8, the first in the lower half of the first byte. It
/// may read 16 bytes beyond and write 15 more weights.
private func widen(
  _ source: UnsafePointer<UInt8>, count: Int, to target: UnsafeMutablePointer<Int8>
) {
  var from = unsafe UnsafeRawPointer(source)
  var to = UnsafeMutableRawPointer(target)
  let end = unsafe to + count
  #if arch(x86_64) || arch(arm64)
    while unsafe to < end {
      unsafe to.storeBytes(
        of: sixteen(unsafe from.loadUnaligned(as: SIMD8<UInt8>.self)), as: SIMD16<UInt8>.self)
      unsafe from += 8
      unsafe to += 16
    }
  #else
    while unsafe to < end {
      let word = unsafe from.loadUnaligned(as: UInt32.self)
      unsafe to.storeBytes(of: four(word & 0xFFFF), as: UInt32.self)
      unsafe (to + 4).storeBytes(of: four(word &>> 16), as: UInt32.self)
      unsafe from += 4
      unsafe to += 8
    }
  #endif
}

#if arch(x86_64) || arch(arm64)
  /// Eight pairs, widened.
  @inline(__always)
  private func sixteen(_ pairs: SIMD8<UInt8>) -> SIMD16<UInt8> {
    var halves = SIMD16<UInt8>()
    halves.evenHalf = pairs & 15
    halves.oddHalf = pairs &>> 4
    // −8 to 7 from 8 to 15 and 0 to 7.
    return (halves ^ 8) &- 8
  }
#else
  /// The four weights of 16 bits, one a byte.
  @inline(__always)
  private func four(_ pairs: UInt32) -> UInt32 {
    let bytes = (pairs | pairs &<< 8) & 0x00FF_00FF
    let halves = (bytes | bytes &<< 4) & 0x0F0F_0F0F
    // −8 to 7 from 8 to 15 and 0 to 7: nothing is carried from byte to byte.
    return ((halves ^ 0x0808_0808) &+ 0x7878_7878) ^ 0x8080_8080
  }
#endif
