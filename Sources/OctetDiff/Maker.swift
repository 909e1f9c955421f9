import OctetCompiler
import OctetModel
import OctetReport
import OctetRuntime

/// What makes the values at a place of a model.
enum Maker: Sendable {
  case input
  case node(Operation)
  case blobOperator(OperatorKind, hasPool: Bool)

  /// The maker that an operator of a validated blob is.
  init(_ view: OperatorView) {
    guard let kind = view.kind else { preconditionFailure("a valid blob knows its operators") }
    typealias Word = Convolution.Word
    let hasPool =
      kind.widened == .convolution
      && (view.parameter(Word.poolHeight) > 1 || view.parameter(Word.poolWidth) > 1)
    self = .blobOperator(kind, hasPool: hasPool)
  }

  /// The name as reports and JSON say it.
  var name: String {
    switch self {
    case .input: DiffReport.Layer.inputName
    case .node(let operation): operation.name
    case .blobOperator(let kind, _): kind.name
    }
  }

  /// The runtime's operators that compute this, in the widths of int8; none of what only the float
  /// interpreter computes.
  var kinds: Set<OperatorKind> {
    switch self {
    case .input: []
    case .node(let operation): operation.kinds
    case .blobOperator(let kind, let hasPool): [hasPool ? .maxPool : kind.inInt8]
    }
  }

  /// Whether an operator has weights of its own.
  var isWeighted: Bool {
    switch self {
    case .input: false
    case .node(let operation): operation.weightChannelAxis != nil
    case .blobOperator(let kind, _):
      [.convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected]
        .contains(kind.inInt8)
    }
  }

  /// Whether a float model's operator is a function of each element alone.
  var isFunction: Bool {
    switch self {
    case .node(.scalar), .node(.prelu): true
    default: false
    }
  }

  /// Whether values stay as they are, in their order.
  var onlyRenames: Bool {
    if case .node(let operation) = self, [.identity, .quantize, .dequantize].contains(operation) {
      return true
    }
    if case .node(.cast) = self { return true }
    return kinds.isEmpty ? name == DiffReport.Layer.inputName : kinds == [.reshape]
  }

  /// Whether another model may have the same values where `other` makes them.
  func canBeTwin(of other: Maker) -> Bool {
    switch (self, other) {
    case (.input, .input): return true
    case (.node(let a), .node(let b)) where a.isSameKind(as: b): return true
    default: break
    }
    let averages: Set<OperatorKind> = [.mean, .averagePool]
    let (own, others) = (kinds, other.kinds)
    return !own.isDisjoint(with: others)
      || !own.isDisjoint(with: averages) && !others.isDisjoint(with: averages)
  }
}

extension OperatorKind {
  /// The kind that computes the same of activations and weights of int8.
  var inInt8: OperatorKind {
    switch self {
    case .convolution16: .convolution
    case .depthwiseConvolution16: .depthwiseConvolution
    case .fullyConnected16: .fullyConnected
    case .softmax16: .softmax
    case .sigmoid16, .requantize: .lookup
    default: widened
    }
  }
}

extension DiffModel {
  /// What the option --int16 calls the layer that makes a place's values, where they are int8 and
  /// could be int16: behind what only moves or pools them.
  func int16Name(_ place: Int) -> String? {
    guard let view = view(place), !view.isInt16 else { return nil }
    guard let kind = operatorView(place)?.kind?.inInt8 else { return places[place].tensorName }
    switch kind {
    case .convolution, .depthwiseConvolution, .fullyConnected, .softmax, .add, .subtract,
      .multiply, .mean, .concatenation:
      return places[place].name
    case .maxPool, .averagePool, .reshape, .transpose, .slice, .pad:
      return sources(of: place).first?.place.flatMap(int16Name)
    default: return nil
    }
  }
}

extension Operation {
  /// The runtime's operators that can compute a node, in the widths of int8.
  var kinds: Set<OperatorKind> {
    switch self {
    case .convolution: [.convolution]
    case .depthwiseConvolution: [.depthwiseConvolution]
    case .transposedConvolution: [.transposedConvolution]
    case .fullyConnected: [.fullyConnected]
    case .matrixMultiply: [.matrixMultiply]
    case .maxPool: [.maxPool]
    case .averagePool: [.averagePool]
    case .add: [.add]
    case .subtract: [.subtract]
    case .multiply: [.multiply]
    case .minimum: [.minimum]
    case .maximum: [.maximum]
    case .squaredDifference: [.squaredDifference]
    case .scalar, .prelu, .identity, .quantize: [.lookup]
    case .softmax: [.softmax]
    case .logSoftmax: [.logSoftmax]
    case .l2Normalization: [.l2Normalization]
    case .mean: [.mean]
    case .concatenation: [.concatenation]
    case .pad: [.pad]
    case .reshape: [.reshape]
    case .transpose: [.transpose]
    case .slice: [.slice]
    case .resize: [.resizeNearest, .resizeBilinear]
    case .maxPoolIndices, .divide, .power, .compare, .logic, .select, .cast, .batchNormalization,
      .localResponseNormalization, .reduce, .extremum, .expand, .tile, .gather, .split,
      .dequantize:
      []
    }
  }
}
