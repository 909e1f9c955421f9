import Foundation
import OctetModel

/// Reads ONNX files (operator sets 1 to 28) into a `Graph`.
public enum ONNXReader {
  /// The operator sets that Octet knows.
  public static let operatorSets: ClosedRange<Int64> = 1...28

  /// The operators of the standard set that Octet reads, in alphabetical order.
  public static var operators: [String] {
    let read = ONNXOperator.all.filter { $0.read != nil }.flatMap(\.names)
    return (read + RareONNX.operators).sorted()
  }

  /// Reads a file; tensors that it keeps in files beside it are read too.
  public static func read(_ url: URL) throws(ExchangeError) -> Graph {
    try importModel(url).graph
  }

  /// Reads a model from memory.
  ///
  /// - Parameters:
  ///   - constants: values for graph inputs that are fixed from now on, such as the shape input of
  ///     a Reshape.
  ///   - shapes: shapes for graph inputs that the file leaves open, and one for each tensor of a
  ///     sequence; those become inputs of their own, `x[0]`, `x[1]`, ….
  public static func read(
    _ bytes: [UInt8], constants: [String: ONNXValue] = [:], shapes: [String: [[Int]]] = [:]
  ) throws(ExchangeError) -> Graph {
    try importModel(bytes, constants: constants, shapes: shapes).graph
  }

  /// Like `read`, with what is needed to feed the graph by the file's names and layouts.
  public static func importModel(
    _ url: URL, shapes: [String: [[Int]]] = [:]
  ) throws(ExchangeError) -> ONNXImport {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: url))
    } catch {
      throw .unreadable(path: url.path, reason: "the file is missing or may not be read")
    }
    return try importModel(bytes, besides: url.deletingLastPathComponent(), shapes: shapes)
  }

  /// Like `read`, with what is needed to feed the graph by the file's names and layouts.
  ///
  /// - Parameter folder: where the model may keep tensors in files of their own; nothing else is
  ///   read.
  public static func importModel(
    _ bytes: consuming [UInt8], besides folder: URL, shapes: [String: [[Int]]] = [:]
  ) throws(ExchangeError) -> ONNXImport {
    let files = ONNXExternalFiles(folder)
    return try importModel(
      ONNXData(
        bytes: bytes,
        external: { (range) throws(ExchangeError) in try files.read(range) }),
      constants: [:], shapes: shapes)
  }

  /// Like `read`, with what is needed to feed the graph by the file's names and layouts.
  public static func importModel(
    _ bytes: [UInt8], constants: [String: ONNXValue] = [:], shapes: [String: [[Int]]] = [:]
  ) throws(ExchangeError) -> ONNXImport {
    try importModel(ONNXData(bytes: bytes), constants: constants, shapes: shapes)
  }

  private static func importModel(
    _ data: ONNXData, constants: [String: ONNXValue], shapes: [String: [[Int]]]
  ) throws(ExchangeError) -> ONNXImport {
    let model = try ONNXParser.model(data.bytes)
    var importer = ONNXImporter(model, data: data, constants: constants, shapes: shapes)
    var result = try importer.run()
    result.graph.metadata.roundsOnce = result.graph.tensors.contains { $0.quantization != nil }
    return result
  }
}

/// What an ONNX file became.
public struct ONNXImport: Sendable {
  /// An input or output of the file and how the graph holds it.
  public struct Port: Sendable, Equatable {
    public var name: String
    /// The shape in the file, with a batch of 1 where it leaves the batch open.
    public var shape: [Int]
    public var elementType: ONNXElementType
    public var layout: ONNXLayout
    public var tensor: TensorIndex
    /// Whether the file leaves the first dimension open, which is 1 here.
    public var isBatchOpen = false
  }

  public var graph: Graph
  public var inputs: [Port]
  public var outputs: [Port]
  /// Values of the file that the graph holds, by name: what the proof compares.
  var values: [String: Port]
  /// Outputs that do not depend on any input; the graph gives them too.
  public var constantOutputs: [String: ONNXValue]
  /// Nodes whose weights need more than 8 bits, uint8 with a zero point: they read their input
  /// several times, and cost as many times the multiply-adds.
  public internal(set) var widenedNodes: [String] = []
  /// The file's nodes in their order, and what they read, for the proof.
  var source: ONNXSource

  /// Frees the memory of what only `prove` needs, which then has nothing to compare.
  public mutating func forgetSource() {
    source = ONNXSource(
      nodes: [], constants: [:], version: source.version, data: ONNXData(bytes: []))
    values = [:]
  }
}

/// What the proof needs of the file.
struct ONNXSource: Sendable {
  var nodes: [ONNXNode]
  var constants: [String: ONNXValue]
  var version: Int64
  var data: ONNXData

  /// Keeps of the file's bytes what attributes of nodes refer to: initializers have been decoded.
  mutating func forgetInitializers() {
    var kept: [UInt8] = []
    for index in nodes.indices {
      for (name, attribute) in nodes[index].attributes {
        guard case .tensor(var tensor) = attribute, let raw = tensor.raw else { continue }
        tensor.raw = kept.count..<kept.count + raw.count
        kept += data.bytes[raw]
        nodes[index].attributes[name] = .tensor(tensor)
      }
    }
    data.bytes = kept
  }
}

extension ONNXReader {
  /// What a file says about itself, before anything is imported.
  public struct Summary: Sendable, Equatable {
    public var operatorSet: Int64
    public var producer: String
    /// Names of the inputs that have no initializer, in order.
    public var inputs: [String]
    public var outputs: [String]
    /// The operator of each node, in order.
    public var operators: [String]
  }

  /// Reads names only; any ONNX file will do, supported or not.
  public static func summary(_ bytes: [UInt8]) throws(ExchangeError) -> Summary {
    let model = try ONNXParser.model(bytes)
    let constants = Set(model.graph.initializers.map(\.name))
    return Summary(
      operatorSet: model.operatorSets[""] ?? 1, producer: model.producer,
      inputs: model.graph.inputs.map(\.name).filter { !constants.contains($0) },
      outputs: model.graph.outputs.map(\.name), operators: model.graph.nodes.map(\.operatorName))
  }
}

extension ONNXReader {
  /// The files beside a model in which it keeps tensors, as it names them.
  public static func externalFiles(_ bytes: [UInt8]) throws(ExchangeError) -> Set<String> {
    Set(try ONNXParser.model(bytes).graph.initializers.compactMap { $0.external["location"] })
  }
}
