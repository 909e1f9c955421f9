import OctetCompiler
import OctetModel
import OctetRuntime
import Testing

struct LookupTableTests {
  /// A one-operator model that TensorFlow Lite for Microcontrollers (PyPI 0.dev20261023182759) ran
  /// over all 256 inputs: operation, input and output codes, CRC-32 of the 256 outputs.
  struct Golden: Sendable {
    var operation: OctetModel.Operation
    var table: LookupTable
    var checksum: UInt32

    init(
      _ operation: OctetModel.Operation, _ inputScale: Float, _ inputZeroPoint: Int,
      _ outputScale: Float, _ outputZeroPoint: Int, _ checksum: UInt32
    ) {
      self.operation = operation
      table = LookupTable(
        input: .init(scale: inputScale, zeroPoint: inputZeroPoint),
        output: .init(scale: outputScale, zeroPoint: outputZeroPoint))
      self.checksum = checksum
    }
  }

  @Test(arguments: goldens)
  func matchesTensorFlowLiteMicro(golden: Golden) throws {
    let values = try #require(golden.table.values(of: golden.operation))
    #expect(Checksum.value(of: values) == golden.checksum, "\(values)")
  }

  @Test func realFunctionsRoundAndClamp() {
    let table = LookupTable(
      input: .init(scale: 0.5, zeroPoint: 0), output: .init(scale: 1, zeroPoint: 3))
    let values = table.values { $0 * 4 }
    #expect(values[128 + 1] == 5)
    #expect(values[128 - 1] == 1)
    #expect(values[255] == 127)
    #expect(values[0] == -128)
    #expect(table.values { $0 }[128 - 1] == 2)  // −0.5 → −1, + 3
    #expect(table.values { _ in .infinity }[0] == 127)
  }

  /// TensorFlow Lite rounds 0.479 to 0.5 and that to 1, 2.397 by way of 2.5 to 3.
  @Test func roundsOnceOrTwice() throws {
    var table = LookupTable(
      input: .init(scale: 0.036260314, zeroPoint: -128),
      output: .init(scale: 0.07563236, zeroPoint: 4))
    #expect(try #require(table.values(of: .quantize)).prefix(6) == [4, 5, 5, 6, 6, 7])
    table.arithmetic = .onnx
    #expect(try #require(table.values(of: .quantize)).prefix(6) == [4, 4, 5, 5, 6, 6])
    let halves = LookupTable(
      input: .init(scale: 0.5, zeroPoint: 0), output: .init(scale: 1, zeroPoint: 0),
      in: .onnx)
    #expect(try #require(halves.values(of: .quantize))[125...133] == [-2, -1, 0, 0, 0, 1, 2, 2, 2])
    #expect(try #require(halves.values(of: .scalar(.leakyRelu(alpha: 0.5))))[122] == -2)
  }

  @Test func notAFunctionOfOneElement() {
    let code = LookupTable.Code(scale: 1, zeroPoint: 0)
    #expect(LookupTable(input: code, output: code).values(of: .minimum) == nil)
  }

  /// Five slopes, as TensorFlow Lite for Microcontrollers ran them over all 256 inputs.
  @Test func preluMatchesTensorFlowLiteMicro() {
    let table = LookupTable(
      input: .init(scale: 0.10334068536758423, zeroPoint: 65),
      output: .init(scale: 0.07401667535305023, zeroPoint: 115))
    let values = table.preluValues(
      slopes: [-128, -1, 0, 64, 127], of: .init(scale: 0.0075, zeroPoint: 0))
    #expect(Checksum.value(of: values) == 0xF96F_88B2)
  }

