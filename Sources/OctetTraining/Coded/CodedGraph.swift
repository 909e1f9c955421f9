import Foundation
import OctetCompiler
import OctetModel
import OctetPasses

/// An int8 model as it is trained: its weights and biases in real numbers, which an optimizer
/// changes a little at a time, and the grids that they and all results are rounded to.
///
/// Weights are counted in the largest that their channel's grid had at the start, biases in 64
/// steps of the layer's result, so that one learning rate suits channels of any scale: the folded
/// normalization leaves them wide apart.
///
/// Tensors keep their places; what is learned of grids comes after them.
struct CodedGraph: Sendable {
  /// The model as it was given, in the forms that kernels have.
  let int8: Graph
  /// The same over what is trained. A function that is a table is one node from codes to codes.
  private(set) var real: Graph
  /// The grid of every activation.
  private(set) var grids: [TensorIndex: CodeGrid] = [:]
  /// The grid of every constant that is trained as weights, by its tensor.
  private(set) var weights: [TensorIndex: WeightGrid] = [:]
  /// The function that makes a tensor, where it is a table.
  private(set) var tables: [TensorIndex: CodeTable] = [:]
  /// The constant that holds, for each learned grid, the logarithm of how far its step has moved.
  private(set) var learnedSteps: TensorIndex?

  /// - Parameter learnsSteps: the steps of weights and of activations are trained as well.
  /// - Throws: the first node that cannot be trained in int8, and why.
  init(_ graph: Graph, learnsSteps: Bool) throws(TrainingError) {
    int8 = graph.withKernelForms()
    real = int8.inReals()
    guard int8.arithmetic == .tensorFlowLite else {
      throw .graph(
        node: graph.name,
        reason: "results are rounded as ONNX has it, which training in int8 does not follow; "
          + "quantize the float model")
    }
    // Pixels as they are: a table has the code of each.
    real.metadata.normalization = Normalization(mean: [0], standardDeviation: [1 / 255])
    try takeTables()
    try takeGrids()
    try takeWeights(learnsSteps: learnsSteps)
    if learnsSteps { learnSteps() }
  }

  /// The step of a grid that began with `start`.
  static func step(_ start: Float, moved logarithm: Float) -> Float {
    start * Float(exp(Double(logarithm)))
  }

  // MARK: Grids

  private mutating func takeGrids() throws(TrainingError) {
    let used = Set(int8.inputs + real.nodes.flatMap { $0.inputs + $0.outputs })
    for index in used.sorted() where int8.tensors[index].constant == nil {
      let tensor = int8.tensors[index]
      guard tensor.elementType == .int8, let grid = tensor.quantization, grid.axis == nil else {
        throw .graph(
          node: tensor.name,
          reason: tensor.elementType == .int16
            ? "its values are int16; only models of int8 activations are trained in codes"
            : "its values are not on a grid of int8")
      }
      grids[index] = CodeGrid(start: grid.scales[0], zeroPoint: grid.zeroPoints[0])
    }
  }

  private mutating func takeWeights(learnsSteps: Bool) throws(TrainingError) {
    for node in int8.nodes {
      guard let axis = node.operation.weightChannelAxis, node.inputs.count > 1 else { continue }
      let index = node.inputs[1]
      let tensor = int8.tensors[index]
      guard case .int8(let codes) = tensor.constant, let grid = tensor.quantization,
        grid.zeroPoints.allSatisfy({ $0 == 0 }), grid.axis ?? axis == axis
      else {
        throw .graph(node: node.name, reason: "its weights are not int8 with a zero point of 0")
      }
      let channels = tensor.shape[axis]
      var own = WeightGrid(
        starts: grid.scales.count == 1
          ? [Float](repeating: grid.scales[0], count: channels) : grid.scales,
        limit: tensor.elementType == .int4 ? 7 : 127,
        biasUnit: 64 * (grids[node.outputs[0]]?.start ?? 1))
      real.tensors[index].constant = .float(codes.map { Float($0) / own.limit })
      if node.inputs.count > 2, let biases = real.tensors[node.inputs[2]].floats {
        real.tensors[node.inputs[2]].constant = .float(biases.map { $0 / own.biasUnit })
      }
      if learnsSteps {
        own.learnedSteps = real.add(
          Tensor(
            name: "\(tensor.name)/steps", shape: [channels],
            constant: .float([Float](repeating: 0, count: channels))))
      }
      weights[index] = own
    }
  }

