import Foundation
import OctetCommand
import OctetExchange
import OctetModel
import OctetQuantization
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
      if isTFLite(bytes, path) {
        return .graph(try TFLiteReader.read(bytes), format: "tflite", byteCount: bytes.count)
      }
      var graph = try ONNXReader.read(URL(fileURLWithPath: path))
      graph.moveImageChannelsLast()
      return .graph(graph, format: "onnx", byteCount: bytes.count)
    }
  }

  /// A model as it was taken over from another format.
  struct Imported {
    var graph: Graph
    var format: String
    /// That it was read rightly where its layout changed.
    var proof: ONNXProof?
    /// Nodes that read their input several times, since their weights need more than 8 bits.
    var widenedNodes: [String] = []
    /// What else should be said of the model.
    var notes: [String] = []
  }

  /// A model of another format, with the proof that it was read rightly where its layout changed.
  ///
  /// - Parameter shapes: the shapes of ONNX inputs that the file leaves open, by name.
  static func readProven(
    _ path: String, shapes: [String: [[Int]]] = [:]
  ) throws -> Imported {
    let bytes = try InputFile.read(path)
    return try naming(path) {
      if bytes.starts(with: Array("OCT".utf8)) {
        throw CommandError(.badData, "this is a blob already; 'octet inspect' shows it")
      }
      if isTFLite(bytes, path) {
        guard shapes.isEmpty else {
          throw CommandError(.usage, "--shapes is for ONNX files; a TFLite file has its shapes")
        }
        let model = try TFLiteReader.importModel(bytes)
        return Imported(
          graph: model.graph, format: "tflite", widenedNodes: model.widenedNodes,
          notes: model.notes)
      }
      try checkInputs(shapes.keys.sorted(), of: bytes)
      let model = try ONNXReader.importModel(URL(fileURLWithPath: path), shapes: shapes)
      let proof = try model.prove()
      var graph = model.graph
      graph.moveQuantizationOutOfTheEdges()
      graph.moveImageChannelsLast()
      return Imported(
        graph: graph, format: "onnx", proof: proof, widenedNodes: model.widenedNodes)
    }
  }

  private static func checkInputs(_ names: [String], of bytes: [UInt8]) throws {
    if names.isEmpty { return }
    let inputs = try ONNXReader.summary(bytes).inputs
    for name in names where !inputs.contains(name) {
      let known = inputs.map { "'\($0)'" }.joined(separator: ", ")
      throw CommandError(.usage, "--shapes: there is no input '\(name)'; there are \(known)")
    }
  }

  /// The FlatBuffer's file identifier stands behind its root offset.
  private static func isTFLite(_ bytes: [UInt8], _ path: String) -> Bool {
    bytes.dropFirst(4).starts(with: Array("TFL3".utf8)) || path.hasSuffix(".tflite")
  }

  /// The int8 model in a file.
  static func readBlob(_ path: String) throws -> LoadedModel {
    let bytes = try InputFile.read(path)
    return try naming(path) { try LoadedModel(bytes) }
  }

  /// The model in a file, float or quantized in part.
  ///
  /// - Parameter shapes: the shapes of ONNX inputs that the file leaves open, by name.
  static func readQuantizable(_ path: String, shapes: [String: [[Int]]]) throws -> Graph {
    if shapes.isEmpty {
      switch try read(path) {
      case .blob:
        throw CommandError(
          .badData, "\(path): an int8 blob, where a float model (.onnx) is needed")
      case .graph(let graph, _, _):
        if !graph.isQuantized { return graph }
      }
    }
    let graph = try readProven(path, shapes: shapes).graph
    guard !graph.isQuantized || graph.lacksGrids else {
      throw CommandError(
        .badData, "\(path): this model is quantized already; 'octet import' takes it as it is")
    }
    return graph
  }
}

extension Graph {
  /// Whether the model came with scales, so that it becomes a blob as it is.
  var isQuantized: Bool { tensors.contains { $0.quantization != nil } }
}
