import OctetModel
import OctetReport

extension Graph {
  /// Puts a node between an operand and the node at `index` that reads it.
  mutating func insert(_ operation: Operation, before index: Int, operand: Int) {
    let source = nodes[index].inputs[operand]
    let result = add(Tensor(name: "variant\(tensors.count)", shape: tensors[source].shape))
    nodes[index].inputs[operand] = result
    nodes.insert(
      Node(name: "variant\(result)", operation: operation, inputs: [source], outputs: [result]),
      at: index)
  }

  /// Puts a node between the node at `index` and all that read its result.
  mutating func insert(_ operation: Operation, after index: Int) {
    let target = nodes[index].outputs[0]
    let between = add(Tensor(name: "variant\(tensors.count)", shape: tensors[target].shape))
    nodes[index].outputs[0] = between
    nodes.insert(
      Node(name: "variant\(between)", operation: operation, inputs: [between], outputs: [target]),
      at: index + 1)
  }
}

extension Operation {
  /// The same operation with another activation; nil when it cannot have one.
  func with(_ activation: Activation) -> Operation? {
    switch self {
    case .convolution(var a):
      a.activation = activation
      return .convolution(a)
    case .depthwiseConvolution(var a):
      a.activation = activation
      return .depthwiseConvolution(a)
    case .transposedConvolution(var a):
      a.activation = activation
      return .transposedConvolution(a)
    case .fullyConnected(var a):
      a.activation = activation
      return .fullyConnected(a)
    case .maxPool(var a):
      a.activation = activation
      return .maxPool(a)
    case .averagePool(var a):
      a.activation = activation
      return .averagePool(a)
    case .add: return .add(activation)
    case .subtract: return .subtract(activation)
    case .multiply: return .multiply(activation)
    case .divide: return .divide(activation)
    case .concatenation(let axis, _): return .concatenation(axis: axis, activation: activation)
    default: return nil
    }
  }
}

extension Activation {
  /// The name in a sentence: `ReLU6`.
  var text: String {
    switch self {
    case .none: "none"
    case .relu: "ReLU"
    case .relu6: "ReLU6"
    case .reluN1To1: "a clip to -1…1"
    case .clip(let lower, let upper): "a clip to \(Double(lower).short)…\(Double(upper).short)"
    }
  }
}

extension ScalarFunction {
  /// The name with the parameters: `leakyRelu (0.1)`.
  var text: String {
    switch self {
    case .relu: "ReLU"
    case .relu6: "ReLU6"
    default:
      parameters.isEmpty
        ? name
        : "\(name) (\(parameters.map { Double($0).short }.joined(separator: ", ")))"
    }
  }
}

extension Padding {
  /// `1 above, 1 left, 0 below, 0 right`
  var text: String { "\(top) above, \(left) left, \(bottom) below, \(right) right" }

  /// Other ways to share out the same rows and columns.
  var shifts: [Padding] {
    let (rows, columns) = (top + bottom, left + right)
    guard (0...8).contains(rows), (0...8).contains(columns) else { return [] }
    return (0...rows).flatMap { top in
      (0...columns).map { left in
        Padding(top: top, left: left, bottom: rows - top, right: columns - left)
      }
    }.filter { $0 != self }
  }
}

extension ResizeAttributes {
  /// `bilinear, half pixel`
  var text: String {
    let way: String =
      switch coordinates {
      case .asymmetric: "asymmetric"
      case .halfPixel: "half_pixel"
      case .alignCorners: "align_corners"
      case .pytorchHalfPixel: "pytorch_half_pixel"
      }
    return method == .bilinear
      ? "bilinear interpolation, \(way)" : "nearest neighbour, \(way), \(rounding.rawValue)"
  }
}

extension Collection where Element == Int {
  /// All orders of a few numbers, the given one first.
  var orders: [[Int]] {
    guard let first else { return [[]] }
    if count == 1 { return [[first]] }
    return flatMap { head in filter { $0 != head }.orders.map { [head] + $0 } }
  }
}
