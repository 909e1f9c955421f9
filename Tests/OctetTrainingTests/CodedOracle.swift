import Foundation
import OctetModel

/// The definition of training in int8, in double precision: gradients of a loss through an int8
/// graph whose activations are given as codes.
///
/// Every result is a sum of terms c · a[i] · b[j], or c · a[i], of real numbers that codes stand for.
/// With v that sum over the result's step s, and the code less the zero point clamped to L…U:
///
/// - rounding passes gradients on where L < v < U, and nowhere else (straight through);
/// - ∂result/∂s is code − v there, the end elsewhere, or 0 where the end is the activation's (LSQ).
///
/// Never optimised: the trainer's lanes are compared with it.
struct CodedOracle {
  /// In the forms that kernels have.
  let graph: Graph
  /// By tensor, for each image.
  let codes: [TensorIndex: [[Int8]]]

  /// ∂loss/∂real value of each constant, and ∂loss/∂step of each tensor with a grid, by its making.
  var gradients: [TensorIndex: [Double]] = [:]
  var steps: [TensorIndex: Double] = [:]

  private var values: [TensorIndex: [Double]] = [:]
  private var active: [TensorIndex: [Double]] = [:]

  init(_ graph: Graph, codes: [TensorIndex: [[Int8]]]) { (self.graph, self.codes) = (graph, codes) }

  /// One product that a result is summed from.
  private struct Term {
    var a: TensorIndex
    var i: Int
    var b: TensorIndex?
    var j = 0
    var factor = 1.0
  }

  /// The mean cross-entropy of images with these labels; adds up its gradients.
  mutating func loss(_ labels: [UInt8]) -> Double {
    var loss = 0.0
    for (tensor, constant) in graph.tensors.enumerated() where constant.constant != nil {
      values[tensor] = reals(constant)
      gradients[tensor] = [Double](repeating: 0, count: constant.elementCount)
    }
    for (image, label) in labels.enumerated() {
      load(image)
      let scores = values[graph.outputs[0]] ?? []
      let sum = scores.reduce(0) { $0 + exp($1) }
      loss += (log(sum) - scores[Int(label)]) / Double(labels.count)
      active[graph.outputs[0]] = scores.indices.map {
        (exp(scores[$0]) / sum - ($0 == Int(label) ? 1 : 0)) / Double(labels.count)
      }
      for node in graph.nodes.reversed() { passBack(node, image) }
    }
    return loss
  }

  /// The real numbers of one image's activations.
  private mutating func load(_ image: Int) {
    active = [:]
    for tensor in graph.inputs + graph.nodes.flatMap(\.outputs) {
      active[tensor] = [Double](repeating: 0, count: graph.tensors[tensor].elementCount)
      guard let own = codes[tensor], let grid = graph.tensors[tensor].quantization else { continue }
      values[tensor] = own[image].map {
        Double(grid.scales[0]) * Double(Int32($0) - grid.zeroPoints[0])
      }
    }
    // What has no buffer of its own has that of its operand.
    for node in graph.nodes where node.operation.keepsElementOrder {
      values[node.outputs[0]] = values[node.inputs[0]]
    }
  }

  private func reals(_ tensor: Tensor) -> [Double] {
    guard let grid = tensor.quantization else { return (tensor.floats ?? []).map(Double.init) }
    let inner = grid.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? tensor.elementCount
    func real(_ codes: [some BinaryInteger]) -> [Double] {
      codes.enumerated().map { index, code in
        let channel = index / inner % grid.scales.count
        return Double(grid.scales[channel]) * Double(Int(code) - Int(grid.zeroPoints[channel]))
      }
    }
    switch tensor.constant {
    case .int8(let codes): return real(codes)
    case .int32(let codes): return real(codes)
    default: return []
    }
  }

  private mutating func passBack(_ node: Node, _ image: Int) {
    let isRounded = node.operation.rounds
    let sources = node.operation.moves ? sources(node) : []
    for (position, output) in node.outputs.enumerated() {
      for index in 0..<graph.tensors[output].elementCount {
        let terms =
          sources.isEmpty ? terms(node, index) : [sources[position][index]].compactMap { $0 }
        var gradient = active[output]?[index] ?? 0
        if isRounded {
          let sum = terms.reduce(0.0) { sum, term in
            sum + term.factor * (values[term.a]?[term.i] ?? 0)
              * (term.b.map { values[$0]?[term.j] ?? 0 } ?? 1)
          }
          gradient = rounded(node, output, index, image, sum: sum, gradient)
        }
        if gradient == 0 { continue }
        for term in terms {
          let other = term.b.map { values[$0]?[term.j] ?? 0 } ?? 1
          add(gradient * term.factor * other, to: term.a, term.i)
          if let b = term.b {
            add(gradient * term.factor * (values[term.a]?[term.i] ?? 0), to: b, term.j)
          }
        }
      }
    }
  }

