import OctetData
import OctetModel

/// A constant of the graph inside the flat array of parameters.
package struct ParameterSegment: Sendable {
  package var tensor: TensorIndex
  package var offset: Int
  package var layout: ParameterLayout
  /// Values that are summed for one output, and outputs that one input goes to; for initializing.
  package var fanIn, fanOut: Int
  package var start = ParameterStart.drawn
  /// False for what no optimizer changes: what is frozen, and running statistics.
  package var isTrained = true
  /// Whether each value, in the graph's order, exists; nil: all. The others are 0.
  package var connections: [Bool]?

  package var count: Int { layout.count }
  package var isWeight: Bool { if case .vector = layout { false } else { true } }
}

/// What a constant begins with when weights are drawn.
package enum ParameterStart: Sendable {
  /// Weights at random, vectors at 0.
  case drawn
  case one
  /// The graph's own values.
  case own
}

/// How a constant is stored while training, chosen so that the forward pass reads neighbouring
/// weights for neighbouring outputs and the weight gradients come out where they belong.
package enum ParameterLayout: Sendable {
  /// The graph's own order.
  case vector(Int)
  /// The graph's `[O, I]` as `[I][O]`.
  case matrix(outputs: Int, inputs: Int)
  /// The graph's `[O, KH, KW, I/G]` as `[G][KH][KW][I/G][O/G]`.
  case convolution(ConvolutionWeights)
  /// The graph's `[1, KH, KW, I · m]` as `[I][KH][KW][1][m]`.
  case depthwise(ConvolutionWeights)
  /// The graph's `[O, KH, KW, I/G]` as `[G][KH][KW][O/G][I/G]`; `inputs` is O/G, `outputs` I/G.
  case transposed(ConvolutionWeights)

  package var count: Int {
    switch self {
    case .vector(let count): count
    case .matrix(let outputs, let inputs): outputs * inputs
    case .convolution(let w), .depthwise(let w), .transposed(let w): w.groups * w.groupCount
    }
  }

  /// The index here of each value in the graph's order.
  package func indices() -> [Int] {
    switch self {
    case .vector(let count): return Array(0..<count)
    case .matrix(let outputs, let inputs):
      return (0..<outputs).flatMap { o in (0..<inputs).map { i in i * outputs + o } }
    case .convolution(let w):
      var result: [Int] = []
      for o in 0..<w.groups * w.outputs {
        for position in 0..<w.kernelHeight * w.kernelWidth * w.inputs {
          result.append(
            o / w.outputs * w.groupCount + position * w.outputs + o % w.outputs)
        }
      }
      return result
    case .depthwise(let w):
      var result: [Int] = []
      for position in 0..<w.kernelHeight * w.kernelWidth {
        for o in 0..<w.groups * w.outputs {
          result.append(
            o / w.outputs * w.groupCount + position * w.outputs + o % w.outputs)
        }
      }
      return result
    case .transposed(let w):
      var result: [Int] = []
      for o in 0..<w.groups * w.inputs {
        for position in 0..<w.kernelHeight * w.kernelWidth {
          let first = (position * w.inputs + o % w.inputs) * w.outputs
          result += (0..<w.outputs).map { o / w.inputs * w.groupCount + first + $0 }
        }
      }
      return result
    }
  }
}

/// The dimensions of a convolution's weights; `inputs` and `outputs` are those of one group.
package struct ConvolutionWeights: Sendable {
  package var groups, kernelHeight, kernelWidth, inputs, outputs: Int

  package init(groups: Int, kernelHeight: Int, kernelWidth: Int, inputs: Int, outputs: Int) {
    self.groups = groups
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.inputs = inputs
    self.outputs = outputs
  }

  package var groupCount: Int { kernelHeight * kernelWidth * inputs * outputs }
  /// One filter a channel.
  package var isDepthwise: Bool { inputs == 1 && outputs == 1 && groups > 1 }
}

extension TrainingNetwork {
  /// Copies the graph's constants into `target` (`parameterCount` floats).
  func load(into target: UnsafeMutablePointer<Float>) {
    for segment in parameters { unsafe load(segment, into: target) }
  }

  private func load(_ segment: ParameterSegment, into target: UnsafeMutablePointer<Float>) {
    guard case .float(let values) = graph.tensors[segment.tensor].constant else { return }
    for (value, index) in zip(values, segment.layout.indices()) {
      unsafe target[segment.offset + index] = value
    }
  }

  /// The values of one segment of `source`, in the graph's order.
  package func values(
    of segment: ParameterSegment, in source: UnsafePointer<Float>
  ) -> [Float] {
    segment.layout.indices().map { unsafe source[segment.offset + $0] }
  }

  /// The graph with its constants taken from `source`.
  func graph(with source: UnsafePointer<Float>) -> Graph {
    var result = graph
    for segment in parameters {
      result.tensors[segment.tensor].constant = unsafe .float(values(of: segment, in: source))
    }
    return result
  }

  /// Draws the starting weights; biases become zero.
  func initialize(
    _ target: UnsafeMutablePointer<Float>, by initialization: Initialization, seed: UInt64
  ) {
    if initialization == .keep { return unsafe load(into: target) }
    var generator = Xoshiro256(seed: seed)
    for segment in parameters where segment.start == .own { unsafe load(segment, into: target) }
    for segment in parameters where segment.start != .own {
      for (position, index) in segment.layout.indices().enumerated() {
        let value =
          segment.isWeight
          ? initialization.draw(
            from: &generator, fanIn: segment.fanIn, fanOut: segment.fanOut)
          : segment.start == .one ? 1 : 0
        unsafe target[segment.offset + index] =
          segment.connections?[position] == false ? 0 : value
      }
    }
  }
}
