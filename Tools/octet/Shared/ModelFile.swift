import Foundation
import OctetCommand
import OctetExchange
import OctetModel
import OctetReport

/// A model as it was read from a file, whatever its format.
enum ModelFile {
  case blob(LoadedModel)
  case graph(Graph, format: String, byteCount: Int)

  /// Reads a file; its first bytes say what it is.
  static func read(_ path: String) throws -> ModelFile {
    let bytes = try InputFile.read(path)
    return try naming(path) {
      if bytes.starts(with: Array("OCT".utf8)) { return .blob(try LoadedModel(bytes)) }
      if path.hasSuffix(".oct") { return .blob(try LoadedModel(bytes)) }
      let graph = try ONNXReader.read(URL(fileURLWithPath: path))
      return .graph(graph, format: "onnx", byteCount: bytes.count)
    }
  }

  /// The int8 model in a file.
  static func readBlob(_ path: String) throws -> LoadedModel {
    let bytes = try InputFile.read(path)
    return try naming(path) { try LoadedModel(bytes) }
  }

  /// The float model in a file.
  static func readFloat(_ path: String) throws -> Graph {
    switch try read(path) {
    case .graph(let graph, _, _): return graph
    case .blob:
      throw CommandError(
        .badData, "\(path): an int8 blob, where a float model (.onnx) is needed")
    }
  }
}
