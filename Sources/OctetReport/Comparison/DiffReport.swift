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
  /// The number of images.
  public var sampleCount: Int
  /// The share of images whose best score in the reference is the label's, 0…1.
  public var floatTop1: Double
  /// The same of the candidate.
  public var int8Top1: Double
  /// The 95 % Wilson interval of `floatTop1`.
  public var floatTop1Interval: WilsonInterval
  /// The 95 % Wilson interval of `int8Top1`.
  public var int8Top1Interval: WilsonInterval
  /// The share of images for which both name the same class, 0…1.
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
  /// The number of images that local errors and the error split were taken on: evenly spread over
  /// the set.
  public var localSampleCount: Int
  /// The accuracy with each layer quantized alone, and with all but it; nil unless asked for.
  public var sensitivity: Sensitivity?
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

  /// The answer of a comparison.
  public struct Verdict: Codable, Sendable, Equatable {
    /// A sentence for a manager: is the accuracy kept, and can one rely on it?
    public var summary: String
    /// A sentence for an engineer: the layer, what is wrong with it, and what to do.
    public var action: String
    /// The condition of the layer most to blame; `healthy` when none is.
    public var kind: Condition
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
      /// The figures behind it: one clause.
      public var detail: String
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

  /// The accuracy when single layers are quantized, or left in float.
  public struct Sensitivity: Codable, Sendable, Equatable {
    /// The number of images swept.
    public var sampleCount: Int
    /// The reference's accuracy on them, 0…1.
    public var floatTop1: Double
    /// The candidate's accuracy on them, 0…1.
    public var int8Top1: Double
    /// One entry a layer of the report, in the same order.
    public var layers: [Layer]

    package init(sampleCount: Int, floatTop1: Double, int8Top1: Double, layers: [Layer]) {
      self.sampleCount = sampleCount
      self.floatTop1 = floatTop1
      self.int8Top1 = int8Top1
      self.layers = layers
    }

    /// One layer, both ways.
    public struct Layer: Codable, Sendable, Equatable {
      /// The layer's name.
      public var name: String
      /// The accuracy with only this layer quantized; nil where it cannot be cut out.
      public var onlyThis: Double?
      /// The accuracy with all but this layer quantized; nil where it cannot be cut out.
      public var allButThis: Double?

      package init(name: String, onlyThis: Double?, allButThis: Double?) {
        self.name = name
        self.onlyThis = onlyThis
        self.allButThis = allButThis
      }
    }
  }

  /// What the two models take.
  public struct Cost: Codable, Sendable, Equatable {
    /// The reference's totals.
    public var float: Model
    /// The candidate's totals.
    public var int8: Model
    /// The cost of each operator of the candidate.
    public var layers: [Layer]
    /// Every activation and scratch area in the arena, in order of first use; empty for a float
    /// candidate.
    public var arena: [ArenaPlacement]

    package init(float: Model, int8: Model, layers: [Layer], arena: [ArenaPlacement]) {
      self.float = float
      self.int8 = int8
      self.layers = layers
      self.arena = arena
    }

    /// The totals of one model.
    public struct Model: Codable, Sendable, Equatable {
      /// The size of the file; nil when the model was not read from one.
      public var fileByteCount: Int?
      /// Bytes of weights and biases.
      public var weightByteCount: Int
      /// Bytes of the arena; of a float model all activations at once, which is what the
      /// interpreter takes.
      public var activationByteCount: Int
      /// Multiply-adds of one inference.
      public var macCount: Int
      /// The time of one inference on this machine; nil when not measured.
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

    /// The cost of one operator.
    public struct Layer: Codable, Sendable, Equatable {
      /// The operator's name.
      public var name: String
      /// The operation, such as `convolution`.
      public var `operator`: String
      /// Multiply-adds of one inference.
      public var macCount: Int
      /// Bytes of weights and biases.
      public var weightByteCount: Int
      /// The time in real numbers; nil when not measured.
      public var floatNanoseconds: Double?
      /// The time in int8; nil when not measured.
      public var int8Nanoseconds: Double?

      package init(name: String, operator: String, macCount: Int, weightByteCount: Int) {
        self.name = name
        self.operator = `operator`
        self.macCount = macCount
        self.weightByteCount = weightByteCount
      }
    }
  }

  /// The changes since an earlier run.
  public struct BaselineComparison: Codable, Sendable, Equatable {
    /// The earlier run's JSON file.
    public var file: String
    /// The float accuracy now less then; nil when the file has none.
    public var floatTop1Change: Double?
    /// The int8 accuracy now less then.
    public var int8Top1Change: Double?
    /// The agreement now less then.
    public var agreementChange: Double?
    /// The layers that both runs have.
    public var layers: [Layer]
    /// What got worse: sentences, the worst first.
    public var worse: [String]

    /// One layer then and now.
    public struct Layer: Codable, Sendable, Equatable {
      /// The layer's name.
      public var name: String
      /// The judged signal-to-noise ratio then, in dB; nil when it was infinite or unknown.
      public var sqnrDecibelsThen: Double?
      /// The judged signal-to-noise ratio now.
      public var sqnrDecibelsNow: Double?
      /// The condition then; nil when the file has none.
      public var conditionThen: Condition?
      /// The condition now.
      public var conditionNow: Condition
    }
  }

  /// The same blob and images on a board, byte for byte.
  public struct BoardComparison: Codable, Sendable, Equatable {
    /// The board's name.
    public var board: String
    /// The number of images run there.
    public var sampleCount: Int
    /// Whether all output bytes are this machine's.
    public var outputsMatchHost: Bool
    /// Whether every layer's CRC-32 in the self-test was right.
    public var selfTestPassed: Bool
    /// The first image whose bytes differ; nil when none does.
    public var differingSampleIndex: Int?
    /// The first operator whose bytes differ; nil when none does.
    public var differingLayer: String?
    /// A clause about that operator.
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

  /// What it takes to get the same figures again.
  public struct Reproduce: Codable, Sendable, Equatable {
    /// The command line as it was typed.
    public var command: String
    /// The versions of what took part, by name.
    public var versions: [String: String]
    /// The CRC-32 of each file or part as eight hexadecimal digits, by name.
    public var checksums: [String: String]
    /// Nil, since nothing is drawn by chance; kept so that readers need not guess.
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