  // MARK: Learned steps

  /// Tensors that share a grid learn one step. Grids that kernels or tables prescribe, and those of
  /// the model's ends, stay.
  private mutating func learnSteps() {
    var groups = TensorGroups(count: int8.tensors.count)
    var fixed = int8.inputs + int8.outputs
    for node in real.nodes {
      let activations = (node.inputs + node.outputs).filter { real.tensors[$0].constant == nil }
      let hasConstants = activations.count < node.inputs.count + node.outputs.count
      if tables[node.outputs[0]] != nil || node.operation.fixedOutputQuantization != nil
        || hasConstants && node.operation.weightChannelAxis == nil || node.operation.isClamping
      {
        fixed += activations
      }
      guard node.operation.keepsGrid else { continue }
      for tensor in activations.dropFirst() { groups.join(activations[0], tensor) }
    }
    let fixedGroups = Set(fixed.map { groups.first(of: $0) })
    var places: [TensorIndex: Int] = [:]
    for tensor in grids.keys.sorted() {
      let group = groups.first(of: tensor)
      if fixedGroups.contains(group) { continue }
      let place = places[group] ?? places.count
      places[group] = place
      grids[tensor]?.place = place
    }
    guard !places.isEmpty else { return }
    learnedSteps = real.add(
      Tensor(
        name: "steps", shape: [places.count],
        constant: .float([Float](repeating: 0, count: places.count))))
  }

  // MARK: Tables

  private mutating func takeTables() throws(TrainingError) {
    var inner: Set<Int> = []
    for region in int8.tableRegions() {
      guard let last = region.nodes.last else { continue }
      inner.formUnion(region.nodes.dropLast())
      do {
        tables[region.result] = CodeTable(
          int8, from: region.source, to: region.result, values: try int8.values(of: region))
      } catch {
        throw .graph(node: int8.nodes[last].name, reason: "\(error)")
      }
      real.nodes[last].inputs = [region.source]
    }
    for (index, node) in int8.nodes.enumerated() {
      guard tables[node.outputs[0]] == nil, !inner.contains(index),
        let table = CodeTable(int8, node)
      else { continue }
      tables[node.outputs[0]] = table
      real.nodes[index].inputs = [node.inputs[0]]
    }
    real.nodes = real.nodes.indices.filter { !inner.contains($0) }.map { real.nodes[$0] }
  }
}

/// The grid of an activation.
struct CodeGrid: Sendable, Equatable {
  /// The step that it began with.
  var start: Float
  var zeroPoint: Int32
  /// Its place among the learned steps; nil for one that stays.
  var place: Int?
}

/// The grids of a layer's weights, one for each output channel.
struct WeightGrid: Sendable, Equatable {
  /// The steps that they began with.
  var starts: [Float]
  /// The largest code; the least is its negative.
  var limit: Float
  /// What biases beside the weights are counted in.
  var biasUnit: Float
  /// The constant with the logarithm of how far each step has moved; nil for steps that stay.
  var learnedSteps: TensorIndex?
}

extension OctetModel.Operation {
  /// Whether a pool has an activation, or padding a number, whose codes are those of a given grid.
  fileprivate var isClamping: Bool {
    if case .pad(_, _, .constant(let value)) = self { return value != 0 }
    return keepsGrid && (activation ?? .none) != .none
  }
}

/// Tensors in groups, each named by one of its tensors.
private struct TensorGroups {
  private var owners: [TensorIndex]

  init(count: Int) { owners = Array(0..<count) }

  func first(of tensor: TensorIndex) -> TensorIndex {
    var tensor = tensor
    while owners[tensor] != tensor { tensor = owners[tensor] }
    return tensor
  }

  mutating func join(_ a: TensorIndex, _ b: TensorIndex) {
    let (a, b) = (first(of: a), first(of: b))
    owners[max(a, b)] = min(a, b)
  }
}
