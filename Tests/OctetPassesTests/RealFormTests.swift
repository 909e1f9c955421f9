import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct RealFormTests {
  /// Constants of codes become their values, and nothing is rounded any more.
  @Test func codesBecomeReals() throws {
    let quantized = try Networks.quantized(Networks.tiny())
    let real = quantized.inReals()
    try real.validate()
    #expect(real.tensors.allSatisfy { $0.quantization == nil && $0.elementType == .float32 })
    let step = try #require(quantized.tensors[quantized.outputs[0]].quantization).scales[0]
    for (a, b) in zip(try values(of: quantized).joined(), try values(of: real).joined()) {
      #expect(abs(a - b) < 16 * step)
    }
  }
}
