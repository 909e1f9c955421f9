import OctetModel
import OctetPasses

extension ONNXImporter {
  mutating func finish() throws(ExchangeError) -> ONNXImport {
    var outputs: [ONNXImport.Port] = []
    var constantOutputs: [String: ONNXValue] = [:]
    var outputNames = Set<String>()
    do {
      for output in model.graph.outputs {
        for (name, source) in rare.sources(ofOutput: output.name) {
          guard var value = values[source] else {
            throw ImportFailure.invalid("output '\(name)' is made by no node")
          }
          guard outputNames.insert(name).inserted else {
            throw ImportFailure.invalid("output '\(name)' is listed twice")
          }
          value.name = name
          if let constant = value.constant { constantOutputs[name] = constant }
          outputs.append(try port(&value, isBatchOpen: isBatchOpen(output)))
        }
      }
    } catch {
      throw .invalidModel(place: "graph '\(model.graph.name)'", reason: "\(error)")
    }
    readMetadata()
    let widenedNodes = graph.placeIntegers(
      constantGrids: tensorGrids, narrow: narrowTensors)
    var result = ONNXImport(
      graph: graph, inputs: inputs, outputs: outputs, values: [:],
      constantOutputs: constantOutputs,
      source: ONNXSource(
        nodes: takenNodes, constants: values.compactMapValues { $0.constant }, version: version,
        data: data))
    result.source.forgetInitializers()
    result.widenedNodes = widenedNodes
    for value in values.values {
      guard case .tensor(let tensor) = value.source else { continue }
      result.values[value.name] = ONNXImport.Port(
        name: value.name, shape: value.shape, elementType: value.elementType,
        layout: value.layout, tensor: tensor)
    }
    return try result.pruned()
  }

  /// Makes a value an output of the graph.
  private mutating func port(
    _ value: inout ImportedValue, isBatchOpen: Bool
  ) throws(ImportFailure) -> ONNXImport.Port {
    if let constant = value.constant {
      value.source = .tensor(try copy(of: constant, named: value.name))
    } else if case .flattened = value.layout {
      value.source = .tensor(try tensor(value, .plain))
      value.layout = .plain
    }
    let tensor = try outputTensor(value)
    graph.outputs.append(tensor)
    return ONNXImport.Port(
      name: value.name, shape: value.shape, elementType: value.elementType,
      layout: value.layout, tensor: tensor, isBatchOpen: isBatchOpen)
  }

  /// A tensor that a node makes of a constant, as outputs need it.
  private mutating func copy(
    of constant: ONNXValue, named name: String
  ) throws(ImportFailure) -> TensorIndex {
    try spend(2 * constant.count)
    let payload: Payload =
      switch constant.elements {
      case .real(let values): .float(values)
      case .integer(let values): .int64(values)
      }
    let source = graph.add(
      Tensor(
        name: uniqueName(name + "/constant"), shape: constant.shape,
        elementType: constant.elementType.elementType, constant: payload))
    return try emit(.identity, name: name, inputs: [source], output: name)
  }

  /// Whether the file leaves the first dimension of an output open; where it says nothing, whether
  /// it does so with an input.
  private func isBatchOpen(_ output: ONNXValueInfo) -> Bool {
    guard let shape = output.shape else { return inputs.contains { $0.isBatchOpen } }
    return shape.first.map { $0 ?? -1 < 0 } ?? false
  }

  /// The tensor of an output, under the output's name.
  private mutating func outputTensor(_ value: ImportedValue) throws(ImportFailure) -> TensorIndex {
    guard case .tensor(let tensor) = value.source else { throw .invalid("no tensor") }
    if graph.tensors[tensor].quantization != nil && value.elementType == .float {
      return try emit(.dequantize, name: value.name, inputs: [tensor], output: value.name)
    }
    if isInput(tensor) || !outputTensors.insert(tensor).inserted {
      return try emit(.identity, name: value.name, inputs: [tensor], output: value.name)
    }
    if graph.tensors[tensor].name != value.name, !names.contains(value.name) {
      graph.tensors[tensor].name = names.take(value.name)
    }
    return tensor
  }

  private mutating func readMetadata() {
    for (key, text) in model.metadata {
      switch key {
      case "octet.labels": graph.metadata.labels = text.split(separator: "\n").map { String($0) }
      case "octet.mean", "octet.std":
        let numbers = text.split(separator: ",").compactMap { Float($0) }
        var normalization =
          graph.metadata.normalization ?? Normalization(mean: [], standardDeviation: [])
        if key == "octet.mean" {
          normalization.mean = numbers
        } else {
          normalization.standardDeviation = numbers
        }
        graph.metadata.normalization = normalization
      case "octet.test_data", "octet.test_accuracy":
        var training =
          graph.metadata.training ?? TrainingRecord(dataName: "", testAccuracy: .nan)
        if key == "octet.test_data" {
          training.dataName = text
        } else {
          training.testAccuracy = Double(text) ?? .nan
        }
        graph.metadata.training = training
      default: break
      }
    }
    if let training = graph.metadata.training, !(0...1).contains(training.testAccuracy) {
      graph.metadata.training = nil
    }
    if let normalization = graph.metadata.normalization,
      normalization.mean.count != normalization.standardDeviation.count
        || normalization.mean.isEmpty
    {
      graph.metadata.normalization = nil
    }
  }
}
