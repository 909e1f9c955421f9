import OctetModel

/// The mean input of a node with weights over all samples, in the float graph and in the graph that
/// is quantized up to the node.
struct InputMeans: Sendable {
  private var real: [Double]
  private var quantized: [Double]
  private var count = 0.0

  init(elementCount: Int) {
    real = [Double](repeating: 0, count: elementCount)
    quantized = real
  }

  mutating func add(
    real values: UnsafeBufferPointer<Float>, quantized codes: UnsafeBufferPointer<Float>
  ) {
    for index in real.indices {
      unsafe real[index] += Double(values[index])
      unsafe quantized[index] += Double(codes[index])
    }
    count += 1
  }

  mutating func merge(_ other: InputMeans) {
    for index in real.indices {
      real[index] += other.real[index]
      quantized[index] += other.quantized[index]
    }
    count += other.count
  }

  /// The mean patch of each group over all positions, its elements those of x and of x̂.
  func patches(_ layout: PatchLayout) -> [[(real: Double, quantized: Double)]] {
    let (real, quantized) = (real.map { Float($0 / count) }, quantized.map { Float($0 / count) })
    return (0..<layout.groupCount).map { group in
      let sums = [real, quantized].map { values in
        unsafe values.withUnsafeBufferPointer { unsafe Self.sum($0, layout, group) }
      }
      let positions = Double(layout.positionCount)
      return zip(sums[0], sums[1]).map { ($0 / positions, $1 / positions) }
    }
  }

  /// The sum of a group's patches over all positions.
  private static func sum(
    _ values: UnsafeBufferPointer<Float>, _ layout: PatchLayout, _ group: Int
  ) -> [Double] {
    var patch = [Float](repeating: 0, count: layout.patchCount)
    var sums = [Double](repeating: 0, count: layout.patchCount)
    unsafe patch.withUnsafeMutableBufferPointer { patch in
      guard let base = patch.baseAddress else { return }
      for position in 0..<layout.positionCount {
        unsafe layout.fill(base, from: values, position: position, group: group)
        for index in sums.indices { unsafe sums[index] += Double(patch[index]) }
      }
    }
    return sums
  }
}
