import OctetRuntime
import TestNetworks

extension BlobParts {
  /// A convolution of any shape, sometimes depthwise, with weights of any kind.
  init(freshConvolution random: inout TestRandom) {
    let isDepthwise = random.int(0...3) == 0
    let isWide = random.int(0...19) == 0
    var input = [
      1, random.int(1...12), isWide ? random.int(40...200) : random.int(1...34), random.int(1...33),
    ]
    if random.int(0...3) == 0 { input[3] = random.int(1...2) }
    let outputs = isDepthwise ? input[3] * random.int(1...2) : random.int(1...33)
    var extents: [Int] = []
    var words: [[Int]] = []
    for axis in 1...2 {
      let kernel = random.int(1...min(5, input[axis] + 1))
      let (stride, dilation) = (random.int(1...2), random.int(0...4) == 0 ? 2 : 1)
      let padding = random.int(0...1) == 0 ? 0 : random.int(0...kernel - 1)
      let room = input[axis] + 2 * padding - (kernel - 1) * dilation - 1
      let convolved = max(0, room) / stride + 1
      let isPooled = !isDepthwise && random.int(0...1) == 0
      let pool = isPooled ? random.int(1...min(3, convolved)) : 1
      let poolStride = isPooled ? random.int(1...3) : 1
      extents.append((convolved - pool) / poolStride + 1)
      words.append([stride, dilation, padding, kernel, convolved, pool, poolStride])
    }
    func both(_ index: Int) -> [Int32] { words.map { Int32($0[index]) } }
    let patch = words[0][3] * words[1][3] * (isDepthwise ? 1 : input[3])
    data = []
    let offsets = appendConstants(&random, channels: outputs, patch: patch)
    let clamp = [Int32(random.int(-128...0)), Int32(random.int(0...127))]
    let windows = both(0) + both(1) + both(2)
    operators = [
      Operator(
        kind: (isDepthwise ? OperatorKind.depthwiseConvolution : .convolution).rawValue,
        inputs: [0], outputs: [1],
        words: isDepthwise
          ? windows + both(3) + clamp + offsets
          : windows + [1] + both(3) + both(4) + both(5) + both(6) + clamp + offsets)
    ]
    for dimensions in [input, [1, extents[0], extents[1], outputs]] {
      tensors.append(
        Tensor(
          dimensions: dimensions, rank: 4, scaleBits: Float(0.1).bitPattern,
          zeroPoint: UInt8(random.int(0...255))))
    }
    self.inputs = [0]
    self.outputs = [1]
  }

  /// Weights, biases, multipliers and shifts behind the data, and where they stand.
  private mutating func appendConstants(
    _ random: inout TestRandom, channels: Int, patch: Int
  ) -> [Int32] {
    let style = random.int(0...3)
    let weights = (0..<patch * channels).map { _ in
      switch style {
      case 0: UInt8(0x80)
      case 1: random.int(0...1) == 0 ? UInt8(0x80) : 0x7F
      default: UInt8(random.int(0...255))
      }
    }
    var offsets = [Int32(data.count)]
    data += weights + [UInt8](repeating: 0, count: BlobLimits.overreadByteCount)
    while data.count % 4 != 0 { data.append(0) }
    let room = random.int(0...3) == 0 ? Int(BlobLimits.sumMagnitude) - 128 * 128 * patch : 9999
    offsets.append(Int32(data.count))
    for _ in 0..<channels {
      data.append(word: UInt32(bitPattern: Int32(random.int(-room...room))))
    }
    offsets.append(Int32(data.count))
    for _ in 0..<channels { data.append(word: UInt32(random.int(1 << 30...(1 << 31) - 1))) }
    offsets.append(Int32(data.count))
    let most = random.int(0...9) == 0 ? 2 : 0
    for _ in 0..<channels { data.append(UInt8(truncatingIfNeeded: random.int(-14...most))) }
    data += [UInt8](repeating: 0, count: BlobLimits.overreadByteCount)
    return offsets
  }
}
