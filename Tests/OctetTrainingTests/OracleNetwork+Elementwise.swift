import Foundation
import OctetModel

extension OracleNetwork {
  /// Operations on elements, and those that only move them.
  func elementwise(
    _ node: Node, _ inputs: [[Double]], _ shapes: [[Int]], y: [Int]
  ) -> [[Double]] {
    let x = inputs[0]
    switch node.operation {
    case .scalar(let function): return [x.map { function.value($0) }]
    case .add(let activation):
      let bounds = activation.bounds
      return [
        binary(inputs, shapes, y) {
          min(max($0 + $1, Double(bounds.lower)), Double(bounds.upper))
        }
      ]
    case .subtract: return [binary(inputs, shapes, y) { $0 - $1 }]
    case .multiply: return [binary(inputs, shapes, y) { $0 * $1 }]
    case .divide: return [binary(inputs, shapes, y) { $0 / $1 }]
    case .minimum: return [binary(inputs, shapes, y) { min($0, $1) }]
    case .maximum: return [binary(inputs, shapes, y) { max($0, $1) }]
    case .squaredDifference: return [binary(inputs, shapes, y) { ($0 - $1) * ($0 - $1) }]
    case .prelu: return [binary(inputs, shapes, y) { $0 < 0 ? $0 * $1 : $0 }]
    case .batchNormalization(let epsilon):
      return [
        x.indices.map { index in
          let c = index % inputs[1].count
          return (x[index] - inputs[3][c]) / (inputs[4][c] + Double(epsilon)).squareRoot()
            * inputs[1][c] + inputs[2][c]
        }
      ]
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      return [
        x.indices.map { index in
          let c = index % shapes[0][3]
          let sum = (max(0, c - (size - 1) / 2)...min(shapes[0][3] - 1, c + size / 2)).reduce(0.0) {
            $0 + x[index - c + $1] * x[index - c + $1]
          }
          return x[index]
            / pow(Double(bias) + Double(alpha) / Double(size) * sum, Double(beta))
        }
      ]
    case .mean(let axes, _): return [reduced(x, shapes[0], axes, isMean: true)]
    case .reduce(_, let axes, _): return [reduced(x, shapes[0], axes, isMean: false)]
    default:
      return product(node, inputs, shapes, y: y) ?? moved(node, inputs, shapes, y: y)
    }
  }

  /// Products of matrices, softmax, transposed convolution and bilinear resizing; nil for others.
  private func product(
    _ node: Node, _ inputs: [[Double]], _ shapes: [[Int]], y: [Int]
  ) -> [[Double]]? {
    let x = inputs[0]
    switch node.operation {
    case .matrixMultiply:
      let (a, b) = (shapes[0], shapes[1])
      let depth = a[a.count - 1]
      return [
        (0..<y.elementCount).map { index in
          var at = position(index, y)
          let column = at.removeLast()
          let row = at.removeLast()
          func element(_ values: [Double], _ shape: [Int], _ i: Int, _ j: Int) -> Double {
            let leading = shape.dropLast(2)
            let own = zip(at.suffix(leading.count), leading).map { min($0, $1 - 1) }
            return values[offset(own + [i, j], shape)]
          }
          return (0..<depth).reduce(0) {
            $0 + element(inputs[0], a, row, $1) * element(inputs[1], b, $1, column)
          }
        }
      ]
    case .softmax(let axis, let beta):
      return [
        lines(x, shapes[0], axis) { line in
          let powers = line.map { exp(Double(beta) * $0) }
          return powers.map { $0 / powers.reduce(0, +) }
        }
      ]
    case .logSoftmax(let axis):
      return [
        lines(x, shapes[0], axis) { line in
          line.map { $0 - log(line.reduce(0) { $0 + exp($1) }) }
        }
      ]
    case .transposedConvolution(let a): return [transposed(a, inputs, shapes, y: y)]
    case .resize(let a) where a.method == .bilinear: return [bilinear(a, x, shapes[0], y)]
    default: return nil
    }
  }

  private func lines(
    _ x: [Double], _ shape: [Int], _ axis: Int, _ body: ([Double]) -> [Double]
  ) -> [Double] {
    var result = x
    for index in x.indices {
      let at = position(index, shape)
      guard at[axis] == 0 else { continue }
      let places = (0..<shape[axis]).map { k in
        var at = at
        at[axis] = k
        return offset(at, shape)
      }
      for (place, value) in zip(places, body(places.map { x[$0] })) { result[place] = value }
    }
    return result
  }

  /// Each pixel of x lays its weighted kernel on y.
  private func transposed(
    _ a: TransposedConvolutionAttributes, _ inputs: [[Double]], _ shapes: [[Int]], y: [Int]
  ) -> [Double] {
    let (x, w) = (shapes[0], shapes[1])
    let perGroup = y[3] / a.groups
    var result = (0..<y.elementCount).map { inputs[2][$0 % y[3]] }
    for pixel in 0..<x[1] * x[2] {
      for tap in 0..<w[1] * w[2] {
        let row = pixel / x[2] * a.stride.height + tap / w[2] * a.dilation.height - a.padding.top
        let column = pixel % x[2] * a.stride.width + tap % w[2] * a.dilation.width - a.padding.left
        guard (0..<y[1]).contains(row), (0..<y[2]).contains(column) else { continue }
        for o in 0..<y[3] {
          for c in 0..<w[3] {
            result[(row * y[2] + column) * y[3] + o] +=
              inputs[0][pixel * x[3] + o / perGroup * w[3] + c]
              * inputs[1][(o * w[1] * w[2] + tap) * w[3] + c]
          }
        }
      }
    }
    let bounds = a.activation.bounds
    return result.map { min(max($0, Double(bounds.lower)), Double(bounds.upper)) }
  }

