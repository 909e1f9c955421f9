import OctetCompiler
import OctetModel
import OctetQuantization
import OctetRuntime
import TestNetworks
import TestSupport
import Testing

/// What weights are rounded by is what the runtime will compute, where that is off the nearest code
/// in the mean.
@Suite struct KernelRoundingTests {
  /// The share of output codes in which the interpreter and the runtime differ.
  private func differences(_ graph: Graph) throws -> Double {
    var options = Quantizer.Options()
    (options.calibrator, options.equalization) = (.minMax, .none)
    let result = try Quantizer.quantize(graph, samples: Networks.samples(16), options: options)
    let blob = try LoadedModel(Compiler.compile(result.graph).blob)
    let (runner, machine) = (try blob.makeRunner(), try FloatInterpreter(result.graph))
    let samples = Networks.samples(16, seed: 3)
    let (scale, zeroPoint) = (blob.input(0).scale, Float(blob.input(0).zeroPoint))
    var (different, count) = (0.0, 0.0)
    for sample in 0..<16 {
      machine.withInput(0) { unsafe samples.fill(sample, 0, $0) }
      let codes = machine.value(of: result.graph.inputs[0]).map {
        Int8(max(-128, min(127, ($0 / scale + zeroPoint).rounded())))
      }
      unsafe runner.withInput(0) { bytes in
        for (index, code) in codes.enumerated() { unsafe bytes[index] = code }
      }
      runner.run()
      machine.run()
      let step = blob.output(0).scale
      for (own, real) in zip(runner.realOutput(0), machine.value(of: result.graph.outputs[0])) {
        different += abs(own - real) > step / 2 ? 1 : 0
        count += 1
      }
    }
    return different / count
  }

  /// Every fourth mean of four codes lies halfway.
  @Test func averagePool() throws {
    var builder = NetworkBuilder(seed: 1, height: 12, width: 12, channelCount: 4)
    try builder.averagePool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    #expect(try differences(builder.finished()) == 0)
  }

  /// A value that is read on its own grid and, beside one 2.5 times as wide, on that one's: the
  /// ratio of scales has a shift of one, so that every second code is rounded twice.
  @Test func changeOfScale() throws {
    var builder = NetworkBuilder(seed: 2, height: 8, width: 8, channelCount: 4)
    let image = builder.last
    let factor = builder.constant("factor", [1, 1, 1, 1], [2.5])
    try builder.append("wide", .multiply(.none), [factor])
    try builder.append("joined", .concatenation(axis: 3, activation: .none), [image])
    let graph = builder.finished()
    // Halves of products of the wide part lie where both round otherwise.
    #expect(try differences(graph) < 0.02)
  }
}
