import OctetCompiler
import OctetModel
import OctetRuntime
import Testing

/// One-operator models that TensorFlow Lite for Microcontrollers (PyPI 0.dev20261023182759) ran:
/// their codes, and the CRC-32 of the outputs. Inputs are those of `xorshift`.
struct TensorFlowLiteMicroTests {
  typealias Code = LookupTable.Code

  @Test(arguments: binaries)
  func binary(golden: Binary) throws {
    let a = Self.xorshift(1, count: golden.a.count)
    let b = Self.xorshift(2, count: golden.b.count)
    #expect(
      try Self.checksum(golden.parameters.testOperator(golden.kind).run([a, b])) == golden.crc)
  }

  @Test(arguments: means)
  func mean(golden: MeanGolden) throws {
    let parameters = MeanParameters(
      input: golden.shape, zeroPoint: golden.input.zeroPoint, axes: Set(golden.axes),
      by: .init(Double(golden.input.scale) / Double(golden.output.scale)),
      outputZeroPoint: golden.output.zeroPoint)
    let input = Self.xorshift(3, count: golden.shape.count)
    #expect(try Self.checksum(parameters.testOperator.run([input])) == golden.crc)
  }

  @Test(arguments: softmaxes)
  func softmax(golden: SoftmaxGolden) throws {
    let parameters = SoftmaxParameters(
      rows: golden.rows, channels: golden.channels,
      scale: Double(golden.beta) * Double(golden.scale))
    let input = Self.xorshift(4, count: golden.rows * golden.channels)
    #expect(try Self.checksum(parameters.testOperator.run([input])) == golden.crc)
  }

  @Test(arguments: resizes)
  func resize(golden: ResizeGolden) throws {
    let (h, w) = golden.input
    let (height, width) = golden.output
    func table(_ input: Int, _ output: Int) -> TestParameter {
      let table = ResizeTable(
        input: input, output: output, scale: Float(output) / Float(input),
        coordinates: golden.coordinates)
      if golden.method == .bilinear { return .words(table.bilinear()) }
      let rounding: ResizeAttributes.Rounding =
        golden.coordinates == .asymmetric ? .floor : .roundPreferCeil
      return .words(table.nearest(rounding))
    }
    let operation = TestOperator(
      kind: golden.method == .bilinear ? .resizeBilinear : .resizeNearest,
      inputs: [TestTensor(shape: Shape(1, h, w, 3))],
      outputs: [TestTensor(shape: Shape(1, height, width, 3))],
      parameters: [table(h, height), table(w, width)])
    let input = Self.xorshift(5, count: h * w * 3)
    #expect(try Self.checksum(operation.run([input])) == golden.crc)
  }

  static func xorshift(_ seed: UInt32, count: Int) -> [Int8] {
    var state = seed | 1
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 17
      state ^= state << 5
      return Int8(truncatingIfNeeded: state >> 24)
    }
  }

  static func checksum(_ outputs: [[Int8]]) -> UInt32 {
    Checksum.value(of: outputs.joined())
  }
}

extension TensorFlowLiteMicroTests {
  struct Binary: Sendable {
    var kind: OperatorKind
    var a: Shape
    var b: Shape
    var parameters: BinaryParameters
    var crc: UInt32

    init(
      _ kind: OperatorKind, _ a: [Int], _ b: [Int], _ codeA: Code, _ codeB: Code, _ code: Code,
      _ crc: UInt32
    ) {
      self.kind = kind
      self.a = Shape(a)
      self.b = Shape(b)
      self.crc = crc
      parameters = BinaryParameters(
        a: self.a, b: self.b, output: Shape(zip(a, b).map { max($0, $1) }),
        zeroA: codeA.zeroPoint, zeroB: codeB.zeroPoint, zeroOutput: code.zeroPoint)
      let (scaleA, scaleB) = (Double(codeA.scale), Double(codeB.scale))
      let twice = 2 * max(scaleA, scaleB)
      parameters.byA = .init(scaleA / twice)
      parameters.byB = .init(scaleB / twice)
      parameters.by = .init(
        kind == .multiply
          ? scaleA * scaleB / Double(code.scale) : twice / (0x1p20 * Double(code.scale)))
    }
  }

  struct MeanGolden: Sendable {
    var shape: Shape
    var axes: [Int]
    var input: Code
    var output: Code
    var crc: UInt32

    init(_ shape: [Int], axes: [Int], _ input: Code, _ output: Code, _ crc: UInt32) {
      self.shape = Shape(shape)
      self.axes = axes
      self.input = input
      self.output = output
      self.crc = crc
    }
  }

  struct SoftmaxGolden: Sendable {
    var rows: Int
    var channels: Int
    var beta: Float
    var scale: Float
    var crc: UInt32

