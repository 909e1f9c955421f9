import COctetFloatKernels
import OctetModel
import Testing

/// Every block of every kernel set against the formulas of `octet_float_kernels.h` in double
/// precision. Strides leave gaps, which must stay as they were.
@Suite struct FloatKernelTests {
  @Test(arguments: FloatKernels.available, [false, true])
  func contractMatchesItsDefinition(
    _ kernels: octet_float_kernels, _ hasNeighbouringWeights: Bool
  ) {
    var c = octet_contraction()
    (c.aCount, c.bCount, c.kCount) = (2, 2, 3)
    (c.xK, c.xB, c.xPixel, c.xA) = (16, 64, 32, 160)
    (c.wJ, c.wK, c.wB, c.wA) = hasNeighbouringWeights ? (1, 8, 24, 48) : (13, 1, 3, 6)
    (c.yJ, c.yPixel) = (17, 150)
    var random = Numbers()
    let x = random.next(1200)
    let w = random.next(120)
    let bias = random.next(8)
    let before = random.next(1400)
    for (accumulates, hasBias, hasReLU) in [
      (false, false, false), (false, true, true), (true, false, true),
    ] {
      c.accumulates = accumulates ? 1 : 0
      c.relu = hasReLU ? 1 : 0
      for pixels in 1...kernels.pixelLimit {
        let limit = pixels == 1 ? kernels.onePixelOutputLimit : kernels.outputLimit
        for outputs in 1...limit {
          let blockCount = pixels == 1 ? 3 : 2
          var expected = before
          for p in 0..<pixels * blockCount {
            for j in 0..<outputs {
              for lane in 0..<16 {
                let at = p * c.yPixel + j * c.yJ + lane
                let start = accumulates ? before[at] : hasBias ? bias[j] : 0
                let sum = Double(start) + product(c, x, w, p, j, lane)
                expected[at] = hasReLU ? max(Float(sum), 0) : Float(sum)
              }
            }
          }
          var y = before
          kernels.contract(
            &c, pixels, outputs, blockCount, x, w, hasBias ? bias : nil, &y)
          expectClose(y, expected, "\(String(cString: kernels.name)) \(pixels) × \(outputs)")
        }
      }
    }
  }

  /// The pixels of both edges reach only some columns of the kernel.
  @Test(arguments: FloatKernels.available, [0, 2])
  func correlateMatchesItsDefinition(_ kernels: octet_float_kernels, _ firstB: Int) {
    var c = octet_correlation()
    (c.rowCount, c.spanCount, c.firstB) = (2, 3, firstB)
    (c.xB, c.xPixel, c.xRow) = (16, 48, 208)
    (c.yPixel, c.yRow) = (64, 208)
    c.sumB = 5
    var random = Numbers()
    let x = random.next(480)
    let y = random.next(480)
    let before = random.next(40)
    for kernelCount in 1...kernels.sumKernelLimit {
      let spans = [
        octet_span(pixel: 0, count: 1, first: firstB + 1, end: 99),
        octet_span(pixel: 1, count: 1, first: 0, end: firstB + kernelCount),
        octet_span(pixel: 2, count: 1, first: 0, end: firstB + kernelCount - 1),
      ]
      for outputs in 1...kernels.sumOutputLimit {
        var expected = before
        for (b, j) in (0..<kernelCount).flatMap({ b in (0..<outputs).map { (b, $0) } }) {
          var sum = 0.0
          for (r, p) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
          where (spans[p].first..<spans[p].end).contains(firstB + b) {
            for lane in 0..<16 {
              let value = x[r * c.xRow + p * c.xPixel + b * c.xB + lane]
              let gradient = y[r * c.yRow + p * c.yPixel + 16 * j + lane]
              sum += Double(value) * Double(gradient)
            }
          }
          expected[b * c.sumB + j] += Float(sum)
        }
        var sums = before
        spans.withUnsafeBufferPointer { spans in
          c.spans = spans.baseAddress
          kernels.correlate(&c, kernelCount, outputs, x, y, &sums)
        }
        expectClose(sums, expected, "\(String(cString: kernels.name)) \(kernelCount) × \(outputs)")
      }
    }
  }

  @Test(arguments: FloatKernels.available)
  func dropoutMatchesItsDefinition(_ kernels: octet_float_kernels) {
    var dropout = octet_dropout(low: 0xffff_fff0, high: 77, threshold: 5 << 20, scale: 1.5)
    var random = Numbers()
    let x = random.next(16 * 40)
    let expected = x.indices.map { index -> Float in
      var h = UInt32(index) &+ dropout.low
      h = (h ^ h >> 16) &* 0x85eb_ca6b
      h = (h ^ h >> 13 ^ dropout.high) &* 0xc2b2_ae35
      return (h ^ h >> 16) >> 8 >= dropout.threshold ? x[index] * 1.5 : 0
    }
    var y = [Float](repeating: .nan, count: x.count)
    kernels.dropout(&dropout, 40, x, &y)
    #expect(y == expected)
  }

  private func product(
    _ c: octet_contraction, _ x: [Float], _ w: [Float], _ p: Int, _ j: Int, _ lane: Int
  ) -> Double {
    var sum = 0.0
    for a in 0..<c.aCount {
      for b in 0..<c.bCount {
        for k in 0..<c.kCount {
          let xIndex = p * c.xPixel + a * c.xA + b * c.xB + k * c.xK + lane
          let wIndex = a * c.wA + b * c.wB + k * c.wK + j * c.wJ
          sum += Double(x[xIndex]) * Double(w[wIndex])
        }
      }
    }
    return sum
  }

  private func expectClose(_ actual: [Float], _ expected: [Float], _ what: String) {
    let different = actual.indices.first { abs(actual[$0] - expected[$0]) > 1e-5 }
    #expect(different == nil, "\(what)")
  }
}

/// Multiples of 1/64 in -1 ..< 1.
private struct Numbers {
  private var state: UInt32 = 1

  mutating func next(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int(state >> 25) - 64) / 64
    }
  }
}
