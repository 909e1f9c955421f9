/// A network as data: the one meeting point of the trainer, the importers, the quantizer and the
/// float interpreter.
///
/// Layout is NHWC throughout. Shapes are static, with a batch of 1; importers do the conversion
/// from other layouts once. Weight layouts are those of TensorFlow Lite:
///
/// | Operation | Weights |
/// |---|---|
/// | convolution | `[O, KH, KW, I / groups]` |
/// | depthwise convolution | `[1, KH, KW, I · depthMultiplier]` |
/// | transposed convolution | `[O, KH, KW, I]` |
/// | fully connected | `[O, I]` |
///
/// A float graph has `float` constants and no quantization. An int8 graph (what the quantizer
/// makes, or an importer takes over) is the same type with `quantization` on every tensor and
/// int8 weights and int32 biases, so everything downstream reads one form.
public struct Graph: Sendable, Equatable {
  /// The model's name, for people; may be empty.
  public var name: String
  /// Every tensor, addressed by its index.
  public var tensors: [Tensor]
  /// Nodes in execution order: each reads only graph inputs, constants and earlier nodes' outputs.
  public var nodes: [Node]
  /// What is fed, in order.
  public var inputs: [TensorIndex]
  /// What is computed, in order; the first is what classifiers are judged by.
  public var outputs: [TensorIndex]
  /// How an int8 graph rounds; says nothing of a float graph.
  public var arithmetic: Arithmetic
  /// Labels, normalization and the like.
  public var metadata: Metadata

  /// A graph without tensors and nodes.
  public init(name: String = "") {
    self.name = name
    tensors = []
    nodes = []
    inputs = []
    outputs = []
    arithmetic = .tensorFlowLite
    metadata = Metadata()
  }
}

/// The place of a tensor in `Graph.tensors`.
public typealias TensorIndex = Int

/// What travels with a model so that a camera image can be fed without side files.
public struct Metadata: Sendable, Equatable {
  /// Class names in output order; empty when unknown.
  public var labels: [String] = []
  /// `real = (pixel / 255 − mean[c]) / standardDeviation[c]`; nil when unknown (then 0 and 1).
  public var normalization: Normalization?
  /// How well the model did when it was trained; nil when unknown.
  public var training: TrainingRecord?

  /// Nothing known.
  public init() {}
}

/// What a float model recognized at the end of its training.
public struct TrainingRecord: Sendable, Equatable, Codable {
  /// The test images, as the user named them.
  public var dataName: String
  /// The share of them that was recognized, 0…1.
  public var testAccuracy: Double

  /// A record of a training's end.
  public init(dataName: String, testAccuracy: Double) {
    self.dataName = dataName
    self.testAccuracy = testAccuracy
  }
}

/// How an 8-bit pixel becomes the model's real-valued input, channel by channel.
public struct Normalization: Sendable, Equatable {
  /// The mean of each channel, or one for all, on a scale of 0…1.
  public var mean: [Float]
  /// The standard deviation of each channel, or one for all, above 0, on the scale of `mean`.
  public var standardDeviation: [Float]

  /// Means and standard deviations, as many of each.
  public init(mean: [Float], standardDeviation: [Float]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}

/// A value of a graph: an input, a constant, or what a node computes.
public struct Tensor: Sendable, Equatable {
  /// Unique within the graph.
  public var name: String
  /// The dimensions, each at least 1; empty for a scalar.
  public var shape: [Int]
  /// The type of the elements.
  public var elementType: ElementType
  /// The value, row-major, when the tensor is a constant.
  public var constant: Payload?
  /// `real = scale · (q − zeroPoint)`; nil for real-valued tensors.
  public var quantization: Quantization?

  /// A tensor; real-valued and not a constant unless said otherwise.
  public init(
    name: String, shape: [Int], elementType: ElementType = .float32,
    constant: Payload? = nil, quantization: Quantization? = nil
  ) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.constant = constant
    self.quantization = quantization
  }

  /// The product of the dimensions.
  public var elementCount: Int { shape.elementCount }
}

/// The elements of a constant, row-major. Integers that stand for themselves are `int64`, whatever
/// their element type.
public enum Payload: Sendable, Equatable {
  case float([Float])
  case int8([Int8])
  case int32([Int32])
  case int64([Int64])

  /// The number of elements.
  public var count: Int {
    switch self {
    case .float(let values): values.count
    case .int8(let values): values.count
    case .int32(let values): values.count
    case .int64(let values): values.count
    }
  }
}

/// How integers stand for real numbers, `real = scale · (q − zeroPoint)`.
public struct Quantization: Sendable, Equatable {
  /// One, or one for each index along `axis`.
  public var scales: [Float]
  /// The integer that stands for a real 0, one for each of `scales`.
  public var zeroPoints: [Int32]
  /// The axis that `scales` runs along; nil when there is one scale for the whole tensor.
  public var axis: Int?

  /// A scale for the whole tensor, or one for each index along `axis`.
  public init(scales: [Float], zeroPoints: [Int32], axis: Int? = nil) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  /// One scale for the whole tensor.
  public init(scale: Float, zeroPoint: Int32) {
    self.init(scales: [scale], zeroPoints: [zeroPoint])
  }
}

/// An operation with what it reads and writes.
public struct Node: Sendable, Equatable {
  /// Unique within the graph, e.g. `conv1`.
  public var name: String
  /// What is computed, with its attributes.
  public var operation: Operation
  /// What the node reads, in the order that the operation documents. Absent optional inputs at the
  /// end are left out.
  public var inputs: [TensorIndex]
  /// What the node computes, in the order that the operation documents.
  public var outputs: [TensorIndex]

  /// A node; its tensors are in the graph already.
  public init(
    name: String, operation: Operation, inputs: [TensorIndex], outputs: [TensorIndex]
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
  }
}

extension [Int] {
  /// The product of the dimensions; 1 for a scalar.
  public var elementCount: Int { reduce(1, *) }
}

extension Graph {
  /// Adds a tensor and returns its index.
  @discardableResult
  public mutating func add(_ tensor: Tensor) -> TensorIndex {
    tensors.append(tensor)
    return tensors.count - 1
  }

  /// The number of values in float constants: weights, biases, batch-normalization statistics.
  public var parameterCount: Int {
    let used = Set(nodes.flatMap(\.inputs))
    return used.reduce(0) { sum, index in
      switch tensors[index].constant {
      case .float(let values): sum + values.count
      case .int8(let values): sum + values.count
      case .int32(let values): sum + values.count
      case .int64, nil: sum
      }
    }
  }

  /// For each tensor the index of the node that makes it, or nil for inputs and constants.
  public func producers() -> [Int?] {
    var result = [Int?](repeating: nil, count: tensors.count)
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { result[output] = index }
    }
    return result
  }

  /// For each tensor the indices of the nodes that read it, in execution order.
  public func consumers() -> [[Int]] {
    var result = [[Int]](repeating: [], count: tensors.count)
    for (index, node) in nodes.enumerated() {
      for input in Set(node.inputs) { result[input].append(index) }
    }
    return result
  }
}
