/// An ONNX file as it is written (onnx.proto3 of ONNX 1.20), as far as Octet uses it.
struct ONNXModel {
  var irVersion: Int64 = 0
  var producer = ""
  /// The version of each operator set; the standard one has the empty name.
  var operatorSets: [String: Int64] = [:]
  var graph = ONNXGraph()
  var metadata: [(key: String, value: String)] = []
}

struct ONNXGraph: Sendable {
  var name = ""
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
}

struct ONNXNode: Sendable {
  var name = ""
  var operatorName = ""
  var domain = ""
  /// An empty name stands for an absent optional input.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]
}

extension ONNXNode {
  /// The node's name; of a node without one that of its first output, else its number in the file.
  func displayName(index: Int) -> String {
    if !name.isEmpty { return name }
    return outputs.first { !$0.isEmpty } ?? "number \(index + 1)"
  }
}

enum ONNXAttribute: Sendable {
  case float(Float)
  case integer(Int64)
  case string(String)
  case tensor(ONNXTensor)
  case floats([Float])
  case integers([Int64])
  case graph(ONNXGraph)
  /// Sub-graphs that nest too deep, sparse tensors and lists of texts or tensors.
  case other
}

struct ONNXValueInfo: Sendable {
  var name = ""
  /// The code of TensorProto.DataType; 0 when the value is neither a tensor nor a sequence of them.
  var elementType = 0
  /// Whether the value is a list of tensors.
  var isSequence = false
  /// nil when the file gives no shape; a nil dimension is not fixed.
  var shape: [Int?]?
}

/// A tensor of the file. The data stays where it is until `ONNXTensor.value` decodes it.
struct ONNXTensor: Sendable {
  var name = ""
  var shape: [Int64] = []
  var elementType = 0
  /// Where `raw_data` lies in the file.
  var raw: Range<Int>?
  var floats: [Float] = []
  var doubles: [Double] = []
  /// `int32_data`, `int64_data` and `uint64_data`.
  var integers: [Int64] = []
  /// `location`, `offset` and `length` when the data lies in another file.
  var external: [String: String] = [:]
  var isExternal = false
  /// Where the tensor begins in the file, for messages.
  var offset = 0
}
