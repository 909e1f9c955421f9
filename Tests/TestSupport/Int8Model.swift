import OctetCompiler
import OctetModel
import OctetRuntime

/// An int8 model ready to run.
package struct Int8Model {
  package let blob: Blob
  package let output: Compiler.Output
  private let arena: Arena
  private let session: Session

  package init(_ graph: Graph) throws {
    output = try Compiler.compile(graph)
    blob = output.blob
    let model = try blob.model()
    arena = Arena(byteCount: model.arenaByteCount)
    session = try Session(model: model, arena: arena.region)
  }

  package var inputCounts: [Int] {
    (0..<session.model.inputCount).map { session.model.input($0).byteCount }
  }

  /// The outputs for one sample: inputs end to end in, outputs end to end out.
  package func run(_ sample: ArraySlice<Int8>) throws -> [Int8] {
    var start = sample.startIndex
    for (index, count) in inputCounts.enumerated() {
      try session.setInput(index, Array(sample[start..<start + count]).span)
      start += count
    }
    session.run()
    return (0..<session.model.outputCount).flatMap { Array(session.output($0)) }
  }

  /// The outputs of the first `limit` samples, or all.
  package func run(samples: [Int8], limit: Int? = nil) throws -> [Int8] {
    let count = inputCounts.reduce(0, +)
    let sampleCount = min(samples.count / count, limit ?? .max)
    return try (0..<sampleCount).flatMap { try run(samples[$0 * count..<($0 + 1) * count]) }
  }
}