    init(rows: Int, channels: Int, beta: Float, _ scale: Float, _ crc: UInt32) {
      self.rows = rows
      self.channels = channels
      self.beta = beta
      self.scale = scale
      self.crc = crc
    }
  }

  struct ResizeGolden: Sendable {
    var method: ResizeAttributes.Method
    var input: (Int, Int)
    var output: (Int, Int)
    var coordinates: ResizeAttributes.Coordinates
    var crc: UInt32

    init(
      _ method: ResizeAttributes.Method, _ input: (Int, Int), _ output: (Int, Int),
      _ coordinates: ResizeAttributes.Coordinates, _ crc: UInt32
    ) {
      self.method = method
      self.input = input
      self.output = output
      self.coordinates = coordinates
      self.crc = crc
    }
  }

  static let binaries: [Binary] = [
    .init(
      .add, [1, 4, 5, 6], [1, 4, 5, 6], Code(scale: 0.026273341849446297, zeroPoint: -83),
      Code(scale: 0.16224214434623718, zeroPoint: -68),
      Code(scale: 0.18300536274909973, zeroPoint: -118), 0x91D8_49C2),
    .init(
      .add, [1, 4, 5, 6], [1, 1, 1, 6], Code(scale: 0.0922941192984581, zeroPoint: -104),
      Code(scale: 0.10101974755525589, zeroPoint: -61),
      Code(scale: 0.2256816029548645, zeroPoint: -88), 0x34C4_2637),
    .init(
      .add, [1, 1, 5, 1], [1, 4, 5, 6], Code(scale: 0.03159768506884575, zeroPoint: -13),
      Code(scale: 0.10818063467741013, zeroPoint: -28),
      Code(scale: 0.1405758410692215, zeroPoint: 42), 0x65E4_A3F3),
    .init(
      .subtract, [1, 4, 5, 6], [1, 4, 5, 6], Code(scale: 0.15018917620182037, zeroPoint: 22),
      Code(scale: 0.19169077277183533, zeroPoint: 73),
      Code(scale: 0.20159322023391724, zeroPoint: -56), 0xAF5C_7D9F),
    .init(
      .subtract, [1, 4, 5, 6], [1, 1, 1, 6], Code(scale: 0.14228104054927826, zeroPoint: 94),
      Code(scale: 0.01028311625123024, zeroPoint: -54),
      Code(scale: 0.2925688624382019, zeroPoint: 113), 0x3DED_4233),
    .init(
      .subtract, [1, 1, 5, 1], [1, 4, 5, 6], Code(scale: 0.0696573406457901, zeroPoint: -52),
      Code(scale: 0.17942510545253754, zeroPoint: 41),
      Code(scale: 0.15196670591831207, zeroPoint: 21), 0x9EF4_C511),
    .init(
      .multiply, [1, 4, 5, 6], [1, 4, 5, 6], Code(scale: 0.15692263841629028, zeroPoint: -7),
      Code(scale: 0.14432336390018463, zeroPoint: -121),
      Code(scale: 0.02184097282588482, zeroPoint: -64), 0xB4BC_CFA9),
    .init(
      .multiply, [1, 4, 5, 6], [1, 1, 1, 6], Code(scale: 0.13549500703811646, zeroPoint: -105),
      Code(scale: 0.18697813153266907, zeroPoint: 109),
      Code(scale: 0.03335405886173248, zeroPoint: -75), 0xC560_4238),
    .init(
      .multiply, [1, 1, 5, 1], [1, 4, 5, 6], Code(scale: 0.06665098667144775, zeroPoint: -4),
      Code(scale: 0.14721131324768066, zeroPoint: 61),
      Code(scale: 0.014842194505035877, zeroPoint: -29), 0xE2D4_E00D),
  ]

