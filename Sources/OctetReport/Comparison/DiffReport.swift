/// What `octet diff` finds: a reference (usually a float model) against a candidate (usually int8)
/// on the same images.
///
/// The names say float and int8 whatever the two are; `comparison` says what they really are.
/// Fractions are 0…1. A figure that is not finite (a signal-to-noise ratio without noise) is `null`
/// in JSON.
public struct DiffReport: Encodable, Sendable {
  /// The answer, in one sentence for a manager and one for an engineer.
  public var verdict: Verdict
  /// What was compared with what.
  public var comparison: Comparison
  /// What the images are.
  public var data: DataFacts
  /// What must be known before the figures: sentences, the gravest first.
  public var warnings: [String]
  /// What one model has and the other has not, apart from numbers: sentences, in the order of the
  /// network; see `OctetDiff`.
  public var structure: [String] = []
  /// The number of images, or of samples of another kind.
  public var sampleCount: Int
  /// The outputs that both models have, each judged in its own way; the first decides the verdict.
  public var outputs: [Output] = []
  /// The share of images whose best score in the reference is the label's, 0…1; not a number where
  /// the first output is none of a classifier, or nothing is labelled. Then the counts below are 0,
  /// the intervals 0…1, matrices and `flips` empty: `outputs` has what there is to say.
  public var floatTop1: Double
  /// The same of the candidate.
  public var int8Top1: Double
  /// The 95 % Wilson interval of `floatTop1`.
  public var floatTop1Interval: WilsonInterval
  /// The 95 % Wilson interval of `int8Top1`.
  public var int8Top1Interval: WilsonInterval
  /// The share of images for which both name the same class, 0…1; of other outputs what
  /// `Output.agreement` is.
  public var agreement: Double
  /// The images that the float model has right and the int8 model wrong.
  public var rightToWrong: Int
  /// The images that the float model has wrong and the int8 model right.
  public var wrongToRight: Int
  /// McNemar's test: the probability of flips at least this one-sided if both were equally good.
  public var significance: McNemarTest
  /// The classes' names by index; empty when unknown.
  public var classNames: [String]
  /// The confusion matrix of the reference: row by label, column by prediction, row-major,
  /// `classCount²` entries.
  public var floatConfusion: [Int]
  /// The confusion matrix of the candidate.
  public var int8Confusion: [Int]
  /// The int8 less the float counts.
  public var confusionDifference: [Int]
  /// The images that the two classify differently, the most surprising (largest float margin)
  /// first.
  public var flips: [Flip]
  /// The reference's margins, of flips and of all other images.
  public var margins: Margins
  /// The layers: `input` first when the model takes images, then the operators in execution order.
  public var layers: [Layer]
  /// The operators of both models and their connections; nil of shards of an older Octet.
  public var network: Network?
  /// What the layers make of the worst samples, in both models.
  public var insides: [Inside] = []
  /// The number of images that local errors and the error split were taken on: evenly spread over
  /// the set.
  public var localSampleCount: Int
  /// The accuracy with each layer quantized alone, and with all but it; nil unless asked for.
  public var sensitivity: Sensitivity?
  /// The smallest set of layers that costs what is lost; nil unless asked for.
  public var bisection: Bisection?
  /// The bytes, multiply-adds and times of both models.
  public var cost: Cost
  /// The changes since an earlier run; nil unless asked for.
  public var baseline: BaselineComparison?
  /// The comparison with a board; nil unless asked for.
  public var board: BoardComparison?
  /// What it takes to get the same figures again.
  public var reproduce: Reproduce
  /// What merges with other shards; nil for a whole run.
  public var shard: DiffShard?
  /// The time that the comparison took; of shards their sum.
  public var seconds: Double

  /// The size of the confusion matrices.
  public var classCount: Int { Int(Double(floatConfusion.count).squareRoot().rounded()) }
}