  static let goldens: [Golden] = [
    Golden(.scalar(.logistic), 0.10334068536758423, 65, 0.00390625, -128, 0xB7BC_768B),
    Golden(.scalar(.tanh), 0.10334068536758423, 65, 0.0078125, 0, 0xF5F7_02A5),
    Golden(.scalar(.relu), 0.10334068536758423, 65, 0.07401667535305023, 115, 0xE867_D43D),
    Golden(.scalar(.relu6), 0.10334068536758423, 65, 0.10334068536758423, 65, 0x3E21_A6F2),
    Golden(.scalar(.hardSwish), 0.10334068536758423, 65, 0.07401667535305023, 115, 0xC1FC_08BF),
    Golden(
      .scalar(.leakyRelu(alpha: 0.4748382270336151)), 0.10334068536758423, 65, 0.07401667535305023,
      115,
      0xDD40_6987),
    Golden(.quantize, 0.10334068536758423, 65, 0.07401667535305023, 115, 0xCDDA_B6A8),
    Golden(.scalar(.logistic), 0.06374263018369675, 94, 0.00390625, -128, 0x0ED1_9F59),
    Golden(.scalar(.tanh), 0.06374263018369675, 94, 0.0078125, 0, 0x85DF_6BD0),
    Golden(.scalar(.relu), 0.06374263018369675, 94, 0.11101122200489044, -20, 0x38D4_D96F),
    Golden(.scalar(.hardSwish), 0.06374263018369675, 94, 0.11101122200489044, -20, 0xB014_DDC1),
    Golden(
      .scalar(.leakyRelu(alpha: 0.2105075716972351)), 0.06374263018369675, 94, 0.11101122200489044,
      -20,
      0x31A7_DDF1),
    Golden(.quantize, 0.06374263018369675, 94, 0.11101122200489044, -20, 0xE7D7_41B3),
    Golden(.scalar(.logistic), 0.11081954836845398, -107, 0.00390625, -128, 0x5699_D60F),
    Golden(.scalar(.tanh), 0.11081954836845398, -107, 0.0078125, 0, 0xD3C9_41AD),
    Golden(.scalar(.relu), 0.11081954836845398, -107, 0.1806657463312149, -121, 0x93E4_73B7),
    Golden(.scalar(.relu6), 0.11081954836845398, -107, 0.11081954836845398, -107, 0xF124_F0C9),
    Golden(.scalar(.hardSwish), 0.11081954836845398, -107, 0.1806657463312149, -121, 0x8837_D482),
    Golden(
      .scalar(.leakyRelu(alpha: 0.27369022369384766)), 0.11081954836845398, -107,
      0.1806657463312149, -121,
      0xD94C_9F87),
    Golden(.quantize, 0.11081954836845398, -107, 0.1806657463312149, -121, 0xCFA5_55EF),
    Golden(.scalar(.logistic), 0.06728687882423401, -13, 0.00390625, -128, 0x18E3_546D),
    Golden(.scalar(.tanh), 0.06728687882423401, -13, 0.0078125, 0, 0xB972_6069),
    Golden(.scalar(.relu), 0.06728687882423401, -13, 0.06424499303102493, 73, 0x2A27_FD8E),
    Golden(.scalar(.relu6), 0.06728687882423401, -13, 0.06728687882423401, -13, 0x8C7B_F8D6),
    Golden(.scalar(.hardSwish), 0.06728687882423401, -13, 0.06424499303102493, 73, 0x49B0_56DD),
    Golden(
      .scalar(.leakyRelu(alpha: 0.23221395909786224)), 0.06728687882423401, -13,
      0.06424499303102493, 73,
      0x6E4A_C0EE),
    Golden(.quantize, 0.06728687882423401, -13, 0.06424499303102493, 73, 0x429E_0F34),
    Golden(.scalar(.logistic), 0.02854025550186634, -30, 0.00390625, -128, 0xE60C_7A0D),
    Golden(.scalar(.tanh), 0.02854025550186634, -30, 0.0078125, 0, 0x7498_C941),
    Golden(.scalar(.relu), 0.02854025550186634, -30, 0.02298012375831604, -25, 0x8F6A_8938),
    Golden(.scalar(.hardSwish), 0.02854025550186634, -30, 0.02298012375831604, -25, 0x337A_1B31),
    Golden(
      .scalar(.leakyRelu(alpha: 0.13853353261947632)), 0.02854025550186634, -30,
      0.02298012375831604, -25,
      0x0F66_C779),
    Golden(.quantize, 0.02854025550186634, -30, 0.02298012375831604, -25, 0x18DB_8D6A),
    Golden(.scalar(.logistic), 0.15057221055030823, -113, 0.00390625, -128, 0x5AED_5A22),
    Golden(.scalar(.tanh), 0.15057221055030823, -113, 0.0078125, 0, 0x4B81_2566),
    Golden(.scalar(.relu), 0.15057221055030823, -113, 0.18487052619457245, -57, 0x405A_02F3),
    Golden(.scalar(.relu6), 0.15057221055030823, -113, 0.15057221055030823, -113, 0xC415_0EBA),
    Golden(.scalar(.hardSwish), 0.15057221055030823, -113, 0.18487052619457245, -57, 0x12D3_C2F8),
    Golden(
      .scalar(.leakyRelu(alpha: 0.49056121706962585)), 0.15057221055030823, -113,
      0.18487052619457245, -57,
      0x1468_FCED),
    Golden(.quantize, 0.15057221055030823, -113, 0.18487052619457245, -57, 0x30EB_7106),
    Golden(.scalar(.logistic), 0.19240812957286835, -105, 0.00390625, -128, 0x0005_AB4A),
    Golden(.scalar(.tanh), 0.19240812957286835, -105, 0.0078125, 0, 0x7A79_80DF),
    Golden(.scalar(.relu), 0.19240812957286835, -105, 0.2524087429046631, 57, 0x08DE_68CD),
    Golden(.scalar(.relu6), 0.19240812957286835, -105, 0.19240812957286835, -105, 0xCD7D_EA22),
    Golden(.scalar(.hardSwish), 0.19240812957286835, -105, 0.2524087429046631, 57, 0xA197_C15C),
    Golden(
      .scalar(.leakyRelu(alpha: 0.14567668735980988)), 0.19240812957286835, -105,
      0.2524087429046631, 57,
      0xE1C0_5BFE),
    Golden(.quantize, 0.19240812957286835, -105, 0.2524087429046631, 57, 0xE186_09B3),
    Golden(.scalar(.logistic), 0.03380909934639931, -46, 0.00390625, -128, 0xB1AE_1F4C),
    Golden(.scalar(.tanh), 0.03380909934639931, -46, 0.0078125, 0, 0x0EF6_E6F6),
    Golden(.scalar(.relu), 0.03380909934639931, -46, 0.04307626932859421, 120, 0x23A8_67C7),
    Golden(.scalar(.hardSwish), 0.03380909934639931, -46, 0.04307626932859421, 120, 0x04D3_C401),
    Golden(
      .scalar(.leakyRelu(alpha: 0.0667741522192955)), 0.03380909934639931, -46, 0.04307626932859421,
      120,
      0xBDA4_85A5),
    Golden(.quantize, 0.03380909934639931, -46, 0.04307626932859421, 120, 0xF84D_5446),
    Golden(.scalar(.logistic), 0.1254509687423706, -12, 0.00390625, -128, 0xA840_D860),
    Golden(.scalar(.tanh), 0.1254509687423706, -12, 0.0078125, 0, 0x13AB_B4C4),
    Golden(.scalar(.relu), 0.1254509687423706, -12, 0.17807826399803162, 70, 0x2B25_78FF),
    Golden(.scalar(.relu6), 0.1254509687423706, -12, 0.1254509687423706, -12, 0x7236_9E16),
    Golden(.scalar(.hardSwish), 0.1254509687423706, -12, 0.17807826399803162, 70, 0xA00D_45BD),
    Golden(
      .scalar(.leakyRelu(alpha: 0.45947587490081787)), 0.1254509687423706, -12, 0.17807826399803162,
      70,
      0xAB77_40A2),
    Golden(.quantize, 0.1254509687423706, -12, 0.17807826399803162, 70, 0x3624_DEEC),
  ]
}