  static let means: [MeanGolden] = [
    .init(
      [1, 7, 5, 6], axes: [1, 2], Code(scale: 0.13495391607284546, zeroPoint: 84),
      Code(scale: 0.13973179459571838, zeroPoint: -71), 0xC4C3_B339),
    .init(
      [1, 7, 5, 6], axes: [1, 2], Code(scale: 0.09142885357141495, zeroPoint: 81),
      Code(scale: 0.15415403246879578, zeroPoint: -45), 0x60D8_786A),
    .init(
      [1, 7, 5, 6], axes: [1, 2], Code(scale: 0.029440784826874733, zeroPoint: 96),
      Code(scale: 0.029440784826874733, zeroPoint: 96), 0x6C38_3039),
    .init(
      [1, 7, 5, 6], axes: [1, 2], Code(scale: 0.10113994777202606, zeroPoint: -28),
      Code(scale: 0.10113994777202606, zeroPoint: -28), 0xD484_575C),
    .init(
      [2, 3, 4, 9], axes: [3], Code(scale: 0.0654759407043457, zeroPoint: 50),
      Code(scale: 0.17551644146442413, zeroPoint: -91), 0x1422_0360),
    .init(
      [2, 3, 4, 9], axes: [3], Code(scale: 0.11674384772777557, zeroPoint: -58),
      Code(scale: 0.08593468368053436, zeroPoint: -95), 0x6EC3_F4BD),
    .init(
      [1, 3, 4, 9], axes: [1], Code(scale: 0.047361455857753754, zeroPoint: 28),
      Code(scale: 0.047361455857753754, zeroPoint: 28), 0xA891_D018),
    .init(
      [1, 3, 4, 9], axes: [1], Code(scale: 0.15292245149612427, zeroPoint: 63),
      Code(scale: 0.15292245149612427, zeroPoint: 63), 0xA891_D018),
    .init(
      [1, 16, 16, 4], axes: [1, 2], Code(scale: 0.04909725859761238, zeroPoint: 107),
      Code(scale: 0.17167121171951294, zeroPoint: 22), 0x823A_EE30),
    .init(
      [1, 16, 16, 4], axes: [1, 2], Code(scale: 0.19322796165943146, zeroPoint: -85),
      Code(scale: 0.12850162386894226, zeroPoint: 121), 0x25A8_492F),
    .init(
      [2, 3, 4, 5], axes: [0, 2], Code(scale: 0.1944061666727066, zeroPoint: 27),
      Code(scale: 0.159536212682724, zeroPoint: -42), 0xD762_4174),
    .init(
      [2, 3, 4, 5], axes: [0, 2], Code(scale: 0.02027781307697296, zeroPoint: 74),
      Code(scale: 0.08016439527273178, zeroPoint: -115), 0xE452_D531),
  ]

  static let softmaxes: [SoftmaxGolden] = [
    .init(rows: 1, channels: 10, beta: 1.0, 0.05967121943831444, 0xB871_B927),
    .init(rows: 3, channels: 17, beta: 1.0, 0.06573235988616943, 0x01AE_EB24),
    .init(rows: 2, channels: 100, beta: 0.5, 0.2578752934932709, 0xB2F6_1D8C),
    .init(rows: 4, channels: 5, beta: 2.0, 0.03977298364043236, 0x4F1A_A6E7),
    .init(rows: 1, channels: 700, beta: 1.0, 0.09043381363153458, 0xF94D_20E3),
  ]

  static let resizes: [ResizeGolden] = [
    .init(.bilinear, (5, 7), (11, 13), .asymmetric, 0x0805_7830),
    .init(.bilinear, (5, 7), (11, 13), .halfPixel, 0xC45A_E060),
    .init(.bilinear, (5, 7), (11, 13), .alignCorners, 0x3E40_02FF),
    .init(.bilinear, (9, 6), (4, 5), .asymmetric, 0x0C5B_AC03),
    .init(.bilinear, (9, 6), (4, 5), .halfPixel, 0x0A2D_050B),
    .init(.bilinear, (9, 6), (4, 5), .alignCorners, 0x3AFD_06C0),
    .init(.bilinear, (3, 3), (6, 6), .asymmetric, 0x34EE_D92A),
    .init(.bilinear, (3, 3), (6, 6), .halfPixel, 0x77A3_2158),
    .init(.bilinear, (3, 3), (6, 6), .alignCorners, 0xF4D4_FE6A),
    .init(.bilinear, (1, 4), (3, 1), .asymmetric, 0xD35A_5F3C),
    .init(.bilinear, (1, 4), (3, 1), .halfPixel, 0xF6C0_AC10),
    .init(.bilinear, (1, 4), (3, 1), .alignCorners, 0xD35A_5F3C),
    .init(.nearest, (5, 7), (11, 13), .asymmetric, 0xC458_AA5B),
    .init(.nearest, (5, 7), (11, 13), .halfPixel, 0xCEDB_367C),
    .init(.nearest, (5, 7), (11, 13), .alignCorners, 0x1FC0_B030),
    .init(.nearest, (9, 6), (4, 5), .asymmetric, 0xEE80_D9EB),
    .init(.nearest, (9, 6), (4, 5), .halfPixel, 0x3F93_9021),
    .init(.nearest, (9, 6), (4, 5), .alignCorners, 0x6CF0_E76F),
    .init(.nearest, (3, 3), (6, 6), .asymmetric, 0x3738_6C65),
    .init(.nearest, (3, 3), (6, 6), .halfPixel, 0x3738_6C65),
    .init(.nearest, (3, 3), (6, 6), .alignCorners, 0x3738_6C65),
    .init(.nearest, (1, 4), (3, 1), .asymmetric, 0xD35A_5F3C),
    .init(.nearest, (1, 4), (3, 1), .halfPixel, 0xDE4D_BE9E),
    .init(.nearest, (1, 4), (3, 1), .alignCorners, 0xD35A_5F3C),
  ]
}
