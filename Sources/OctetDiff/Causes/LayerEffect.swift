import Foundation
import OctetEvaluation
import OctetModel

/// What weights and biases of a layer that are not the reference's do to its results, by channel,
/// on a few images with its input exact.
///
/// A layer with weights is linear before its activation, so that the error of the results is what
/// the layer makes of the differences of the weights, and those of the biases.
struct LayerEffect {
  /// The mean and the mean square of an error, by channel.
  struct Error {
    var mean: [Double]
    var square: [Double]

    /// The mean square when the biases, too, differ by so much.
    func square(_ channel: Int, bias: Double) -> Double {
      max(0, square[channel] + 2 * bias * mean[channel] + bias * bias)
    }
  }

  private let pair: WeightPair
  private let node: Graph
  private let inputs: [[Float]]
  private let channelCount: Int

  /// Nil where the reference's layer cannot be run alone.
  init?(_ diff: Diff, place: Int, _ pair: WeightPair, _ images: BenchImages) {
    let graph = diff.reference.real
    guard pair.lost.isEmpty, let twin = diff.twins[place],
      let node = graph.weightedNode(behind: diff.reference.places[twin].tensor),
      node.inputs.count > 1, let plain = node.operation.with(.none),
      let source = diff.reference.placeOfTensor[node.inputs[0]],
      var part = graph.cut(from: [node.inputs[0]], to: [node.outputs[0]]), part.nodes.count == 1,
      part.tensors[part.nodes[0].inputs[1]].elementCount == pair.own.count,
      part.tensors[part.outputs[0]].shape.last == pair.channelCount,
      let machines = try? images.machines()
    else { return nil }
    part.nodes[0].operation = plain
    part.nodes[0].inputs = Array(part.nodes[0].inputs.prefix(2))
    self.pair = pair
    self.node = part
    channelCount = pair.channelCount
    inputs = machines.map { unsafe $0.withReals(source) { unsafe Array($0) } }
  }

  /// What the layer makes of `difference`, weights in the place of its own; nil where it cannot be
  /// computed.
  private func error(of difference: [Float]) -> Error? {
    var part = node
    part.tensors[part.nodes[0].inputs[1]].constant = .float(difference)
    guard let interpreter = try? FloatInterpreter(part) else { return nil }
    var error = Error(
      mean: [Double](repeating: 0, count: channelCount),
      square: [Double](repeating: 0, count: channelCount))
    var total = 0
    for values in inputs {
      interpreter.setInput(0, values)
      interpreter.run()
      let results = interpreter.value(of: part.outputs[0])
      for (index, result) in results.enumerated() {
        error.mean[index % channelCount] += Double(result)
        error.square[index % channelCount] += Double(result) * Double(result)
      }
      total += results.count / channelCount
    }
    guard total > 0 else { return nil }
    for channel in 0..<channelCount {
      error.mean[channel] /= Double(total)
      error.square[channel] /= Double(total)
    }
    return error
  }

  /// The error that the candidate's weights make, without its biases.
  func ofWeights() -> Error? { error(of: zip(pair.own, pair.given).map { $0 - $1 }) }

  /// The same of the reference's weights, rounded to the nearest of the candidate's own codes, and
  /// of what lies beyond the last of them.
  func ofRounding() -> (rounding: Error, clipping: Error)? {
    let last: Float = pair.isNarrow ? 7 : 127
    guard !pair.codes.isEmpty, !pair.scales.isEmpty else { return nil }
    var (rounding, clipping) = (pair.given, pair.given)
    for (position, weight) in pair.given.enumerated() {
      let scale = pair.scales[pair.scales.count == 1 ? 0 : pair.channel(of: position)]
      guard scale > 0 else { return nil }
      let steps = weight / scale
      let inside = max(-last, min(last, steps))
      rounding[position] = (inside.rounded() - inside) * scale
      clipping[position] = (inside - steps) * scale
    }
    guard let found = error(of: rounding), let cut = error(of: clipping) else { return nil }
    return (found, cut)
  }

  /// How much worse than rounding to the nearest code a quantizer may be on samples that it does
  /// not know, as squared error: 6 dB.
  private static let tolerance = 4.0

  /// Whether the candidate's weights and biases are a rounding of the reference's to its own codes,
  /// whichever way its quantizer chose them: in no channel are the results farther off than those
  /// of the nearest codes, and what its codes cannot reach costs no more than what they round.
  func isRounding() -> Bool {
    guard let own = ofWeights(), let (rounding, clipping) = ofRounding() else { return false }
    let floor = rounding.square.reduce(0, +) / Double(max(channelCount, 1)) / 16
    return (0..<channelCount).allSatisfy { channel in
      let bias = Double(pair.ownBias[channel] - pair.givenBias[channel])
      // Either the biases make good for the rounding, or they are the reference's.
      let found = min(own.square[channel], own.square(channel, bias: bias))
      let allowed = Self.tolerance * rounding.square[channel]
      return found <= allowed + clipping.square[channel] + floor
        && clipping.square[channel] <= allowed + floor
    }
  }

  /// Whether the results are farther from the reference's than they would be with its biases, by
  /// more than rounding them to codes of `step` makes: biases that bring them nearer make good for
  /// rounded weights.
  func isHarmedByBiases(step: Double) -> Bool? {
    guard let own = ofWeights() else { return nil }
    let (given, found) = (0..<channelCount).reduce((0.0, 0.0)) { sums, channel in
      let bias = Double(pair.ownBias[channel] - pair.givenBias[channel])
      return (sums.0 + own.square[channel], sums.1 + own.square(channel, bias: bias))
    }
    return found > Self.tolerance * (given + Double(channelCount) * step * step / 12)
  }
}
