extension DiffReport {
  /// How an output is judged.
  public enum Metric: String, Codable, Sendable, CaseIterable {
    /// One score a class: the class with the best score.
    case classification
    /// Real numbers: errors, with their intervals.
    case regression
    /// One score a sample: how samples are ranked by it.
    case scores
    /// A vector whose direction counts: cosine and nearest neighbours.
    case embedding
    /// Scores at many places: the best place, and what is over the threshold.
    case detection
    /// The input again: how far from it both models are.
    case reconstruction
    /// A picture: peak signal-to-noise ratio.
    case picture
    /// Anything else: signal-to-noise ratio alone.
    case signal
  }

  /// One output of the two models, judged by a metric of its own.
  public struct Output: Encodable, Sendable {
    /// The candidate's tensor.
    public var name: String
    /// The reference's tensor.
    public var floatName: String
    /// The shape in the candidate, channels last.
    public var shape: [Int]
    /// How it is judged.
    public var metric: Metric
    /// The reason for that metric: a clause.
    public var reason: String
    /// The result in one sentence.
    public var summary: String
    /// The number of samples.
    public var sampleCount: Int
    /// The signal over the error, in dB.
    public var sqnrDecibels: Double
    /// The largest difference of an element.
    public var maxAbsError: Double
    /// The cosine between the two, over all samples at once, −1…1.
    public var cosine: Double
    /// The share of samples on which both decide alike, 0…1; see `agreementOn`.
    public var agreement: Double
    /// Its 95 % Wilson interval.
    public var agreementInterval: WilsonInterval
    /// What both agree on: a clause.
    public var agreementOn: String
    /// What `classification` finds.
    public var classification: Classification?
    /// What `regression` finds.
    public var regression: Regression?
    /// What `scores` finds, and `reconstruction` where labels say which samples are anomalies.
    public var ranking: Ranking?
    /// What `embedding` finds.
    public var embedding: Embedding?
    /// What `detection` finds.
    public var detection: Detection?
    /// What `reconstruction` finds.
    public var reconstruction: Reconstruction?
    /// What `picture` finds, and `reconstruction` of pictures.
    public var picture: PictureQuality?
    /// The samples with the largest errors, the worst first; at most 8.
    public var samples: [Sample]
  }
}

extension DiffReport.Output {
  /// A figure with its 95 % interval; the sample is what is drawn by chance.
  public struct Estimate: Codable, Sendable, Equatable {
    /// The figure.
    public var value: Double
    /// The lower end.
    public var lower: Double
    /// The upper end.
    public var upper: Double
  }

  /// The classes with the best scores.
  public struct Classification: Codable, Sendable, Equatable {
    /// The share of samples that the reference has right; nil without labels.
    public var floatTop1: Double?
    /// The same of the candidate.
    public var int8Top1: Double?
    /// The interval of `floatTop1`.
    public var floatTop1Interval: WilsonInterval?
    /// The interval of `int8Top1`.
    public var int8Top1Interval: WilsonInterval?
    /// The samples that only the reference has right.
    public var rightToWrong: Int?
    /// The samples that only the candidate has right.
    public var wrongToRight: Int?
    /// McNemar's test of the two.
    public var significance: McNemarTest?
    /// The samples that both put in different classes.
    public var changedCount: Int
    /// The samples among those whose two best scores are farthest apart in the reference, at most
    /// 64.
    public var changed: [Change]

    /// A sample that the two classify differently.
    public struct Change: Codable, Sendable, Equatable {
      /// The sample.
      public var index: Int
      /// The class that the reference names.
      public var floatPrediction: Int
      /// The class that the candidate names.
      public var int8Prediction: Int
      /// The reference's best score less its second best.
      public var floatMargin: Double
    }
  }

  /// Errors of real numbers. Each sample is one observation: its values' mean error, mean |error|
  /// and mean squared error.
  public struct Regression: Codable, Sendable, Equatable {
    /// The candidate less the reference.
    public var difference: Errors
    /// The reference less the targets; nil without targets.
    public var float: Errors?
    /// The candidate less the targets.
    public var int8: Errors?
    /// Whether the candidate's |error| differs from the reference's; nil without targets.
    public var pairedTest: PairedTest?
    /// How the errors of the samples are spread; nil where none is finite.
    public var histograms: ErrorHistograms?
  }

  /// What errors are like.
  public struct Errors: Codable, Sendable, Equatable {
    /// The mean error.
    public var bias: Estimate
    /// The mean of |error|.
    public var mae: Estimate
    /// The root of the mean squared error.
    public var rmse: Estimate
    /// The largest |error|.
    public var maxAbsError: Double
  }