extension DiffReport {
  /// What a layer suffers from; `healthy` when nothing stands out.
  public enum Condition: String, Codable, Sendable, CaseIterable {
    case healthy
    /// Another operation, another window, or an activation more or less than in the reference.
    case differentStructure
    /// Values lie outside what the codes reach.
    case clipped
    /// The codes reach much farther than the values, so few codes are used.
    case wastedRange
    /// A channel is constant in int8 though it varies in float.
    case deadChannel
    /// One channel is so much larger than the others that it takes the codes from them.
    case outlierChannel
    /// Biases are missing or differ from the float model's.
    case biasWrong
    /// Weights are not those of the float model.
    case weightsWrong
    /// Pixels become other real values than the float model is fed.
    case inputNormalization
    /// A zero point is not the one that the codes were made with.
    case zeroPointWrong
    /// Two arithmetics round differently; nothing is wrong with either.
    case otherRounding
    /// Nothing is wrong but eight bits: the steps are too coarse for this layer.
    case coarseSteps

    /// A few words for tables: `wasted range`.
    public var title: String {
      switch self {
      case .healthy: "healthy"
      case .differentStructure: "other structure"
      case .clipped: "clipped"
      case .wastedRange: "wasted range"
      case .deadChannel: "dead channel"
      case .outlierChannel: "outlier channel"
      case .biasWrong: "biases wrong"
      case .weightsWrong: "weights wrong"
      case .inputNormalization: "wrong input normalisation"
      case .zeroPointWrong: "zero point wrong"
      case .otherRounding: "other rounding"
      case .coarseSteps: "coarse steps"
      }
    }
  }

  /// The answer of a comparison.
  public struct Verdict: Codable, Sendable, Equatable {
    /// A sentence for a manager: is the accuracy kept, and can one rely on it?
    public var summary: String
    /// A sentence for an engineer: the layer, what is wrong with it, and what to do.
    public var action: String
    /// The condition of the layer most to blame; `healthy` when none is.
    public var kind: Condition
    /// What went wrong there, by name; nil when none is to blame, and where only the condition is
    /// known.
    public var cause: Cause?
    /// The layer most to blame; nil when all are healthy.
    public var layer: String?
    /// The channel at fault, where one is.
    public var channel: Int?
    /// The advice for that layer: one clause, empty when all are healthy.
    public var remedy: String
    /// The other damaged layers, the worst first.
    public var others: [Blame]

    /// A layer and what is wrong with it.
    public struct Blame: Codable, Sendable, Equatable {
      /// The layer's name.
      public var layer: String
      /// What it suffers from.
      public var kind: Condition
      /// What went wrong, by name; nil where only the condition is known.
      public var cause: Cause?
      /// The figures behind it: one clause.
      public var detail: String
      /// The advice: one clause.
      public var remedy: String
    }
  }

  /// The two models that were compared.
  public struct Comparison: Codable, Sendable, Equatable {
    /// The model that is taken to be right, usually float.
    public var reference: Side
    /// The model that is judged, usually int8.
    public var candidate: Side

    package init(reference: Side, candidate: Side) {
      self.reference = reference
      self.candidate = candidate
    }

    /// The words for the two: their arithmetic where it differs, otherwise `first` and `second`.
    package var names: (reference: String, candidate: String) {
      reference.arithmetic == candidate.arithmetic
        ? ("first", "second") : (reference.arithmetic, candidate.arithmetic)
    }

    /// One of the two models.
    public struct Side: Codable, Sendable, Equatable {
      /// The file as the user named it; empty when unknown.
      public var file: String
      /// `float` or `int8`.
      public var arithmetic: String

      package init(file: String, arithmetic: String) {
        self.file = file
        self.arithmetic = arithmetic
      }
    }
  }
}

extension DiffReport {
  /// The layer most to blame: the verdict's, otherwise the one with the lowest judged
  /// signal-to-noise ratio.
  public var worstLayer: Layer? {
    layers.first { $0.name == verdict.layer }
      ?? layers.min { $0.judgedDecibels < $1.judgedDecibels }
  }

  /// Float less int8 accuracy, from whole images: the difference of the two shares would be a
  /// little off, so that a drop of exactly the allowed size failed.
  public var accuracyDrop: Double {
    let count = Double(sampleCount)
    return count == 0 ? 0 : ((floatTop1 - int8Top1) * count).rounded() / count
  }
}
