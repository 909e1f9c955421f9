import OctetModel

/// The one door to what few files have: forms of old operator sets, operators that ONNX Runtime
/// contributes, sequences, branches, training, volumes, and grids that no int8 kernel has. What
/// lies behind it becomes operators and forms of today, or what the graph has for them; the rest
/// of the importer knows nothing of it.
struct RareONNX {
  /// Operators of the standard set that `modernized` turns into others.
  static let operators = ["QLinearConv", "QLinearMatMul", "Upsample"]

  /// The names of the values in each sequence.
  var sequences: [String: [String]] = [:]

  /// The model with today's nodes wherever the file alone says what they are.
  static func modernized(_ model: ONNXModel) -> ONNXModel {
    model.withContributedOperatorsExpanded().withOldFormsRewritten()
  }

  /// The names under which an input's tensors are held: its own, or one for each tensor of a
  /// sequence.
  mutating func names(ofInput info: ONNXValueInfo, count: Int) -> [String] {
    guard info.isSequence else { return [info.name] }
    let names = (0..<count).map { "\(info.name)[\($0)]" }
    sequences[info.name] = names
    return names
  }

  /// An output's name and that of its value; one of each for each tensor of a sequence.
  func sources(ofOutput name: String) -> [(name: String, source: String)] {
    guard let sources = sequences[name] else { return [(name, name)] }
    return sources.enumerated().map { ("\(name)[\($0)]", $1) }
  }

  /// Whether other nodes take the node's place, see `ONNXImporter.replacements`.
  func replaces(_ node: ONNXNode) -> Bool {
    ONNXImporter.sequenceHandlers[node.operatorName] != nil
      || node.inputs.contains { sequences[$0] != nil }
  }
}

extension ONNXImporter {
  /// Brings a node's inputs into today's form, and takes the node over where it is rare. Returns
  /// whether it has; all others are left to their operator's definition.
  mutating func takeOverRare(_ node: inout ONNXNodeView) throws(ImportFailure) -> Bool {
    if version < 21 { try bringUpToDate(&node) }
    switch node.operatorName {
    case "Softmax", "LogSoftmax": return version < 13 ? try softmaxOfRows(node) : false
    case "BatchNormalization": return try takeOverTraining(batchNormalization: node)
    case "Dropout": return try takeOverTraining(dropout: node)
    case "QuantizeLinear": return try quantizeStepwise(node)
    case "DequantizeLinear": return try dequantizeStepwise(node)
    case "Conv", "ConvTranspose", "MaxPool", "AveragePool": return try takeOverVolume(node)
    default: return false
    }
  }
}