  /// Of the positions in x that the coordinates say, the nearer neighbours in parts.
  private func bilinear(
    _ a: ResizeAttributes, _ x: [Double], _ shape: [Int], _ y: [Int]
  ) -> [Double] {
    func parts(_ axis: Int, _ index: Int) -> [(Int, Double)] {
      let (from, to) = (Double(shape[axis]), Double(y[axis]))
      if shape[axis] == y[axis] { return [(index, 1)] }
      let at =
        switch a.coordinates {
        case .halfPixel: (Double(index) + 0.5) * from / to - 0.5
        case .alignCorners: Double(index) * (from - 1) / (to - 1)
        default: Double(index) * from / to
        }
      let inside = min(max(at, 0), from - 1)
      let low = Int(inside)
      return [
        (low, 1 - (inside - Double(low))), (min(low + 1, shape[axis] - 1), inside - Double(low)),
      ]
    }
    return (0..<y.elementCount).map { index in
      let at = position(index, y)
      return parts(1, at[1]).reduce(0) { sum, row in
        sum
          + parts(2, at[2]).reduce(0) { sum, column in
            sum + row.1 * column.1 * x[offset([0, row.0, column.0, at[3]], shape)]
          }
      }
    }
  }

  private func moved(
    _ node: Node, _ inputs: [[Double]], _ shapes: [[Int]], y: [Int]
  ) -> [[Double]] {
    func gathered(_ shape: [Int], _ source: ([Int]) -> Double) -> [Double] {
      (0..<shape.elementCount).map { source(position($0, shape)) }
    }
    func value(_ at: [Int], _ input: Int = 0) -> Double {
      zip(at, shapes[input]).allSatisfy { (0..<$1).contains($0) }
        ? inputs[input][offset(at, shapes[input])] : 0
    }
    switch node.operation {
    case .concatenation(let axis, _):
      return [
        gathered(y) { at in
          var (at, input) = (at, 0)
          while at[axis] >= shapes[input][axis] {
            at[axis] -= shapes[input][axis]
            input += 1
          }
          return value(at, input)
        }
      ]
    case .pad(let before, _, .constant(let filler)):
      return [
        gathered(y) { at in
          let source = zip(at, before).map(-)
          return zip(source, shapes[0]).allSatisfy { (0..<$1).contains($0) }
            ? value(source) : Double(filler)
        }
      ]
    case .transpose(let permutation):
      return [
        gathered(y) { at in
          var source = at
          for (k, axis) in permutation.enumerated() { source[axis] = at[k] }
          return value(source)
        }
      ]
    case .slice(let begin, _, let stride):
      return [gathered(y) { at in value(at.indices.map { begin[$0] + at[$0] * stride[$0] }) }]
    case .expand, .tile:
      return [gathered(y) { at in value(zip(at, shapes[0]).map { $0 % $1 }) }]
    case .split(let axis, let counts):
      return counts.indices.map { part in
        var shape = shapes[0]
        shape[axis] = counts[part]
        return gathered(shape) { at in
          var source = at
          source[axis] += counts[..<part].reduce(0, +)
          return value(source)
        }
      }
    case .resize:
      return [gathered(y) { at in value(at.indices.map { at[$0] * shapes[0][$0] / y[$0] }) }]
    default: preconditionFailure("the oracle does not know \(node.operation.name)")
    }
  }

  /// Over images and pixels of the batch, with the biased variance.
  func normalized(
    _ x: [[Double]], gamma: [Double], beta: [Double], epsilon: Double
  ) -> [[Double]] {
    let channels = gamma.count
    let count = Double(x.count * x[0].count / channels)
    let statistics = (0..<channels).map { c in
      let all = x.flatMap { image in
        stride(from: c, to: image.count, by: channels).map { image[$0] }
      }
      let mean = all.reduce(0, +) / count
      return (mean, all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count)
    }
    return x.map { image in
      image.indices.map { index in
        let (mean, variance) = statistics[index % channels]
        return (image[index] - mean) / (variance + epsilon).squareRoot()
          * gamma[index % channels] + beta[index % channels]
      }
    }
  }

  private func reduced(
    _ x: [Double], _ shape: [Int], _ axes: [Int], isMean: Bool
  ) -> [Double] {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    var sums = [Double](repeating: 0, count: kept.elementCount)
    for (index, value) in x.enumerated() {
      sums[offset(zip(position(index, shape), kept).map { min($0, $1 - 1) }, kept)] += value
    }
    return isMean ? sums.map { $0 * Double(sums.count) / Double(x.count) } : sums
  }

  private func binary(
    _ inputs: [[Double]], _ shapes: [[Int]], _ y: [Int], _ body: (Double, Double) -> Double
  ) -> [Double] {
    (0..<y.elementCount).map { index in
      let at = position(index, y)
      let values = zip(inputs, shapes).map { values, shape in
        let own = Array(at.suffix(shape.count))
        return values[offset(zip(own, shape).map { min($0, $1 - 1) }, shape)]
      }
      return body(values[0], values[1])
    }
  }

  private func position(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    return shape.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }

  private func offset(_ at: [Int], _ shape: [Int]) -> Int {
    zip(at, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
