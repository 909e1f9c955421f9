import OctetModel
import Testing

/// Narrow floats against the definitions of their formats, integers against the standard library.
@Suite struct ElementTypeTests {
  static let narrow = ElementType.allCases.filter { $0.floatFormat != nil }

  /// Every bit pattern stands for a number that rounding leaves alone, and between neighbours the
  /// nearer wins, ties to even.
  @Test(arguments: narrow)
  func rounding(type: ElementType) throws {
    let format = try #require(type.floatFormat)
    let count = 1 << (format.exponentBits + format.fractionBits)
    var previous: Float?
    for bits in 0..<count {
      let value = format.value(bits: UInt16(bits))
      guard value.isFinite else { continue }
      #expect(format.rounded(value) == value)
      if format.special != .powersOfTwo {
        #expect(format.rounded(-value) == -value)
        if let previous, value < .greatestFiniteMagnitude / 2 {
          let middle = previous / 2 + value / 2
          #expect(format.rounded(middle) == (bits & 1 == 0 ? value : previous))
          #expect(format.rounded(middle.nextUp) == value)
          #expect(format.rounded(middle.nextDown) == previous)
        }
      }
      previous = value
    }
    #expect(previous == format.largest)
  }

  static let largestNumbers: [(ElementType, Float)] = [
    (.float16, 65504), (.float8E4M3FN, 448), (.float8E4M3FNUZ, 240), (.float8E5M2, 57344),
    (.float8E5M2FNUZ, 57344), (.float6E3M2, 28), (.float6E2M3, 7.5), (.float4E2M1, 6),
  ]

  @Test(arguments: largestNumbers)
  func largest(type: ElementType, value: Float) throws {
    let format = try #require(type.floatFormat)
    #expect(format.largest == value)
    #expect(format.rounded(1e9, saturates: true) == value)
    #expect(format.rounded(-.infinity, saturates: true) == -value)
    switch format.special {
    case .infinityAndNaN: #expect(format.rounded(1e9) == .infinity)
    case .nan, .nanForNegativeZero: #expect(format.rounded(1e9).isNaN)
    case .none, .powersOfTwo: #expect(format.rounded(1e9) == value)
    }
  }

  /// Magnitude, then: up, down, to nearest.
  static let powers: [[Float]] = [
    [1.1, 2, 1, 1], [1.5, 2, 1, 2], [3, 4, 2, 4], [4, 4, 4, 4], [0, 0x1p-127, 0x1p-127, 0x1p-127],
  ]

  @Test(arguments: powers)
  func powersOfTwo(row: [Float]) throws {
    let format = try #require(ElementType.float8E8M0.floatFormat)
    #expect(format.rounded(row[0], saturates: true, .up) == row[1])
    #expect(format.rounded(row[0], saturates: true, .down) == row[2])
    #expect(format.rounded(row[0], saturates: true, .nearest) == row[3])
  }

  @Test(arguments: [0, 1, -1, 127, 128, 255, 256, -129, 65536, 1 << 40, .max, .min] as [Int64])
  func wrapping(value: Int64) {
    #expect(ElementType.int8.wrapped(value) == Int64(Int8(truncatingIfNeeded: value)))
    #expect(ElementType.uint8.wrapped(value) == Int64(UInt8(truncatingIfNeeded: value)))
    #expect(ElementType.int16.wrapped(value) == Int64(Int16(truncatingIfNeeded: value)))
    #expect(ElementType.uint32.wrapped(value) == Int64(UInt32(truncatingIfNeeded: value)))
    #expect(ElementType.int64.wrapped(value) == value)
    #expect(ElementType.uint4.wrapped(value) == value & 15)
    #expect(ElementType.int2.wrapped(value) == [0, 1, -2, -1][Int(value & 3)])
    #expect(ElementType.bool.wrapped(value) == (value == 0 ? 0 : 1))
  }

  /// Integers and reals are not mixed, and what has no integer form says so.
  @Test func mixedElementsAreRefused() {
    var graph = Graph()
    let a = graph.add(Tensor(name: "a", shape: [2], elementType: .int32))
    let b = graph.add(Tensor(name: "b", shape: [2]))
    graph.inputs = [a, b]
    let sum = Node(name: "sum", operation: .add(.none), inputs: [a, b], outputs: [])
    #expect(throws: GraphError.self) { try graph.outputElementType(of: sum) }
    let root = Node(name: "tanh", operation: .scalar(.tanh), inputs: [a], outputs: [])
    #expect(throws: GraphError.self) { try graph.outputElementType(of: root) }
    let wrong = graph.add(Tensor(name: "y", shape: [2]))
    graph.nodes = [Node(name: "n", operation: .scalar(.relu), inputs: [a], outputs: [wrong])]
    #expect(throws: GraphError.self) { try FloatInterpreter(graph) }
  }
}
