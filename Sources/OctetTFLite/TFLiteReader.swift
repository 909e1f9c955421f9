import Foundation
import OctetModel

/// Reads TFLite files (schema version 3) into a `Graph`: float models as they are, int8 models with
/// their scales, zero points, int8 weights and int32 biases.
///
/// Fused activations become attributes, `SAME` becomes explicit padding. Where a quantized model
/// takes or gives floats or uint8 and quantizes them itself, the graph takes and gives the int8.
public enum TFLiteReader {
  /// The operators that Octet reads, in the order of their numbers.
  public static var operators: [String] {
    TFLiteDefinitions.byCode.keys.sorted().map { TFLiteBuiltin.name($0) }
  }

  /// Reads a model from memory.
  ///
  /// - Throws: `malformed` when the bytes are no TFLite file, `invalidModel` when its parts do not
  ///   fit together, `unsupported` with all nodes that Octet does not take over.
  public static func read(_ bytes: [UInt8]) throws(ExchangeError) -> Graph {
    try importModel(bytes).graph
  }

  /// Like `read`, with what should be said of the model.
  public static func importModel(_ bytes: [UInt8]) throws(ExchangeError) -> TFLiteImport {
    let file = try TFLiteFile(bytes)
    let importer = TFLiteImporter(file)
    let graph = try importer.run()
    return TFLiteImport(
      graph: graph, widenedNodes: importer.widenedNodes,
      storesWeightsInInt8: importer.storesWeightsInInt8,
      unsignedPorts: (file.inputs + file.outputs).map { file.tensors[$0] }
        .filter(\.isUnsigned).map(\.name))
  }

  /// Reads a file.
  public static func read(_ url: URL) throws(ExchangeError) -> Graph {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: url))
    } catch {
      throw .unreadable(path: url.path, reason: "the file is missing or may not be read")
    }
    return try read(bytes)
  }
}

/// What a TFLite file became.
public struct TFLiteImport: Sendable {
  public var graph: Graph
  /// Nodes whose weights need more than 8 bits, uint8 with a zero point: they read their input
  /// several times, and cost as many times the multiply-adds.
  public var widenedNodes: [String]
  /// Whether the file keeps weights in int8 and computes with floats (dynamic range): the graph has
  /// the reals that they stand for.
  public var storesWeightsInInt8: Bool
  /// Inputs and outputs that are uint8 in the file, by name; the graph's are int8, 128 lower.
  public var unsignedPorts: [String]

  /// Sentences for whoever imports the file.
  public var notes: [String] {
    var notes: [String] = []
    if storesWeightsInInt8 {
      notes.append(
        "the file keeps its weights in int8 but computes with floats (dynamic-range "
          + "quantization), so it was imported as a float model; 'octet quantize' makes an int8 "
          + "blob of it")
    }
    if !unsignedPorts.isEmpty {
      notes.append(
        unsignedPorts.map { "'\($0)'" }.joined(separator: ", ")
          + " \(unsignedPorts.count == 1 ? "is" : "are") uint8 in the file and int8 in the blob: "
          + "the same values, each code 128 lower")
    }
    return notes
  }
}
