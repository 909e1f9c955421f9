import Foundation
import OctetModel

/// The definition of every trainable operation, in double precision, one image at a time. Never
/// optimised: the trainer's lanes are compared with it.
struct OracleNetwork {
  let graph: Graph
  var constants: [TensorIndex: [Double]] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    for (index, tensor) in graph.tensors.enumerated() {
      if case .float(let values) = tensor.constant { constants[index] = values.map(Double.init) }
    }
  }

  /// - Parameter image: `[H, W, C]`, pixel / 255.
  func logits(_ image: [Double]) -> [Double] { logits([image], isTraining: false)[0] }

  /// - Parameters:
  ///   - images: `[H, W, C]` each, pixel / 255.
  ///   - isTraining: batch normalization uses the statistics of these images.
  func logits(_ images: [[Double]], isTraining: Bool) -> [[Double]] {
    var values: [TensorIndex: [[Double]]] = constants.mapValues { value in
      images.map { _ in value }
    }
    values[graph.inputs[0]] = images
    for node in graph.nodes {
      let inputs = node.inputs.map { values[$0] ?? [] }
      if case .batchNormalization(let epsilon) = node.operation, isTraining {
        values[node.outputs[0]] = normalized(
          inputs[0], gamma: inputs[1][0], beta: inputs[2][0], epsilon: Double(epsilon))
        continue
      }
      let results = images.indices.map { image in outputs(node, inputs.map { $0[image] }) }
      for (position, output) in node.outputs.enumerated() {
        values[output] = results.map { $0[position] }
      }
    }
    return values[graph.outputs[0]] ?? []
  }

  private func outputs(_ node: Node, _ inputs: [[Double]]) -> [[Double]] {
    let shapes = node.inputs.map { graph.tensors[$0].shape }
    let (x, y) = (shapes[0], graph.tensors[node.outputs[0]].shape)
    switch node.operation {
    case .convolution(let a): return [convolution(a, inputs, x: x, y: y, w: shapes[1])]
    case .depthwiseConvolution(let a): return [depthwise(a, inputs, x: x, y: y, w: shapes[1])]
    case .fullyConnected: return [fullyConnected(inputs, outputs: y[1])]
    case .maxPool(let a): return [pool(a, inputs[0], x: x, y: y, isMax: true)]
    case .averagePool(let a): return [pool(a, inputs[0], x: x, y: y, isMax: false)]
    case .reshape, .identity: return [inputs[0]]
    default: return elementwise(node, inputs, shapes, y: y)
    }
  }

  /// Mean cross-entropy while training.
  func loss(_ images: [[Double]], _ labels: [UInt8]) -> Double {
    let sum = zip(logits(images, isTraining: true), labels).reduce(0.0) { sum, sample in
      sum + log(sample.0.reduce(0) { $0 + exp($1) }) - sample.0[Int(sample.1)]
    }
    return sum / Double(images.count)
  }

  private func convolution(
    _ a: ConvolutionAttributes, _ inputs: [[Double]], x: [Int], y: [Int], w: [Int]
  ) -> [Double] {
    let perGroup = y[3] / a.groups
    return window(a, x: x, y: y, kernel: (w[1], w[2])) { o, sum in
      (inputs.count > 2 ? inputs[2][o] : 0)
        + sum { row, column, i, j in
          (0..<w[3]).reduce(0) { sum, c in
            sum + inputs[0][(row * x[2] + column) * x[3] + o / perGroup * w[3] + c]
              * inputs[1][((o * w[1] + i) * w[2] + j) * w[3] + c]
          }
        }
    }
  }

  private func depthwise(
    _ a: ConvolutionAttributes, _ inputs: [[Double]], x: [Int], y: [Int], w: [Int]
  ) -> [Double] {
    window(a, x: x, y: y, kernel: (w[1], w[2])) { o, sum in
      (inputs.count > 2 ? inputs[2][o] : 0)
        + sum { row, column, i, j in
          inputs[0][(row * x[2] + column) * x[3] + o * x[3] / y[3]]
            * inputs[1][(i * w[2] + j) * w[3] + o]
        }
    }
  }

  private typealias Sum = ((_ row: Int, _ column: Int, _ i: Int, _ j: Int) -> Double) -> Double

  /// Calls `output` for each output element with a function that sums over the window.
  private func window(
    _ a: ConvolutionAttributes, x: [Int], y: [Int], kernel: (Int, Int),
    output: (Int, Sum) -> Double
  ) -> [Double] {
    var result: [Double] = []
    for oy in 0..<y[1] {
      for ox in 0..<y[2] {
        let sum: Sum = { term in
          var sum = 0.0
          for i in 0..<kernel.0 {
            for j in 0..<kernel.1 {
              let row = oy * a.stride.height - a.padding.top + i * a.dilation.height
              let column = ox * a.stride.width - a.padding.left + j * a.dilation.width
              if (0..<x[1]).contains(row), (0..<x[2]).contains(column) {
                sum += term(row, column, i, j)
              }
            }
          }
          return sum
        }
        for o in 0..<y[3] {
          let value = output(o, sum)
          let bounds = a.activation.bounds
          result.append(min(max(value, Double(bounds.lower)), Double(bounds.upper)))
        }
      }
    }
    return result
  }

  private func fullyConnected(_ inputs: [[Double]], outputs: Int) -> [Double] {
    let count = inputs[0].count
    return (0..<outputs).map { o in
      (0..<count).reduce(inputs.count > 2 ? inputs[2][o] : 0) {
        $0 + inputs[0][$1] * inputs[1][o * count + $1]
      }
    }
  }

  private func pool(
    _ a: PoolAttributes, _ values: [Double], x: [Int], y: [Int], isMax: Bool
  ) -> [Double] {
    var result: [Double] = []
    for oy in 0..<y[1] {
      for ox in 0..<y[2] {
        for c in 0..<y[3] {
          var inside: [Double] = []
          var paddedCount = 0
          for i in 0..<a.kernel.height {
            for j in 0..<a.kernel.width {
              let row = oy * a.stride.height - a.padding.top + i * a.dilation.height
              let column = ox * a.stride.width - a.padding.left + j * a.dilation.width
              if (0..<x[1]).contains(row), (0..<x[2]).contains(column) {
                inside.append(values[(row * x[2] + column) * x[3] + c])
              }
              if row < x[1] + a.padding.bottom, column < x[2] + a.padding.right {
                paddedCount += 1
              }
            }
          }
          let divisor = Double(a.countsPadding ? paddedCount : inside.count)
          result.append(isMax ? inside.max() ?? 0 : inside.reduce(0, +) / divisor)
        }
      }
    }
    return result
  }
}