  private mutating func add(_ value: Double, to tensor: TensorIndex, _ index: Int) {
    if graph.tensors[tensor].constant != nil {
      gradients[tensor]?[index] += value
    } else {
      active[tensor]?[index] += value
    }
  }

  /// What rounding leaves of a gradient; adds that of the step.
  private mutating func rounded(
    _ node: Node, _ output: TensorIndex, _ index: Int, _ image: Int, sum: Double, _ gradient: Double
  ) -> Double {
    guard let grid = graph.tensors[output].quantization, let code = codes[output]?[image][index]
    else { return gradient }
    let (step, zero) = (Double(grid.scales[0]), Double(grid.zeroPoints[0]))
    let bounds = (node.operation.activation ?? .none).bounds
    func end(_ bound: Float, _ last: Double) -> (code: Double, isGrids: Bool) {
      let code = Double(bound) / step + zero
      let isGrids = last < 0 ? code < last : code > last
      let own = (Float(bound) / grid.scales[0]).rounded()
      return ((isGrids ? last : Double(own) + zero) - zero, isGrids)
    }
    let (lower, upper) = (end(bounds.lower, -128), end(bounds.upper, 127))
    let value = sum / step
    var share = Double(code) - zero - value
    if value <= lower.code { share = lower.isGrids ? lower.code : 0 }
    if value >= upper.code { share = upper.isGrids ? upper.code : 0 }
    steps[output, default: 0] += gradient * share
    return value > lower.code && value < upper.code ? gradient : 0
  }
}

// MARK: What results are summed from

extension CodedOracle {
  private func terms(_ node: Node, _ index: Int) -> [Term] {
    let x = node.inputs[0]
    let shape = graph.tensors[x].shape
    let own = graph.tensors[node.outputs[0]].shape
    switch node.operation {
    case .convolution(let a): return layer(node, a, index, own, isDepthwise: false)
    case .depthwiseConvolution(let a): return layer(node, a, index, own, isDepthwise: true)
    case .fullyConnected:
      let count = shape.elementCount / own[0]
      let weights = (0..<count).map {
        Term(
          a: x, i: index / own[1] * count + $0, b: node.inputs[1],
          j: index % own[1] * count + $0)
      }
      return weights + bias(node, index % own[1])
    case .maxPool(let a):
      let places = window(a.kernel, a.stride, a.padding, a.dilation, index, shape, own)
      let best = places.max { (values[x]?[$0.source] ?? 0) < (values[x]?[$1.source] ?? 0) }
      // The first of those that are alike.
      let first = places.first { values[x]?[$0.source] == values[x]?[best?.source ?? 0] }
      return first.map { [Term(a: x, i: $0.source)] } ?? []
    case .averagePool(let a):
      let places = window(a.kernel, a.stride, a.padding, a.dilation, index, shape, own)
      return places.map { Term(a: x, i: $0.source, factor: 1 / Double(places.count)) }
    case .add, .subtract, .multiply, .minimum, .maximum: return pair(node, index, own)
    case .mean(let axes, _): return reduced(x, axes, index, isMean: true)
    case .reduce(.sum, let axes, _): return reduced(x, axes, index, isMean: false)
    case .scalar(let function):
      guard let grid = graph.tensors[node.outputs[0]].quantization,
        let value = values[x]?[index]
      else { return [] }
      let steps = function.value(value) / Double(grid.scales[0]) + Double(grid.zeroPoints[0])
      let isInside = steps >= -128.5 && steps <= 127.5
      return [Term(a: x, i: index, factor: isInside ? function.derivative(value) : 0)]
    case .reshape, .identity, .quantize: return [Term(a: x, i: index)]
    default: preconditionFailure("no definition of \(node.operation.name) in codes")
    }
  }

  private func bias(_ node: Node, _ channel: Int) -> [Term] {
    node.inputs.count > 2 ? [Term(a: node.inputs[2], i: channel)] : []
  }

