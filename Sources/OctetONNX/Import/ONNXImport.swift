import OctetModel
import OctetPasses

/// What an ONNX file became.
public struct ONNXImport: Sendable {
  /// An input or output of the file and how the graph holds it.
  public struct Port: Sendable, Equatable {
    /// The name in the file.
    public var name: String
    /// The shape in the file, with a batch of 1 where it leaves the batch open.
    public var shape: [Int]
    /// The type in the file; the graph's tensor may hold the reals for which integers stand.
    public var elementType: ONNXElementType
    /// How the elements are ordered in the graph's tensor.
    public var layout: ONNXLayout
    /// The graph's tensor that holds it.
    public var tensor: TensorIndex
    /// Whether the file leaves the first dimension open, which is 1 here.
    public var isBatchOpen = false
  }

  /// What the model computes; quantized where the file is.
  public var graph: Graph
  /// The model's inputs, in the order of the graph's.
  public var inputs: [Port]
  /// The model's outputs, in the order of the graph's.
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
  package mutating func forgetSource() {
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

extension ONNXImport {
  /// `Graph.moveImageChannelsLast`, of the ports too.
  public mutating func moveImageChannelsLast() {
    for position in graph.moveImageChannelsLast() {
      inputs[position].tensor = graph.inputs[position]
      inputs[position].layout = .channelsLast
    }
  }

  /// `Graph.moveQuantizationOutOfTheEdges`, of the ports too.
  public mutating func moveQuantizationOutOfTheEdges() {
    graph.moveQuantizationOutOfTheEdges()
    for position in inputs.indices { inputs[position].tensor = graph.inputs[position] }
    for position in outputs.indices { outputs[position].tensor = graph.outputs[position] }
  }
}
