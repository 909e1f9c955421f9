import Foundation
import OctetCompiler
import OctetData
import OctetReport

/// Feeds pictures of any size to an image classifier.
public struct Classifier: Sendable {
  private let loaded: LoadedModel
  private let encoder: PixelEncoder
  private let height, width, channelCount: Int
  private let labels: [String]

  /// Throws unless the model has one input of an image's shape.
  public init(_ loaded: LoadedModel) throws(EvaluationError) {
    guard loaded.inputCount == 1 else { throw .inputCount(loaded.inputCount) }
    let input = loaded.input(0)
    guard input.rank == 4, input.channels == 1 || input.channels == 3 else {
      throw .imageShape(model: input.shape, height: 0, width: 0, channelCount: 0)
    }
    self.loaded = loaded
    (height, width, channelCount) = (input.height, input.width, input.channels)
    encoder = PixelEncoder(
      channelCount: channelCount, normalization: loaded.normalization, input: input)
    labels = loaded.labels
  }

  /// For each channel the input's codes of pixels 0…255; nil for an input too small for a picture,
  /// such as a sound's features.
  package var pixelCodes: [[Int8]]? { min(height, width) < 16 ? nil : encoder.codes }

  /// The name of class `index`, or its number.
  public func label(_ index: Int) -> String {
    index < labels.count ? labels[index] : String(index)
  }

  /// Whether a drawing seems to be the negative of what the model learnt. Of colour models nothing
  /// is said.
  ///
  /// Where the normalisation tells how bright the training images were, the picture's ground is
  /// compared with that. Where it does not (0 and 1), a light ground is suspected, as digits are
  /// learnt light on dark: if the model is in doubt, or surer of the negative.
  public func seemsInverted(
    _ image: Image, scores: [Float], _ runner: LoadedModel.Runner
  ) -> Bool {
    guard channelCount == 1 else { return false }
    let ground = image.groundBrightness
    if let normalization = loaded.normalization, normalization.mean != [0] {
      let mean = Double(normalization.mean[0])
      return mean < 0.4 ? ground > 0.6 : (mean > 0.6 && ground < 0.4)
    }
    guard ground > 0.6 else { return false }
    let certainty = scores.max() ?? 0
    return certainty < 0.9 || (self.scores(image.inverted(), runner).max() ?? 0) > certainty
  }

  /// A probability for each class: the model's own where it ends in softmax, otherwise the softmax
  /// of its real-valued outputs.
  public func scores(_ image: Image, _ runner: LoadedModel.Runner) -> [Float] {
    let fitted = image.converted(toChannelCount: channelCount)
      .resized(height: height, width: width)
    unsafe runner.withInput(0) { unsafe encoder.encode(fitted.pixels[...], into: $0) }
    runner.run()
    let values = runner.realOutput(0)
    let last = loaded.operatorCount - 1
    if last >= 0, [.softmax, .softmax16].contains(loaded.operator(last).kind) { return values }
    let highest = values.max() ?? 0
    let exponentials = values.map { exp($0 - highest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
