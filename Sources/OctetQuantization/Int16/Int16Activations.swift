import OctetModel
import OctetPasses

/// Which activations have 16 bits instead of 8: TensorFlow Lite's 16×8, symmetric, with weights of
/// int8 and biases of int64.
public enum Int16Activations: Sendable, Equatable {
  /// Every activation is int8.
  case none
  /// The fewest within the network, by what each costs the outputs, that lower the error of all
  /// activations together by so many decibels; the model's inputs and outputs stay int8.
  case automatic(decibels: Double)
  /// Every activation that has operators for it, the model's inputs and outputs too.
  case all
  /// The results of layers, or inputs, of these names.
  case layers([String])

  /// What `automatic` lowers the error by unless said otherwise: half of its amplitude.
  public static let decibels = 6.0
}

/// Activations that are int16 together or not at all: a layer's result and what only moves, pads or
/// pools it.
struct Int16Unit: Sendable, Equatable {
  /// The layer, or the input, that makes the first of them.
  var name: String
  var tensors: [TensorIndex]
  /// Whether the model's inputs or outputs are among them.
  var isOuter: Bool
}

extension Graph {
  /// The activations that could be int16, in execution order.
  ///
  /// - Parameter tabulated: nodes that become tables, whose codes are int8.
  func int16Units(_ tabulated: Set<Int>) -> [Int16Unit] {
    var owners = [Int?](repeating: nil, count: tensors.count)
    var units: [Int16Unit] = []
    func start(_ name: String, _ own: [TensorIndex]) {
      for tensor in own { owners[tensor] = units.count }
      units.append(Int16Unit(name: name, tensors: own, isOuter: false))
    }
    for input in inputs where isFree(input) { start(tensors[input].name, [input]) }
    for (index, node) in nodes.enumerated() {
      guard !tabulated.contains(index), hasInt16Form(node), node.outputs.allSatisfy({ isFree($0) })
      else { continue }
      if node.operation.passesGridOn || node.isInt16Change {
        guard let unit = owners[node.inputs[0]] else { continue }
        for output in node.outputs { owners[output] = unit }
        units[unit].tensors += node.outputs
      } else {
        start(node.name, node.outputs)
      }
    }
    let outer = Set(inputs + outputs)
    for index in units.indices {
      units[index].isOuter = !outer.isDisjoint(with: units[index].tensors)
    }
    return units
  }

  /// The units that a choice by hand names.
  ///
  /// - Throws: the first name that is none of a layer, or of one that has no operator for int16.
  func int16Units(
    named names: [String], _ tabulated: Set<Int>
  ) throws(QuantizationError) -> [Int16Unit] {
    let units = int16Units(tabulated)
    var result: [Int16Unit] = []
    for name in names {
      let own = nodes.first { $0.name == name }?.outputs ?? []
      let found = units.filter { unit in
        unit.name == name
          || unit.tensors.contains { own.contains($0) || tensors[$0].name == name }
      }
      guard found.isEmpty else {
        result += found
        continue
      }
      guard let node = nodes.first(where: { $0.name == name }) else {
        throw .unknownLayer(name, known: units.map(\.name))
      }
      throw .withoutInt16(layer: name, operation: node.operation.name, known: units.map(\.name))
    }
    return result
  }

  /// Whether the runtime has an operator for the node with operands and results of int16.
  func hasInt16Form(_ node: Node) -> Bool {
    let result = tensors[node.outputs[0]]
    switch node.operation {
    case .convolution, .depthwiseConvolution, .fullyConnected, .maxPool, .averagePool, .add,
      .subtract, .multiply, .concatenation, .pad, .reshape, .transpose, .slice, .split, .identity,
      .mean, .reduce(.sum, _, _), .scalar(.logistic), .scalar(.tanh):
      return true
    case .softmax(let axis, _): return axis == result.shape.count - 1
    case .scalar: return node.isInt16Change
    case .transposedConvolution, .matrixMultiply, .maxPoolIndices, .divide, .minimum, .maximum,
      .squaredDifference, .power, .prelu, .compare, .logic, .select, .cast, .logSoftmax,
      .l2Normalization, .batchNormalization, .localResponseNormalization, .reduce, .extremum,
      .expand, .tile, .gather, .resize, .quantize, .dequantize:
      return false
    }
  }
}

extension Node {
  /// Whether a change of scale computes the node, which reads and makes either width.
  var isInt16Change: Bool {
    if case .scalar = operation { operation.asActivation != nil } else { false }
  }
}
