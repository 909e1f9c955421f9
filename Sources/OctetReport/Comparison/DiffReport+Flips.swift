import Foundation

extension DiffReport {
  /// An image that the two models classify differently.
  public struct Flip: Codable, Sendable, Equatable {
    /// The image's index in the test set.
    public var index: Int
    /// The class that it shows.
    public var label: Int
    /// The class that the reference names.
    public var floatPrediction: Int
    /// The class that the candidate names.
    public var int8Prediction: Int
    /// The float model's best score less its second best: the larger, the more surprising.
    public var floatMargin: Float
    /// The int8 model's best score less its second best.
    public var int8Margin: Float
    /// The float model's scores, one a class.
    public var floatScores: [Float]
    /// The int8 model's scores, one a class.
    public var int8Scores: [Float]
    /// The image itself, of the 500 most surprising flips.
    public var picture: Picture?

    package static let pictureLimit = 500

    package init(
      index: Int, label: Int, floatPrediction: Int, int8Prediction: Int, floatMargin: Float,
      int8Margin: Float, floatScores: [Float], int8Scores: [Float], picture: Picture? = nil
    ) {
      self.index = index
      self.label = label
      self.floatPrediction = floatPrediction
      self.int8Prediction = int8Prediction
      self.floatMargin = floatMargin
      self.int8Margin = int8Margin
      self.floatScores = floatScores
      self.int8Scores = int8Scores
      self.picture = picture
    }

    /// Whether int8 lost or won it, or both are wrong differently.
    public var outcome: Outcome {
      if floatPrediction == label { return .rightToWrong }
      return int8Prediction == label ? .wrongToRight : .wrongToWrong
    }

    /// What became of an image: the reference's answer, then the candidate's.
    public enum Outcome: String, Codable, Sendable {
      case rightToWrong, wrongToRight, wrongToWrong
    }
  }

  /// An image as 8-bit pixels, row by row, channels last.
  public struct Picture: Codable, Sendable, Equatable {
    /// The height in pixels.
    public var height: Int
    /// The width in pixels.
    public var width: Int
    /// 1 for gray, 3 for RGB.
    public var channelCount: Int
    /// H·W·C bytes; Base64 in JSON.
    public var pixels: Data

    package init(height: Int, width: Int, channelCount: Int, pixels: Data) {
      self.height = height
      self.width = width
      self.channelCount = channelCount
      self.pixels = pixels
    }
  }

  /// The float model's margin (best score less second best) over all images, in equal bins.
  public struct Margins: Codable, Sendable, Equatable {
    /// The margins of images that the two classify differently.
    public var flips: Histogram
    /// The margins of all other images.
    public var others: Histogram

    package init(_ empty: Histogram) { (flips, others) = (empty, empty) }
  }
}
