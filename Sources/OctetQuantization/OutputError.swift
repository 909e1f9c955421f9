import Foundation
import OctetModel

/// How far an output of an int8 graph is from the float graph's, over some samples.
///
/// Both run in the float interpreter, the int8 graph with every rounding to its grids.
public struct OutputError: Sendable, Equatable {
  /// The output's name.
  public var name: String
  /// 10 · log10(Σr² / Σe²), r being the float values, e the error; infinite without one.
  public var sqnrDecibels: Double
  /// The same with Σ(r − mean)², so that a constant is no signal.
  public var variationDecibels: Double
  /// Where most is lost, when much is.
  public var loss: Loss?

  /// The tensor whose making costs the most.
  public struct Loss: Sendable, Equatable {
    /// The tensor's name, the same in both graphs.
    public var tensor: String
    /// Why so much is lost there.
    public var cause: Cause
  }

  /// What a tensor loses its values by.
  public enum Cause: Sendable, Equatable {
    /// Values vary by few steps of the scale.
    case coarse(scale: Float)
    /// Values lie beyond the codes.
    case clipped(scale: Float)
    /// The errors of what it is made from, and of weights, add up.
    case accumulated
  }

  /// An output below this many decibels of variation is hardly what the float graph computes.
  public static let fewDecibels = 10.0

  /// Whether the output has fewer decibels of variation than that.
  public var isLost: Bool { variationDecibels < Self.fewDecibels }
}

extension OutputError {
  /// Multiply-adds, roughly, that measuring may take.
  private static let workLimit = 4e9
  private static let sampleLimit = 64

  /// Compares every tensor that both graphs have, by name, on some of the samples.
  static func measure(
    _ float: Graph, _ int8: Graph, _ samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) -> [OutputError] {
    let pairs = TensorPair.all(float, int8)
    let limit = max(4, min(sampleLimit, Int(workLimit / max(float.workEstimate, 1))))
    let picked = samples.picked(CalibrationSamples.spread(samples.count, atMost: limit))
    let sums = try Calibration.pass([float, int8], [picked, picked], threadCount) {
      [ErrorSums](repeating: ErrorSums(), count: pairs.count)
    } visit: { _, machines, sums in
      for (position, pair) in pairs.enumerated() {
        unsafe machines[0].withValue(of: pair.float) { reals in
          unsafe machines[1].withValue(of: pair.int8) { values in
            unsafe sums[position].add(reals, values, reach: pair.reach, span: pair.span)
          }
        }
      }
    } merge: { into, from in
      for position in into.indices { into[position].merge(from[position]) }
    }
    let known = Dictionary(uniqueKeysWithValues: zip(pairs.map(\.int8), sums))
    return int8.outputs.compactMap { output in
      guard let sums = known[output] else { return nil }
      var error = OutputError(
        name: int8.tensors[output].name, sqnrDecibels: sums.decibels,
        variationDecibels: sums.variationDecibels)
      if error.isLost { error.loss = int8.greatestLoss(before: output, known) }
      return error
    }
  }
}

/// A tensor in both graphs.
private struct TensorPair: Sendable {
  var float, int8: TensorIndex
  /// What the codes stand for.
  var span: ValueRange
  /// Real values are taken to it before they are compared: class scores that nobody can see are
  /// clipped on purpose.
  var reach: ValueRange?

  /// Every computed tensor with a grid that has its name in both.
  static func all(_ float: Graph, _ int8: Graph) -> [TensorPair] {
    let names = float.tensors.indices.filter { float.tensors[$0].constant == nil }
      .map { (float.tensors[$0].name, $0) }
    let indices = Dictionary(names) { first, _ in first }
    let scores = float.classScores
    let producers = float.producers()
    return int8.tensors.indices.compactMap { index in
      let tensor = int8.tensors[index]
      guard tensor.constant == nil, let grid = tensor.quantization, grid.axis == nil,
        let other = indices[tensor.name], float.tensors[other].shape == tensor.shape
      else { return nil }
      var isClipped = other == scores
      if let producer = producers[other], case .logSoftmax = float.nodes[producer].operation {
        isClipped = true
      }
      let span = tensor.elementType == .int16 ? grid.span(of: -32_768...32_767) : grid.span
      return TensorPair(
        float: other, int8: index, span: span, reach: isClipped ? span : nil)
    }
  }
}