  /// The places of a window inside the image: in x for channel 0, and of the kernel.
  private func window(
    _ kernel: Extent, _ stride: Extent, _ padding: Padding, _ dilation: Extent, _ index: Int,
    _ x: [Int], _ y: [Int]
  ) -> [(source: Int, tap: Int)] {
    let at = position(index, y)
    var result: [(source: Int, tap: Int)] = []
    for i in 0..<kernel.height {
      let row = at[1] * stride.height - padding.top + i * dilation.height
      for j in 0..<kernel.width {
        let column = at[2] * stride.width - padding.left + j * dilation.width
        guard (0..<x[1]).contains(row), (0..<x[2]).contains(column) else { continue }
        let channel = x[3] == y[3] ? at[3] : 0
        result.append(((row * x[2] + column) * x[3] + channel, i * kernel.width + j))
      }
    }
    return result
  }

  private func layer(
    _ node: Node, _ a: ConvolutionAttributes, _ index: Int, _ own: [Int], isDepthwise: Bool
  ) -> [Term] {
    let x = graph.tensors[node.inputs[0]].shape
    let w = graph.tensors[node.inputs[1]].shape
    let o = index % own[3]
    let places = window(
      Extent(height: w[1], width: w[2]), a.stride, a.padding, a.dilation, index, x, own)
    let terms = places.flatMap { source, tap -> [Term] in
      // The first channel of the pixel.
      let pixel = source / x[3] * x[3]
      if isDepthwise {
        return [
          Term(
            a: node.inputs[0], i: pixel + o * x[3] / own[3], b: node.inputs[1],
            j: tap * own[3] + o)
        ]
      }
      let first = o / (own[3] / a.groups) * w[3]
      return (0..<w[3]).map {
        Term(
          a: node.inputs[0], i: pixel + first + $0, b: node.inputs[1],
          j: (o * w[1] * w[2] + tap) * w[3] + $0)
      }
    }
    return terms + bias(node, o)
  }

  private func pair(_ node: Node, _ index: Int, _ own: [Int]) -> [Term] {
    let at = position(index, own)
    let places = node.inputs.map { input in
      let shape = graph.tensors[input].shape
      return offset(zip(at.suffix(shape.count), shape).map { min($0, $1 - 1) }, shape)
    }
    let (a, b) = (node.inputs[0], node.inputs[1])
    switch node.operation {
    case .multiply: return [Term(a: a, i: places[0], b: b, j: places[1])]
    case .add: return [Term(a: a, i: places[0]), Term(a: b, i: places[1])]
    case .subtract: return [Term(a: a, i: places[0]), Term(a: b, i: places[1], factor: -1)]
    default:
      let (x, z) = (values[a]?[places[0]] ?? 0, values[b]?[places[1]] ?? 0)
      let isSecond = node.operation == .minimum ? z < x : z > x
      return [isSecond ? Term(a: b, i: places[1]) : Term(a: a, i: places[0])]
    }
  }

  private func reduced(
    _ x: TensorIndex, _ axes: [Int], _ index: Int, isMean: Bool
  ) -> [Term] {
    let shape = graph.tensors[x].shape
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    let extents = shape.indices.map { axes.contains($0) ? shape[$0] : 1 }
    let count = extents.elementCount
    let first = position(index, kept)
    return (0..<count).map {
      Term(
        a: x, i: offset(zip(first, position($0, extents)).map(+), shape),
        factor: isMean ? 1 / Double(count) : 1)
    }
  }

  /// Where the elements of results that are only moved come from: places are moved in their stead.
  private func sources(_ node: Node) -> [[Term?]] {
    let shapes = node.inputs.map { graph.tensors[$0].shape }
    // No number that padding could be.
    let unit = 1 << 32
    let places = shapes.enumerated().map { input, shape in
      (0..<shape.elementCount).map { Double((input + 1) * unit + $0) }
    }
    let own = graph.tensors[node.outputs[0]].shape
    return OracleNetwork(graph).elementwise(node, places, shapes, y: own).map { moved in
      moved.map { place in
        place < Double(unit)
          ? nil : Term(a: node.inputs[Int(place) / unit - 1], i: Int(place) % unit)
      }
    }
  }
}

extension OctetModel.Operation {
  /// Whether the result is rounded to a grid of its own, or clamped to its ends.
  fileprivate var rounds: Bool {
    switch self {
    case .convolution, .depthwiseConvolution, .fullyConnected, .add, .subtract, .multiply, .mean,
      .reduce:
      true
    default: false
    }
  }

  /// Whether values are moved, not computed.
  fileprivate var moves: Bool {
    switch self {
    case .concatenation, .pad, .transpose, .slice, .split, .resize, .expand, .tile: true
    default: false
    }
  }
}
