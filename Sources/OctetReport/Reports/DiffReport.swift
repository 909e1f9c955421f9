import OctetModel

/// What `octet diff` finds: the float model against the int8 model on the same images.
public struct DiffReport: Encodable, Sendable {
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
  /// Row by label, column by prediction, row-major: int8 less float counts.
  public var confusionDifference: [Int]
  public var flips: [Flip]
  /// In execution order; errors as they accumulate through the network.
  public var layers: [Layer]
  public var seconds: Double

  /// An image that the two models classify differently.
  public struct Flip: Encodable, Sendable {
    /// In the test set.
    public var index: Int
    public var label: Int
    public var floatPrediction: Int
    public var int8Prediction: Int
    /// The float model's best score less its second best.
    public var floatMargin: Float
  }

  /// One operator's output against the float model's tensor.
  public struct Layer: Encodable, Sendable {
    public var name: String
    public var `operator`: String
    public var tensor: String
    public var scale: Float
    public var zeroPoint: Int
    public var sqnrDecibels: Double
    public var maxAbsError: Double
    /// 1/√12 ≈ 0.289 when rounding this tensor is the only error.
    public var rmseOverScale: Double
    public var cosine: Double
    /// Share of the float values outside what the codes reach.
    public var clippedShare: Double
    /// Share of the values at the lowest or highest code.
    public var saturatedShare: Double
    /// Share of the 256 codes that never occur.
    public var neverUsedShare: Double
  }
}

extension DiffReport {
  /// The layer with the lowest signal-to-noise ratio.
  public var worstLayer: Layer? { layers.min { $0.sqnrDecibels < $1.sqnrDecibels } }
}
