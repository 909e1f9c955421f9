import OctetRuntime
import TestNetworks

// Changes that somebody makes who knows the format.

extension BlobParts {
  mutating func mutate(_ random: inout TestRandom, other: BlobParts) {
    if random.int(0...7) == 0 {
      arithmetic = UInt32(random.int(0...7) == 0 ? 2 : random.int(0...1))
    }
    if random.int(0...3) == 0 { mutateOrigins(&random) }
    switch random.int(0...11) {
    case 0...2: mutateParameter(&random)
    case 3: mutateShape(&random)
    case 4: mutateOperands(&random)
    case 5...7: mutateConstants(&random)
    case 8: mutateQuantization(&random)
    case 9: mutateKind(&random)
    case 10: splice(&random, other)
    default: shareData(&random)
    }
  }

  /// Lines for other operators, other functions, other numbers.
  private mutating func mutateOrigins(_ random: inout TestRandom) {
    let names = [
      "relu", "leakyRelu 1e30", "clip inf -1", "prelu 1 0 3", "resize halfPixel ceil 2 1",
    ]
    if origins.isEmpty || random.int(0...1) == 0 {
      let index = random.int(0...operators.count - 1)
      origins = Array("\(index) \(names[random.int(0...names.count - 1)])\n".utf8) + origins
    } else {
      origins[random.int(0...origins.count - 1)] = UInt8(random.int(32...122))
    }
  }

  private mutating func mutateParameter(_ random: inout TestRandom) {
    let index = random.int(0...operators.count - 1)
    guard !operators[index].words.isEmpty else { return }
    let word = random.int(0...operators[index].words.count - 1)
    let value = operators[index].words[word]
    operators[index].words[word] =
      switch random.int(0...4) {
      case 0: value &+ Int32(random.int(-2...2))
      case 1: value &* Int32(random.int(2...4))
      case 2: Self.corners[random.int(0...Self.corners.count - 1)]
      case 3: Int32(random.int(-8...64))
      default: operators[random.int(0...operators.count - 1)].words.last ?? 0
      }
  }

  /// Limits of the format and of arithmetic.
  private static let corners: [Int32] = [
    .min, -4097, -255, -128, -1, 0, 1, 2, 16, 127, 128, 4095, 4096, 1 << 14, 1 << 20, 1 << 26,
    1 << 30, .max,
  ]

  /// One dimension of one tensor, or of all: what follows from it may or may not fit.
  private mutating func mutateShape(_ random: inout TestRandom) {
    let axis = random.int(0...3)
    let isWide = random.int(0...3) == 0
    let dimension = isWide ? 1 << random.int(4...13) : random.int(1...12)
    if random.int(0...1) == 0 {
      tensors[random.int(0...tensors.count - 1)].dimensions[axis] = dimension
    } else {
      let old = tensors[random.int(0...tensors.count - 1)].dimensions[axis]
      for index in tensors.indices where tensors[index].dimensions[axis] == old {
        tensors[index].dimensions[axis] = dimension
      }
    }
  }

  private mutating func mutateOperands(_ random: inout TestRandom) {
    let tensor = random.int(0...tensors.count - 1)
    let index = random.int(0...operators.count - 1)
    switch random.int(0...4) {
    case 0: operators[index].inputs[0] = tensor
    case 1: operators[index].inputs.append(tensor)
    case 2: operators[index].outputs[0] = tensor
    case 3: outputs.append(tensor)
    default: operators.swapAt(index, random.int(0...operators.count - 1))
    }
  }

