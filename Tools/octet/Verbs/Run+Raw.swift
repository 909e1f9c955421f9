import Foundation
import OctetCommand
import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetModelFile

extension Run {
  struct RawReport: Encodable {
    var sampleCount: Int
    var outputByteCount: Int
    var backend: String
    var seconds: Double
    var file: String
  }

  /// A blob on int8, or on the reals that its scales stand for; a float model on reals.
  func runRaw(
    _ arguments: Arguments, input: String, output: OutputPath, console: Console
  ) throws -> Outcome {
    let watch = Stopwatch()
    let (sampleCount, result, backend): (Int, [UInt8], String)
    switch try ModelFile.read(arguments[model]) {
    case .blob(let loaded):
      let takesFloats = arguments[floats]
      let samples = try RawSamples(
        input,
        elementCounts: (0..<loaded.inputCount).map { index in
          let view = loaded.input(index)
          return takesFloats && view.isInt16 ? view.byteCount / 2 : view.byteCount
        },
        elementByteCount: takesFloats ? 4 : 1)
      let runner = try loaded.makeRunner(backend: try Common.backend(arguments))
      sampleCount = samples.count
      backend = runner.backend.name
      result = try results(samples.count, console) { sample in
        takesFloats
          ? runOnFloats(runner, samples, sample) : runOnCodes(runner, samples, sample)
      }
    case .graph(let graph, _, _):
      guard !graph.isQuantized else {
        throw CommandError(
          .badData,
          "\(arguments[model]): a quantized model; 'octet import' makes a blob of it, which runs")
      }
      let counts = try naming(arguments[model]) { try graph.floatInputCounts() }
      let samples = try RawSamples(input, elementCounts: counts, elementByteCount: 4)
      let interpreter = try naming(arguments[model]) { try FloatInterpreter(graph) }
      sampleCount = samples.count
      backend = "float"
      result = try results(samples.count, console) { sample in
        interpreter.run(inputs: counts.indices.map { samples.floats(sample: sample, input: $0) })
          .flatMap(\.littleEndianBytes)
      }
    }
    try AtomicFile.write(result, to: output, as: .raw)
    let report = RawReport(
      sampleCount: sampleCount, outputByteCount: result.count, backend: backend,
      seconds: watch.seconds, file: output.path)
    return Outcome(report, text: "\(sampleCount) samples; wrote \(result.count) bytes to \(output)")
  }

  private func results(
    _ count: Int, _ console: Console, _ run: (_ sample: Int) throws -> [UInt8]
  ) throws -> [UInt8] {
    let bar = console.progress("running", total: count)
    defer { bar.finish() }
    var result: [UInt8] = []
    for sample in 0..<count {
      result += try run(sample)
      if sample % 256 == 0 {
        bar.update(sample)
        try Interruption.check()
      }
    }
    return result
  }

  private func runOnCodes(
    _ runner: LoadedModel.Runner, _ samples: RawSamples, _ sample: Int
  ) -> [UInt8] {
    for index in samples.elementCounts.indices {
      unsafe runner.withInput(index) {
        unsafe samples.copy(sample: sample, input: index, to: UnsafeMutableRawBufferPointer($0))
      }
    }
    runner.run()
    return (0..<runner.loaded.outputCount).flatMap { index in
      unsafe runner.withOutput(index) { unsafe $0.map { UInt8(bitPattern: $0) } }
    }
  }

  private func runOnFloats(
    _ runner: LoadedModel.Runner, _ samples: RawSamples, _ sample: Int
  ) -> [UInt8] {
    for index in samples.elementCounts.indices {
      let tensor = runner.loaded.input(index)
      let reals = samples.floats(sample: sample, input: index)
      if tensor.isInt16 {
        unsafe runner.withInput(index) { unsafe tensor.write(reals, into: $0) }
        continue
      }
      let codes = Quantization(scale: tensor.scale, zeroPoint: tensor.zeroPoint)
        .codes(reals, ties: .awayFromZero)
      unsafe runner.withInput(index) { _ = unsafe $0.update(from: codes) }
    }
    runner.run()
    return (0..<runner.loaded.outputCount).flatMap {
      runner.realOutput($0).littleEndianBytes
    }
  }
}