  /// Student's t test of the differences by sample, the candidate's figure less the reference's.
  public struct PairedTest: Codable, Sendable, Equatable {
    /// The mean difference; above 0 when the candidate is worse.
    public var meanDifference: Estimate
    /// Student's t; nil when no two differences differ.
    public var t: Double?
    /// Samples less one.
    public var degreesOfFreedom: Int
    /// The probability of a mean at least so far from 0 between equally good models.
    public var pValue: Double

    /// Whether equally good models would differ so much less than once in twenty.
    public var isSignificant: Bool { pValue < 0.05 }
  }

  /// How samples are ranked by one score each.
  public struct Ranking: Codable, Sendable, Equatable {
    /// The number of samples that were ranked: all up to 16,384, of more evenly spread ones.
    public var sampleCount: Int
    /// The number of those labelled 1 (of more than two labels: other than 0); nil without labels.
    public var positiveCount: Int?
    /// The chance that the reference ranks a positive sample over a negative one; nil without both.
    public var floatAuc: Estimate?
    /// The same of the candidate.
    public var int8Auc: Estimate?
    /// The candidate's less the reference's, by DeLong's method.
    public var aucDifference: Estimate?
    /// The probability of a difference at least so large between equally good models.
    public var pValue: Double?
    /// Spearman's rank correlation of the two models' scores, −1…1; nil when one has only ties.
    public var spearman: Double?
    /// The reference's receiver operating characteristic: at most 128 pairs of the share of
    /// negative and of positive samples over a threshold, from 0, 0 to 1, 1; nil without labels.
    public var floatCurve: [[Double]]?
    /// The candidate's.
    public var int8Curve: [[Double]]?
  }

  /// Vectors whose direction counts.
  public struct Embedding: Codable, Sendable, Equatable {
    /// The cosine between both models' vectors, mean over samples.
    public var cosine: Estimate
    /// The lowest of them.
    public var lowestCosine: Double
    /// The samples of which neighbours were looked for: all up to 512, of more evenly spread ones.
    public var neighbourSampleCount: Int
    /// The share of those whose nearest neighbour among them, by cosine, is the same in both.
    public var neighbourAgreement: Double
    /// The mean share of the five nearest that both have.
    public var fiveNeighbourOverlap: Double
    /// The share whose nearest neighbour has their label, in the reference; nil without labels.
    public var floatNeighbourTop1: Double?
    /// The same in the candidate.
    public var int8NeighbourTop1: Double?
  }

  /// Scores at many places, such as a detector's cells or a segmentation's pixels.
  public struct Detection: Codable, Sendable, Equatable {
    /// The number of places.
    public var cellCount: Int
    /// The values at each.
    public var channelCount: Int
    /// The share of samples whose highest value is at the same place.
    public var bestCellAgreement: Double
    /// The share of places whose highest channel is the same; 1 for one channel.
    public var channelAgreement: Double
    /// What values are compared with: 0.5 for probabilities, 0 for scores.
    public var threshold: Double
    /// The values of the reference over the threshold.
    public var floatCount: Int
    /// The values of the candidate over the threshold.
    public var int8Count: Int
    /// The values over it in both.
    public var bothCount: Int
    /// `bothCount` of `int8Count`; nil when that is 0.
    public var precision: Double?
    /// `bothCount` of `floatCount`; nil when that is 0.
    public var recall: Double?
  }

  /// How far from the input both models are.
  public struct Reconstruction: Codable, Sendable, Equatable {
    /// The reference's mean squared error against the input, mean over samples.
    public var floatError: Estimate
    /// The candidate's.
    public var int8Error: Estimate
    /// Whether they differ.
    public var pairedTest: PairedTest
  }

  /// Pictures of both models.
  public struct PictureQuality: Codable, Sendable, Equatable {
    /// The candidate against the reference: peak² over the mean squared error, in dB.
    public var psnrDecibels: Double
    /// The lowest of a sample.
    public var lowestPsnrDecibels: Double
    /// The reference's range over all samples.
    public var peak: Double
    /// The reference against the targets, in dB; nil without targets.
    public var floatPsnrDecibels: Double?
    /// The candidate against the targets.
    public var int8PsnrDecibels: Double?
  }

  /// A sample with a large error.
  public struct Sample: Encodable, Sendable, Equatable {
    /// The sample.
    public var index: Int
    /// The root of its mean squared error.
    public var rmse: Double
    /// Its signal over its error, in dB.
    public var sqnrDecibels: Double
    /// The reference's first values, at most 64.
    public var floatValues: [Float]
    /// The candidate's.
    public var int8Values: [Float]
    /// The reference's picture; nil where the output is none.
    public var floatPicture: DiffReport.Picture?
    /// The candidate's, with the same brightness.
    public var int8Picture: DiffReport.Picture?
  }
}
