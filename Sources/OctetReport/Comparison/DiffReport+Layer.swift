extension DiffReport {
  /// One operator's output in both models, or the `input`.
  public struct Layer: Encodable, Sendable {
    public var name: String
    public var `operator`: String
    public var tensor: String
    /// The reference's tensor.
    public var floatTensor: String
    public var shape: [Int]
    /// Of the candidate's codes; 0 when the candidate is a float model.
    public var scale: Float
    public var zeroPoint: Int

    // As it runs, with the errors of all layers before.

    public var sqnrDecibels: Double
    /// Of the model's class scores: with scores that lie so far under the best that their
    /// probability is below 2⁻¹⁶ raised to that line in both models, because `octet quantize` gives
    /// them no codes on purpose. Nil for other layers.
    public var visibleSqnrDecibels: Double?
    /// The same in steps; nil for other layers.
    public var visibleRmseOverScale: Double?
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

    /// With its input exact: only what this layer itself does; nil where it cannot be cut out.
    public var local: LocalError?
    /// Where the local error comes from; nil where it cannot be taken apart.
    public var split: ErrorSplit?
    /// Why it cannot; nil where it can, and of the input and of float candidates.
    public var splitNote: String?
    public var range: GridUse
    /// Nil for operators without weights.
    public var weights: Weights?
    /// By the last axis of the output, at most `channelLimit`.
    public var channels: [Channel]
    public var condition: Condition
    /// The sentence behind the condition: `codes reach 16.3 times farther than the values`.
    public var finding: String
    /// What to do about it; empty when healthy.
    public var remedy: String
    /// All that was found, the gravest first; `condition` is the first.
    public var findings: [Finding]

    package static let channelLimit = 1024
    /// The name and the operator of the layer that is the model's input.
    package static let inputName = "input"

    /// The signal-to-noise ratio that gates and verdicts use: that of the visible scores where
    /// there is one.
    public var judgedDecibels: Double { visibleSqnrDecibels ?? sqnrDecibels }
  }

  public struct LocalError: Codable, Sendable, Equatable {
    public var sqnrDecibels: Double
    public var rmseOverScale: Double
    public var cosine: Double
    public var maxAbsError: Double
  }

  /// The local error's four sources, each as signal-to-noise ratio in dB (higher is better, `null`
  /// without any such error): f the operator in real numbers, w its float and ŵ its int8 weights, x
  /// its exact input, Q(x) the input's codes.
  public struct ErrorSplit: Codable, Sendable, Equatable {
    /// |f(x; ŵ) − f(x; w)|²
    public var weightRounding: Double
    /// |f(round x; ŵ) − f(x; ŵ)|², with the grid of the input continued beyond its ends.
    public var activationRounding: Double
    /// |f(Q(x); ŵ) − f(round x; ŵ)|² + |clamp − f(Q(x); ŵ)|² to the output's range.
    public var clipping: Double
    /// |int8 operator − clamp f(Q(x); ŵ)|²
    public var requantization: Double
  }

  /// Float values against the int8 grid.
  public struct GridUse: Codable, Sendable, Equatable {
    public var floatLower: Double
    public var floatUpper: Double
    /// The real values of codes −128 and 127; both 0 when the candidate is a float model.
    public var gridLower: Double
    public var gridUpper: Double
    /// Of the float values, in bins that span both ranges.
    public var histogram: Histogram
    /// How often each code −128…127 occurs in int8; empty when the candidate is a float model.
    public var codeCounts: [Int]
  }

  /// Weights by output channel.
  public struct Weights: Codable, Sendable, Equatable {
    public var channels: [Channel]
    /// Whether the float model's weights could be set beside them.
    public var isCompared: Bool
    /// Of the weights with the float model's, in the median channel; nil without any to compare.
    public var cosine: Double?
    /// A clause about weights that are the float model's in another order; nil for all others.
    public var order: String?

    package init(channels: [Channel], isCompared: Bool, cosine: Double?, order: String?) {
      self.channels = channels
      self.isCompared = isCompared
      self.cosine = cosine
      self.order = order
    }

    public struct Channel: Codable, Sendable, Equatable {
      /// Of the float weights; nil when they could not be found.
      public var floatLower: Float?
      public var floatUpper: Float?
      /// Of the int8 weights, as real values.
      public var int8Lower: Float
      public var int8Upper: Float
      public var scale: Float
      /// The int8 weights' size over the float weights' along them; 1 when right.
      public var gain: Double?
      public var floatBias: Float?
      public var int8Bias: Float?

      package init(
        floatLower: Float?, floatUpper: Float?, int8Lower: Float, int8Upper: Float, scale: Float,
        gain: Double?, floatBias: Float?, int8Bias: Float?
      ) {
        self.floatLower = floatLower
        self.floatUpper = floatUpper
        self.int8Lower = int8Lower
        self.int8Upper = int8Upper
        self.scale = scale
        self.gain = gain
        self.floatBias = floatBias
        self.int8Bias = int8Bias
      }
    }
  }

  /// One channel of an activation.
  public struct Channel: Codable, Sendable, Equatable {
    public var floatLower: Double
    public var floatUpper: Double
    public var int8Lower: Double
    public var int8Upper: Double
    public var sqnrDecibels: Double
  }

  public struct Finding: Codable, Sendable, Equatable {
    public var kind: Condition
    /// One clause.
    public var detail: String
    public var remedy: String
    public var channel: Int?
    /// Roughly the dB that it costs; from 100 up it is wrong whatever it costs.
    public var severity: Double
    /// Reported in the verdict even when the accuracy has not suffered.
    public var isDefinite: Bool
  }
}
