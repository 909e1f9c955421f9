import OctetModel
import OctetReport

/// Lengths of gradients, weights and steps by layer, measured in some steps of a run.
///
/// It reads what the run computes anyway, on the thread that calls, in an order that depends on
/// nothing else: what is trained does not change, nor do the figures with the number of threads.
@safe final class LayerProbe {
  // Safety: both arrays have the length of the parameters and live as long as this does.
  struct Layer {
    var name: String
    /// Parts of the parameters, in whole vectors: what lies between constants is 0.
    var ranges: [Range<Int>]
    /// The same without what fills the vectors.
    var exactRanges: [Range<Int>]
  }

  let layers: [Layer]
  /// Whether the next step is to be measured.
  var isDue = false
  /// The lengths of the last measured step, by layer.
  private(set) var gradients: [Float]
  private(set) var weights, updates: [Float]
  private let parameterCount: Int
  private let gradient, before: UnsafeMutablePointer<Float>

  /// Measured steps of an epoch, at most.
  private static let countLimit = 32
  /// A measured step reads all gradients once more; of so many steps one is.
  private static let spacing = 8

  init(_ network: TrainingNetwork) {
    parameterCount = network.parameterCount
    unsafe gradient = alignedFloats(parameterCount)
    unsafe before = alignedFloats(parameterCount)
    var segments: [TensorIndex: ParameterSegment] = [:]
    for segment in network.parameters where segment.isTrained { segments[segment.tensor] = segment }
    layers = network.graph.nodes.compactMap { node in
      // A constant that several nodes share counts with the first.
      let own = node.inputs.compactMap { segments.removeValue(forKey: $0) }
      guard !own.isEmpty else { return nil }
      return Layer(
        name: node.name,
        ranges: own.map { $0.offset..<$0.offset + ($0.count + 15) / 16 * 16 },
        exactRanges: own.map { $0.offset..<$0.offset + $0.count })
    }
    gradients = [Float](repeating: 0, count: layers.count)
    (weights, updates) = (gradients, gradients)
  }

  deinit {
    unsafe gradient.deallocate()
    unsafe before.deallocate()
  }

  /// Whether a step of an epoch is measured: evenly, the last one always.
  static func measures(step: Int, of count: Int) -> Bool {
    let measured = max(1, min(countLimit, count / spacing))
    return (step + 1) * measured / count != step * measured / count
  }

  /// Before the parameters change.
  ///
  /// - Parameter shards: `shardCount` gradients, one after the other, whose sum is the batch's.
  func begin(
    _ shards: UnsafePointer<Float>, shardCount: Int, parameters: UnsafePointer<Float>
  ) {
    unsafe before.update(from: parameters, count: parameterCount)
    let sums = unsafe elements(gradient)
    for (index, layer) in layers.enumerated() {
      let squares = Self.sum(over: layer.ranges) { i in
        var sum = unsafe elements(shards)[i]
        for shard in 1..<max(shardCount, 1) {
          unsafe sum += elements(shards + shard * parameterCount)[i]
        }
        unsafe sums[i] = sum
        return sum * sum
      }
      gradients[index] = Float(squares.squareRoot())
    }
  }

  /// After they have changed.
  func end(_ parameters: UnsafePointer<Float>) {
    let (now, then) = unsafe (elements(parameters), elements(before))
    for (index, layer) in layers.enumerated() {
      let weight = Self.sum(over: layer.ranges) { i in unsafe now[i] * now[i] }
      let update = Self.sum(over: layer.ranges) { i in
        let step = unsafe now[i] - then[i]
        return step * step
      }
      (weights[index], updates[index]) = (Float(weight.squareRoot()), Float(update.squareRoot()))
    }
    isDue = false
  }

  /// The sum of vectors: 256 at a time as they are, so that no small one is lost beside the rest.
  @inline(__always)
  private static func sum(over ranges: [Range<Int>], _ vector: (Int) -> Lanes) -> Double {
    var total = 0.0
    for range in ranges {
      var start = range.lowerBound / TrainingNetwork.blockSize
      let end = range.upperBound / TrainingNetwork.blockSize
      while start < end {
        var part = Lanes()
        for i in start..<min(start + 256, end) { part += vector(i) }
        total += Double(part.sum())
        start += 256
      }
    }
    return total
  }

  /// The gradient of the last measured step in a layer.
  func gradientValues(_ layer: Int) -> [Float] { unsafe values(layer, in: gradient) }

  func values(_ layer: Int, in source: UnsafePointer<Float>) -> [Float] {
    layers[layer].exactRanges.flatMap { range in
      unsafe Array(UnsafeBufferPointer(start: source + range.lowerBound, count: range.count))
    }
  }
}
