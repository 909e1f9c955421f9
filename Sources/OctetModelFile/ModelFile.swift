import Foundation
import OctetCommand
import OctetCompiler
import OctetExchange
import OctetModel
import OctetONNX
import OctetPasses
import OctetTFLite

/// A model as it was read from a file, whatever its format.
package enum ModelFile {
  case blob(LoadedModel)
  case graph(Graph, format: String, byteCount: Int)

  /// The most bytes that a model file may have: 2 GiB, as many as a Protocol Buffers message.
  /// Tensors in files beside the model do not count.
  package static let byteCountLimit = 1 << 31

  /// The bytes of a model file, read once, so that pipes will do, and what they are.
  ///
  /// - Throws: for a file that is no model, what it is instead and what to do with it.
  static func bytes(_ path: String) throws -> (bytes: [UInt8], format: ModelFormat) {
    var format = ModelFormat.unknown
    let bytes = try InputFile.read(
      path, limit: byteCountLimit, headByteCount: ModelFormat.headByteCount
    ) { head throws(CommandError) in
      format = ModelFormat.detect(head, name: path)
      guard [.blob, .onnx, .tflite].contains(format) else {
        throw CommandError(.badData, "\(path): this file is \(format.advice)")
      }
    }
    return (bytes, format)
  }

  /// How a model's inputs and outputs go in and out.
  package struct Layouts {
    package var inputs: [PortLayout] = []
    package var outputs: [PortLayout] = []

    package init(_ graph: Graph) {
      inputs = graph.inputs.map { PortLayout(graph.tensors[$0]) }
      outputs = graph.outputs.map { PortLayout(graph.tensors[$0]) }
    }

    /// The layouts of an ONNX file that has the inputs and outputs of the model's own file.
    package init(inFileOf model: ONNXImport) {
      self.init(model)
      for position in inputs.indices { inputs[position].keepFileOrder() }
      for position in outputs.indices { outputs[position].keepFileOrder() }
    }

    package init(_ model: ONNXImport) {
      (inputs, outputs) = (model.inputLayouts, model.outputLayouts)
    }
  }

  /// Reads a file; its first bytes say what it is.
  package static func read(_ path: String) throws -> ModelFile { try readDescribed(path).model }

  /// Reads a file; a blob's layouts are those of its tensors.
  package static func readDescribed(_ path: String) throws -> (model: ModelFile, layouts: Layouts?)
  {
    let (bytes, format) = try bytes(path)
    return try naming(path) {
      switch format {
      case .blob: return (.blob(try LoadedModel(bytes)), nil)
      case .tflite:
        let graph = try TFLiteReader.read(bytes)
        try graph.requireElements(in: path)
        return (.graph(graph, format: "tflite", byteCount: bytes.count), Layouts(graph))
      default:
        var model = try importONNX(bytes, path)
        try model.graph.requireElements(in: path)
        model.moveImageChannelsLast()
        return (.graph(model.graph, format: "onnx", byteCount: bytes.count), Layouts(model))
      }
    }
  }

  /// Tensors that the model keeps in files beside it are read, and not to be written over.
  private static func importONNX(
    _ bytes: [UInt8], _ path: String, shapes: [String: [[Int]]] = [:]
  ) throws(ExchangeError) -> ONNXImport {
    // Standard input has no folder with files beside it.
    if path == "-" { return try ONNXReader.importModel(bytes, shapes: shapes) }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    for name in (try? ONNXReader.externalFiles(bytes)) ?? [] {
      FileClaims.reads(folder.appendingPathComponent(name).path)
    }
    return try ONNXReader.importModel(bytes, besides: folder, shapes: shapes)
  }

  /// A model as it was taken over from another format.
  package struct Imported {
    package var graph: Graph
    package var format: String
    package var layouts: Layouts
    /// The graph of a float ONNX model with the inputs and outputs of the file.
    package var onnx: ONNXImport?
    /// That it was read rightly where its layout changed.
    package var proof: ONNXProof?
    /// Nodes that read their input several times, since their weights need more than 8 bits.
    package var widenedNodes: [String] = []
    /// What else should be said of the model.
    package var notes: [String] = []
  }

  /// A model of another format, with the proof that it was read rightly where its layout changed.
  ///
  /// - Parameter shapes: the shapes of ONNX inputs that the file leaves open, by name.
  package static func readProven(
    _ path: String, shapes: [String: [[Int]]] = [:]
  ) throws -> Imported {
    var (bytes, format) = try bytes(path)
    return try naming(path) {
      if format == .blob {
        throw CommandError(.badData, "\(path): this is a blob already; 'octet inspect' shows it")
      }
      if format == .tflite {
        guard shapes.isEmpty else {
          throw CommandError(.usage, "--shapes is for ONNX files; a TFLite file has its shapes")
        }
        let model = try TFLiteReader.importModel(bytes)
        try model.graph.requireElements(in: path)
        return Imported(
          graph: model.graph, format: "tflite", layouts: Layouts(model.graph),
          widenedNodes: model.widenedNodes, notes: model.notes)
      }
      try checkInputs(shapes.keys.sorted(), of: bytes)
      return try readProven(&bytes, path, shapes)
    }
  }

  private static func readProven(
    _ bytes: inout [UInt8], _ path: String, _ shapes: [String: [[Int]]]
  ) throws -> Imported {
    var model = try importONNX(bytes, path, shapes: shapes)
    // The proof of a large model needs the memory.
    bytes = []
    try model.graph.requireElements(in: path)
    let proof = try model.prove()
    model.forgetSource()
    let own = model.graph.isQuantized ? nil : model
    model.moveQuantizationOutOfTheEdges()
    model.moveImageChannelsLast()
    return Imported(
      graph: model.graph, format: "onnx", layouts: Layouts(model), onnx: own, proof: proof,
      widenedNodes: model.widenedNodes)
  }

  private static func checkInputs(_ names: [String], of bytes: [UInt8]) throws {
    if names.isEmpty { return }
    let inputs = try ONNXReader.summary(bytes).inputs
    for name in names where !inputs.contains(name) {
      let known = inputs.map { "'\($0)'" }.joined(separator: ", ")
      throw CommandError(.usage, "--shapes: there is no input '\(name)'; there are \(known)")
    }
  }

  /// The int8 model in a file.
  package static func readBlob(_ path: String) throws -> LoadedModel {
    let (bytes, format) = try bytes(path)
    guard format == .blob else {
      throw CommandError(
        .badData,
        "\(path): this is \(format.advice), and this needs a blob; 'octet quantize' makes one of a "
          + "float model, 'octet import' of a quantized one")
    }
    return try naming(path) { try LoadedModel(bytes) }
  }

  /// The model in a file, float or quantized in part, and what is to be said about its outputs.
  ///
  /// - Parameter shapes: the shapes of ONNX inputs that the file leaves open, by name.
  package static func readQuantizable(
    _ path: String, shapes: [String: [[Int]]]
  ) throws -> (graph: Graph, notes: [String]) {
    let (bytes, format) = try bytes(path)
    if format == .blob {
      throw CommandError(
        .badData, "\(path): an int8 blob, where a float model (.onnx) is needed")
    }
    return try naming(path) {
      var graph: Graph
      if format == .tflite {
        graph = try readTFLite(bytes, shapes)
      } else {
        try checkInputs(shapes.keys.sorted(), of: bytes)
        var model = try importONNX(bytes, path, shapes: shapes)
        if !shapes.isEmpty || model.graph.isQuantized { _ = try model.prove() }
        model.forgetSource()
        model.moveQuantizationOutOfTheEdges()
        model.moveImageChannelsLast()
        graph = model.graph
      }
      let notes = try graph.dropOutputs(in: path)
      try graph.requireElements(in: path)
      guard !graph.isQuantized || graph.lacksGrids else {
        let inFloats = graph.nodesInFloats(canBeCompleted: false)
        let reason =
          inFloats.isEmpty
          ? "'octet import' takes it as it is" : "\(ExchangeError.unsupported(inFloats))"
        throw CommandError(.badData, "\(path): this model is quantized already; \(reason)")
      }
      return (graph, notes)
    }
  }

  private static func readTFLite(_ bytes: [UInt8], _ shapes: [String: [[Int]]]) throws -> Graph {
    guard shapes.isEmpty else {
      throw CommandError(.usage, "--shapes is for ONNX files; a TFLite file has its shapes")
    }
    return try TFLiteReader.read(bytes)
  }
}

