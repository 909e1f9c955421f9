import OctetRuntime
import Testing

struct Convolution16Tests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = Weighted16Parameters.convolution(&random)
    let input = random.int16s(parameters.geometry.input.count)
    try expectSame(
      parameters.convolutionOperator, inputs: [input.bytes],
      oracle: [Oracle.convolution16(parameters, input).bytes],
      "seed \(seed): \(parameters.geometry.input)")
  }

  /// As in blobs of before.
  @Test(arguments: 0..<10)
  func patchesNeedNoPlace(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = Weighted16Parameters.convolution(&random)
    let input = random.int16s(parameters.geometry.input.count)
    let oracle = [Oracle.convolution16(parameters, input).bytes]
    for backend in Backend.available {
      let outputs = try parameters.convolutionOperator.run(
        [input.bytes], backend: backend, expected: oracle, hasScratch: false)
      #expect(outputs == oracle, "seed \(seed), \(backend)")
    }
  }

  /// 3 · 1000 − 2 · 30,000 + 70,000 of two bits less: 13,000 / 4.
  @Test func handChecked() throws {
    let geometry = ConvolutionParameters(
      input: Shape(1, 1, 2, 1), weights: [3, -2], bias: [], multipliers: [.init(0.25)],
      output: Shape(1, 1, 1, 1), window: .init(kernelWidth: 2))
    let parameters = Weighted16Parameters(geometry: geometry, bias: [70_000], isNarrow: false)
    let input: [Int16] = [1000, 30_000]
    #expect(try parameters.convolutionOperator.run([input.bytes]) == [[Int16(3250)].bytes])
  }
}
