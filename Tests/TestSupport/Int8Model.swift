import OctetCompiler
import OctetModel

/// An int8 model ready to run.
package struct Int8Model {
  package let blob: Blob
  package let output: Compiler.Output
  private let runner: LoadedModel.Runner

  package init(_ graph: Graph) throws {
    output = try Compiler.compile(graph)
    blob = output.blob
    runner = try blob.model().makeRunner(backend: .portable)
  }

  /// Bytes of the inputs.
  package var inputCounts: [Int] {
    (0..<runner.loaded.inputCount).map { runner.loaded.input($0).byteCount }
  }

  /// The outputs for one sample: inputs end to end in, outputs end to end out.
  package func run(_ sample: ArraySlice<Int8>) throws -> [Int8] {
    var start = sample.startIndex
    for (index, count) in inputCounts.enumerated() {
      try runner.setInput(index, Array(sample[start..<start + count]).span)
      start += count
    }
    runner.run()
    return (0..<runner.loaded.outputCount).flatMap { runner.output($0) }
  }

  /// The outputs of the first `limit` samples, or all.
  package func run(samples: [Int8], limit: Int? = nil) throws -> [Int8] {
    let count = inputCounts.reduce(0, +)
    let sampleCount = min(samples.count / count, limit ?? .max)
    return try (0..<sampleCount).flatMap { try run(samples[$0 * count..<($0 + 1) * count]) }
  }
}