/// Sums over the elements of a tensor: r real, e what int8 is off by.
private struct ErrorSums: Sendable {
  var count = 0.0
  var real = 0.0
  var square = 0.0
  var noise = 0.0
  /// The part of `noise` where the real value is beyond the codes.
  var clipped = 0.0

  mutating func add(
    _ reals: UnsafeBufferPointer<Float>, _ values: UnsafeBufferPointer<Float>, reach: ValueRange?,
    span: ValueRange
  ) {
    for index in reals.indices {
      var real = unsafe reals[index]
      if let reach { real = max(reach.lower, min(reach.upper, real)) }
      let error = unsafe Double(real) - Double(values[index])
      self.real += Double(real)
      square += Double(real) * Double(real)
      noise += error * error
      if real < span.lower || real > span.upper { clipped += error * error }
    }
    count += Double(reals.count)
  }

  mutating func merge(_ other: ErrorSums) {
    count += other.count
    real += other.real
    square += other.square
    noise += other.noise
    clipped += other.clipped
  }

  private var variation: Double { max(0, square - real * real / max(count, 1)) }
  var decibels: Double { Self.decibels(square, noise) }
  /// The variation over the noise, in decibels; for values that are all one, the constant counts as
  /// the signal.
  var variationDecibels: Double {
    Self.decibels(variation > 1e-12 * square ? variation : square, noise)
  }
  var deviation: Double { (variation / max(count, 1)).squareRoot() }

  private static func decibels(_ signal: Double, _ noise: Double) -> Double {
    if noise == 0 { return .infinity }
    return signal == 0 ? -.infinity : 10 * log10(signal / noise)
  }
}

extension Graph {
  /// The greatest loss among the nodes that make an output: where the result is farthest below what
  /// it is made from.
  fileprivate func greatestLoss(
    before output: TensorIndex, _ known: [TensorIndex: ErrorSums]
  ) -> OutputError.Loss? {
    let producers = producers()
    var needed: Set<Int> = []
    var waiting = [output]
    while let tensor = waiting.popLast() {
      guard let node = producers[tensor], needed.insert(node).inserted else { continue }
      waiting += nodes[node].inputs
    }
    // What a table, or a change of scale, is made from.
    func decibels(_ tensor: TensorIndex) -> Double {
      if let sums = known[tensor] { return min(sums.variationDecibels, 60) }
      guard tensors[tensor].constant == nil, let node = producers[tensor] else { return 60 }
      return nodes[node].inputs.map(decibels).min() ?? 60
    }
    var worst: (tensor: TensorIndex, sums: ErrorSums, loss: Double)?
    for node in needed.sorted() {
      for result in nodes[node].outputs {
        guard let sums = known[result] else { continue }
        let before = nodes[node].inputs.map(decibels).min() ?? 60
        let loss = before - min(sums.variationDecibels, 60)
        if loss > worst?.loss ?? -.infinity { worst = (result, sums, loss) }
      }
    }
    guard let worst, let scale = tensors[worst.tensor].quantization?.scales.first else {
      return nil
    }
    let cause: OutputError.Cause =
      if worst.sums.clipped > worst.sums.noise / 2 {
        .clipped(scale: scale)
      } else if worst.sums.deviation < 4 * Double(scale) {
        .coarse(scale: scale)
      } else {
        .accumulated
      }
    return OutputError.Loss(tensor: tensors[worst.tensor].name, cause: cause)
  }
}

extension OutputError: CustomStringConvertible {
  /// One sentence: what, how much, where, and what to do.
  public var description: String {
    let figure =
      variationDecibels.isFinite
      ? String(format: "%.1f dB of signal to quantization noise", variationDecibels)
      : "nothing but one value"
    var text = "output '\(name)' has \(figure) on the samples, too little to rely on"
    if let loss {
      text += loss.tensor == name ? "" : "; most is lost in '\(loss.tensor)'"
      switch loss.cause {
      case .coarse(let scale):
        text += ", whose values vary by few of its steps of \(scale)"
      case .clipped: text += ", whose values lie beyond its codes"
      case .accumulated: text += loss.tensor == name ? ", where errors of all layers add up" : ""
      }
    }
    return text + "; compare with 'octet diff', try another --calibrator or other samples, or "
      + "scale that layer's values"
  }
}