extension Graph {
  /// Throws where an input, or what a node makes, has no elements: there is nothing to compute.
  package func requireElements(in path: String) throws(CommandError) {
    let made = nodes.flatMap { node in node.outputs.map { ("made by node '\(node.name)'", $0) } }
    for (place, index) in inputs.map({ ("an input", $0) }) + made
    where tensors[index].elementCount == 0 {
      throw CommandError(
        .badData,
        "\(path): '\(tensors[index].name)', \(place), has the shape "
          + "\(tensors[index].shape.shapeText): a dimension is 0, so there is nothing to compute; "
          + "export the model with the sizes that it is used with")
    }
  }

  /// Drops the outputs that a blob does not have.
  ///
  /// - Throws: when none is left.
  package mutating func dropOutputs(in path: String) throws(CommandError) -> [String] {
    let notes = dropIntegerOutputs()
    guard notes.isEmpty || !outputs.isEmpty else {
      throw CommandError(
        .badData, "\(path): \(notes.joined(separator: "; ")); no output is left")
    }
    return notes
  }

  /// Whether the model came with scales, so that it becomes a blob as it is.
  package var isQuantized: Bool { tensors.contains { $0.quantization != nil } }
}

extension [Int] {
  /// `1×28×28×1`
  package var shapeText: String { map(String.init).joined(separator: "×") }
}
