import Foundation

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
  public var sampleCount: Int
  /// Shares of images whose best score is the label's.
  public var floatTop1: Double
  public var int8Top1: Double
  /// 95 % Wilson intervals.
  public var floatTop1Interval: WilsonInterval
  public var int8Top1Interval: WilsonInterval
  /// The share of images for which both name the same class.
  public var agreement: Double
  /// Images that the float model has right and the int8 model wrong, and the other way round.
  public var rightToWrong: Int
  public var wrongToRight: Int
  /// McNemar's test: the probability of flips at least this one-sided if both were equally good.
  public var significance: McNemarTest
  public var classNames: [String]
  /// Row by label, column by prediction, row-major, `classCount²` entries.
  public var floatConfusion: [Int]
  public var int8Confusion: [Int]
  /// int8 less float counts.
  public var confusionDifference: [Int]
  /// Every image that the two classify differently, the most surprising (largest float margin)
  /// first.
  public var flips: [Flip]
  public var margins: Margins
  /// `input` first when the model takes images, then the operators in execution order.
  public var layers: [Layer]
  /// Images that local errors and the error split were taken on: evenly spread over the set.
  public var localSampleCount: Int
  /// Nil unless asked for.
  public var sensitivity: Sensitivity?
  public var cost: Cost
  /// Against an earlier run; nil unless asked for.
  public var baseline: BaselineComparison?
  /// Against a board; nil unless asked for.
  public var board: BoardComparison?
  public var reproduce: Reproduce
  /// What merges with other shards; nil for a whole run.
  public var shard: DiffShard?
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
      case .coarseSteps: "coarse steps"
      }
    }
  }

  public struct Verdict: Codable, Sendable, Equatable {
    /// For a manager: is the accuracy kept, and can one rely on it?
    public var summary: String
    /// For an engineer: the layer, what is wrong with it, and what to do.
    public var action: String
    public var kind: Condition
    /// The layer most to blame; nil when all are healthy.
    public var layer: String?
    /// The channel at fault, where one is.
    public var channel: Int?
    public var remedy: String
    /// Other damaged layers, the worst first.
    public var others: [Blame]

    /// A layer and what is wrong with it.
    public struct Blame: Codable, Sendable, Equatable {
      public var layer: String
      public var kind: Condition
      /// One clause.
      public var detail: String
    }
  }

  public struct Comparison: Codable, Sendable, Equatable {
    public var reference: Side
    public var candidate: Side

    package init(reference: Side, candidate: Side) {
      self.reference = reference
      self.candidate = candidate
    }

    public struct Side: Codable, Sendable, Equatable {
      /// As the user named it.
      public var file: String
      /// `float` or `int8`.
      public var arithmetic: String

      package init(file: String, arithmetic: String) {
        self.file = file
        self.arithmetic = arithmetic
      }
    }
  }

  /// An image that the two models classify differently.
  public struct Flip: Codable, Sendable, Equatable {
    /// In the test set.
    public var index: Int
    public var label: Int
    public var floatPrediction: Int
    public var int8Prediction: Int
    /// The float model's best score less its second best: the larger, the more surprising.
    public var floatMargin: Float
    public var int8Margin: Float
    /// One a class.
    public var floatScores: [Float]
    public var int8Scores: [Float]
    /// The picture, of the most surprising `pictureLimit` flips.
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

    public enum Outcome: String, Codable, Sendable {
      case rightToWrong, wrongToRight, wrongToWrong
    }
  }

  /// 8-bit pixels, row by row, channels last.
  public struct Picture: Codable, Sendable, Equatable {
    public var height: Int
    public var width: Int
    public var channelCount: Int
    /// Base64 in JSON.
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
    public var flips: Histogram
    public var others: Histogram

    package init(_ empty: Histogram) { (flips, others) = (empty, empty) }
  }

  public struct Sensitivity: Codable, Sendable, Equatable {
    public var sampleCount: Int
    public var floatTop1: Double
    public var int8Top1: Double
    public var layers: [Layer]

    package init(sampleCount: Int, floatTop1: Double, int8Top1: Double, layers: [Layer]) {
      self.sampleCount = sampleCount
      self.floatTop1 = floatTop1
      self.int8Top1 = int8Top1
      self.layers = layers
    }

    public struct Layer: Codable, Sendable, Equatable {
      public var name: String
      /// Accuracy with only this layer quantized; nil where the layer cannot be cut out.
      public var onlyThis: Double?
      /// Accuracy with all but this layer quantized.
      public var allButThis: Double?

      package init(name: String, onlyThis: Double?, allButThis: Double?) {
        self.name = name
        self.onlyThis = onlyThis
        self.allButThis = allButThis
      }
    }
  }

  public struct Cost: Codable, Sendable, Equatable {
    public var float: Model
    public var int8: Model
    /// By operator of the candidate.
    public var layers: [Layer]
    /// Every activation and scratch area in the arena, in order of first use.
    public var arena: [ArenaPlacement]

    package init(float: Model, int8: Model, layers: [Layer], arena: [ArenaPlacement]) {
      self.float = float
      self.int8 = int8
      self.layers = layers
      self.arena = arena
    }

    public struct Model: Codable, Sendable, Equatable {
      /// Nil when the model was not read from one file.
      public var fileByteCount: Int?
      public var weightByteCount: Int
      /// For a float model: all activations at once, which is what the interpreter takes.
      public var activationByteCount: Int
      public var macCount: Int
      /// Of one inference on this machine.
      public var nanoseconds: Double?

      package init(
        fileByteCount: Int?, weightByteCount: Int, activationByteCount: Int, macCount: Int
      ) {
        self.fileByteCount = fileByteCount
        self.weightByteCount = weightByteCount
        self.activationByteCount = activationByteCount
        self.macCount = macCount
      }
    }

    public struct Layer: Codable, Sendable, Equatable {
      public var name: String
      public var `operator`: String
      public var macCount: Int
      public var weightByteCount: Int
      public var floatNanoseconds: Double?
      public var int8Nanoseconds: Double?

      package init(name: String, operator: String, macCount: Int, weightByteCount: Int) {
        self.name = name
        self.operator = `operator`
        self.macCount = macCount
        self.weightByteCount = weightByteCount
      }
    }
  }

  /// What got worse since an earlier run.
  public struct BaselineComparison: Codable, Sendable, Equatable {
    public var file: String
    /// Now less then.
    public var floatTop1Change: Double?
    public var int8Top1Change: Double?
    public var agreementChange: Double?
    public var layers: [Layer]
    /// Sentences, the worst first; empty when nothing got worse.
    public var worse: [String]

    public struct Layer: Codable, Sendable, Equatable {
      public var name: String
      public var sqnrDecibelsThen: Double?
      public var sqnrDecibelsNow: Double?
      public var conditionThen: Condition?
      public var conditionNow: Condition
    }
  }

  public struct BoardComparison: Codable, Sendable, Equatable {
    public var board: String
    public var sampleCount: Int
    public var outputsMatchHost: Bool
    /// Every layer's CRC-32 in the self-test.
    public var selfTestPassed: Bool
    public var differingSampleIndex: Int?
    /// The first operator whose bytes differ.
    public var differingLayer: String?
    public var detail: String?

    package init(
      board: String, sampleCount: Int, outputsMatchHost: Bool, selfTestPassed: Bool,
      differingSampleIndex: Int?, differingLayer: String?, detail: String?
    ) {
      self.board = board
      self.sampleCount = sampleCount
      self.outputsMatchHost = outputsMatchHost
      self.selfTestPassed = selfTestPassed
      self.differingSampleIndex = differingSampleIndex
      self.differingLayer = differingLayer
      self.detail = detail
    }
  }

  public struct Reproduce: Codable, Sendable, Equatable {
    public var command: String
    public var versions: [String: String]
    /// CRC-32 as eight hexadecimal digits, by file or part.
    public var checksums: [String: String]
    /// Nothing is drawn by chance; kept so that readers need not guess.
    public var seed: UInt64?

    package init(command: String, versions: [String: String], checksums: [String: String]) {
      self.command = command
      self.versions = versions
      self.checksums = checksums
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
}

extension DiffReport {
  /// Float less int8 accuracy, from whole images: the difference of the two shares would be a
  /// little off, so that a drop of exactly the allowed size failed.
  public var accuracyDrop: Double {
    let count = Double(sampleCount)
    return count == 0 ? 0 : ((floatTop1 - int8Top1) * count).rounded() / count
  }
}
