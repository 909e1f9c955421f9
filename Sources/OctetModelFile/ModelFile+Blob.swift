import OctetCommand
import OctetCompiler
import OctetExchange
import OctetModel
import OctetPasses

extension ModelFile {
  /// The int8 model in a file of any format: a blob as it is, a quantized TFLite or ONNX model with
  /// the scales that it has.
  ///
  /// - Returns: also what is to be said of the model, a sentence each.
  /// - Throws: what the file is instead, and what makes an int8 model of it.
  package static func readQuantized(_ path: String) throws -> (blob: Blob, notes: [String]) {
    let (bytes, format) = try bytes(path)
    if format == .blob { return (try naming(path) { try LoadedModel(bytes) }.blob, []) }
    let imported = try readProven(path)
    var graph = imported.graph
    guard graph.isQuantized else {
      throw CommandError(
        .badData,
        "\(path): this is a float model, and this needs an int8 one; 'octet quantize' makes a blob "
          + "of it")
    }
    let notes = try graph.dropOutputs(in: path)
    return (try compile(graph, from: path).blob, notes + imported.notes)
  }

  /// The blob of a quantized graph, and its arena plan.
  package static func compile(
    _ graph: Graph, from path: String, shrinks: Bool = true
  ) throws -> Compiler.Output {
    try naming(path) {
      let unsupported = graph.nodesInFloats(canBeCompleted: graph.lacksGrids)
      if !unsupported.isEmpty { throw ExchangeError.unsupported(unsupported) }
      return try Compiler.compile(graph, shrinks: shrinks)
    }
  }
}