  /// Weights at their ends, biases at theirs, multipliers and shifts of every size.
  private mutating func mutateConstants(_ random: inout TestRandom) {
    let item = operators[random.int(0...operators.count - 1)]
    guard item.dataWords.count == 4 else { return mutateData(&random) }
    let starts = item.dataWords.map { Int(item.words[$0]) }
    let channels = tensors[item.outputs[0]].dimensions[3]
    guard starts.allSatisfy(data.indices.contains), starts[1] > starts[0], channels > 0,
      starts[3] + channels <= data.count
    else { return mutateData(&random) }
    switch random.int(0...3) {
    case 0:
      let values: [UInt8] = [0x80, 0x7F, 0x81]
      let value = values[random.int(0...2)]
      for index in starts[0]..<starts[1] where random.int(0...7) > 0 { data[index] = value }
    case 1:
      for channel in 0..<channels where starts[1] + 4 * channel + 4 <= data.count {
        let near = Int32(random.int(0...1 << random.int(8...31)) & 0x7FFF_FFFF)
        let bias = random.int(0...1) == 0 ? Int32.max - near : -Int32.max + near
        data.put(UInt32(bitPattern: bias), at: starts[1] + 4 * channel)
      }
    case 2:
      for channel in 0..<channels where starts[2] + 4 * channel + 4 <= data.count {
        data.put(UInt32(random.int(0...1 << 31)), at: starts[2] + 4 * channel)
      }
    default:
      for channel in 0..<channels {
        data[starts[3] + channel] = UInt8(truncatingIfNeeded: random.int(-32...2))
      }
    }
  }

  private mutating func mutateData(_ random: inout TestRandom) {
    for _ in 0..<random.int(1...64) {
      data[random.int(0...data.count - 1)] = UInt8(truncatingIfNeeded: random.int(0...255))
    }
  }

  private mutating func mutateQuantization(_ random: inout TestRandom) {
    let index = random.int(0...tensors.count - 1)
    let zeroPoints: [UInt8] = [0x80, 0, 0x7F, UInt8(random.int(0...255))]
    tensors[index].zeroPoint = zeroPoints[random.int(0...3)]
    if random.int(0...3) == 0 { tensors[index].scaleBits ^= 1 << UInt32(random.int(0...31)) }
  }

  private mutating func mutateKind(_ random: inout TestRandom) {
    let index = random.int(0...operators.count - 1)
    let kinds = OperatorKind.allCases
    operators[index].kind = kinds[random.int(0...kinds.count - 1)].rawValue
    if random.int(0...1) == 0 {
      let donor = operators.first { $0.words.count > operators[index].words.count }
      operators[index].words = donor?.words ?? operators[index].words
    }
  }

  /// The operators of another blob behind these, reading what these wrote.
  private mutating func splice(_ random: inout TestRandom, _ other: BlobParts) {
    guard tensors.count + other.tensors.count < 200 else { return }
    let shift = tensors.count
    while data.count % 16 != 0 { data.append(0) }
    let dataShift = data.count
    data += other.data
    tensors += other.tensors.map { tensor in
      var tensor = tensor
      tensor.constant = tensor.constant.map { $0 + dataShift }
      return tensor
    }
    for var added in other.operators {
      added.inputs = added.inputs.map { $0 + shift }
      added.outputs = added.outputs.map { $0 + shift }
      for word in added.dataWords { added.words[word] &+= Int32(dataShift) }
      operators.append(added)
    }
    let input = other.inputs[0] + shift
    if random.int(0...1) == 0, tensors[outputs[0]].elementCount == tensors[input].elementCount {
      operators = operators.map { item in
        var item = item
        item.inputs = item.inputs.map { $0 == input ? outputs[0] : $0 }
        return item
      }
    } else {
      inputs.append(input)
    }
    outputs += other.outputs.map { $0 + shift }
  }

  /// The weights of one operator for another, or everything of an operator once more.
  private mutating func shareData(_ random: inout TestRandom) {
    let index = random.int(0...operators.count - 1)
    let donor = operators[random.int(0...operators.count - 1)]
    for (word, from) in zip(operators[index].dataWords, donor.dataWords)
    where random.int(0...1) == 0 {
      operators[index].words[word] = donor.words[from]
    }
    guard random.int(0...2) == 0 else { return }
    var copy = donor
    copy.outputs = [tensors.count]
    tensors.append(tensors[donor.outputs[0]])
    operators.append(copy)
    outputs.append(tensors.count - 1)
  }
}
