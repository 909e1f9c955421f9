import OctetData
import OctetModel
import OctetTraining
import Testing

/// Winograd's convolutions against the sums that they stand for, in double precision.
@Suite struct TileConvolutionTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var taps, rows, columns, inputs, outputs: Int
    var padding: Padding

    var testDescription: String { "\(taps) taps, \(rows)×\(columns), \(inputs) to \(outputs)" }
    var narrowRows: Int { rows + padding.top + padding.bottom - taps + 1 }
    var narrowColumns: Int { columns + padding.left + padding.right - taps + 1 }
    var weights: ConvolutionWeights {
      ConvolutionWeights(
        groups: 1, kernelHeight: taps, kernelWidth: taps, inputs: inputs, outputs: outputs)
    }
    var geometry: ConvolutionGeometry {
      ConvolutionGeometry(
        wide: [1, rows, columns, inputs], narrow: [1, narrowRows, narrowColumns, outputs],
        weights, stride: Extent(1), dilation: Extent(1), padding: padding)
    }
  }

  /// Whole tiles, tiles cut on each side, several groups of tiles, and padding beyond a window.
  static let shapes = [
    Shape(taps: 3, rows: 8, columns: 8, inputs: 3, outputs: 16, padding: Padding(1)),
    Shape(
      taps: 3, rows: 9, columns: 6, inputs: 2, outputs: 21,
      padding: Padding(top: 2, left: 0, bottom: 0, right: 3)),
    Shape(taps: 5, rows: 7, columns: 10, inputs: 4, outputs: 5, padding: Padding(2)),
    Shape(
      taps: 3, rows: 5, columns: 4, inputs: 2, outputs: 3,
      padding: Padding(top: 4, left: 1, bottom: 5, right: 4)),
    Shape(taps: 3, rows: 17, columns: 1, inputs: 33, outputs: 24, padding: Padding(1)),
  ]

  @Test(arguments: shapes)
  func allDirectionsMatchTheirSums(_ shape: Shape) throws {
    let tiles = try #require(TileConvolution(shape.weights, shape.geometry))
    var generator = Xoshiro256(seed: 5)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform(bound: 1) } }
    let x = numbers(shape.rows * shape.columns * shape.inputs * 16)
    let dy = numbers(shape.narrowRows * shape.narrowColumns * shape.outputs * 16)
    let w = numbers(shape.weights.groupCount)
    let bias = numbers(shape.outputs)
    var y = [Double](repeating: 0, count: dy.count)
    var dx = x.map { Double($0) }
    var dw = [Double](repeating: 0, count: w.count)
    for at in y.indices { y[at] = Double(bias[at / 16 % shape.outputs]) }
    forEachProduct(shape) { pixel, result, weight in
      for lane in 0..<16 {
        y[result + lane] += Double(x[pixel + lane]) * Double(w[weight])
        dx[pixel + lane] += Double(dy[result + lane]) * Double(w[weight])
        dw[weight] += Double(x[pixel + lane]) * Double(dy[result + lane])
      }
    }

    for kernels in FloatKernels.available {
      // What was left there before must not matter.
      var scratch = [Float](repeating: .nan, count: tiles.scratchCount * 16)
      var gathered = [Float](repeating: .nan, count: y.count)
      tiles.run(
        .gathered, kernels, scratch: &scratch, source: x, w: w, bias: bias, relu: true,
        accumulates: false, target: &gathered)
      expectClose(gathered, y.map { max($0, 0) }, "forward")
      var spread = x
      tiles.run(
        .spread, kernels, scratch: &scratch, source: dy, w: w, bias: nil, relu: false,
        accumulates: true, target: &spread)
      expectClose(spread, dx, "back")
      var sums = [Float](repeating: .nan, count: w.count)
      tiles.correlate(kernels, scratch: &scratch, x: x, dy: dy, sums: &sums)
      expectClose(sums, dw, "weights")
    }
  }

  /// First lanes of a pixel and a result, and the weight that joins them.
  private func forEachProduct(_ shape: Shape, _ body: (Int, Int, Int) -> Void) {
    for row in 0..<shape.narrowRows {
      for column in 0..<shape.narrowColumns {
        for tap in 0..<shape.taps * shape.taps {
          let wideRow = row + tap / shape.taps - shape.padding.top
          let wideColumn = column + tap % shape.taps - shape.padding.left
          guard (0..<shape.rows).contains(wideRow), (0..<shape.columns).contains(wideColumn)
          else { continue }
          let pixel = (wideRow * shape.columns + wideColumn) * shape.inputs
          let result = (row * shape.narrowColumns + column) * shape.outputs
          for k in 0..<shape.inputs {
            for o in 0..<shape.outputs {
              body(
                (pixel + k) * 16, (result + o) * 16, (tap * shape.inputs + k) * shape.outputs + o)
            }
          }
        }
      }
    }
  }

  private func expectClose(_ actual: [Float], _ expected: [Double], _ what: String) {
    let largest = expected.reduce(1) { max($0, abs($1)) }
    let worst = zip(actual, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    #expect(worst < 1e-5 * largest, "\(what): \(worst) beside \(largest)")
    let areFinite = actual.allSatisfy { $0.isFinite }
    #expect(areFinite, "\(what)")
  }

  @Test func otherWindowsHaveNoTiles() {
    var shape = Self.shapes[0]
    shape.taps = 4
    #expect(TileConvolution(shape.weights, shape.geometry) == nil)
    shape.taps = 3
    var weights = shape.weights
    weights.groups = 2
    #expect(TileConvolution(weights, shape.geometry) == nil)
    let strided = ConvolutionGeometry(
      wide: [1, 8, 8, 3], narrow: [1, 4, 4, 16], shape.weights, stride: Extent(2),
      dilation: Extent(1), padding: Padding(1))
    #expect(TileConvolution(shape.weights, strided) == nil)
  }

  /// Networks of the zoo go this way, small ones do not.
  @Test func manyChannelsGoByTiles() throws {
    func shape(_ size: Int, _ inputs: Int, _ outputs: Int) -> Shape {
      Shape(
        taps: 3, rows: size, columns: size, inputs: inputs, outputs: outputs, padding: Padding(1))
    }
    for (shape, isFaster) in [
      (shape(28, 16, 16), true), (shape(14, 32, 32), true), (shape(7, 64, 64), true),
      (shape(28, 1, 16), false), (shape(2, 64, 64), false),
    ] {
      let tiles = try #require(TileConvolution(shape.weights, shape.geometry))
      for direction in [TileConvolution.Direction.gathered, .spread, nil] {
        #expect(tiles.isFaster(direction, shape.geometry) == isFaster, "\(shape)")
      }
    }
  }
}
