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
    TFLiteOperator.allCases.map { TFLiteOperator.name($0.rawValue) }
  }

  /// Reads a model from memory.
  ///
  /// - Throws: `malformed` when the bytes are no TFLite file, `invalidModel` when its parts do not
  ///   fit together, `unsupported` with all nodes that Octet does not take over.
  public static func read(_ bytes: [UInt8]) throws(ExchangeError) -> Graph {
    var importer = TFLiteImporter(try TFLiteFile(bytes))
    return try importer.run()
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
