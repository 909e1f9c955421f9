extension DiffReport {
  /// One operator's output in both models, or the `input`.
  public struct Layer: Encodable, Sendable {
    /// The operator's name in the candidate, or `input`; no two layers share one.
    public var name: String
    /// The operation, such as `convolution`; `input` of the input.
    public var `operator`: String
    /// The candidate's tensor.
    public var tensor: String
    /// The reference's tensor.
    public var floatTensor: String
    /// The tensor's shape, without a batch but of 1.
    public var shape: [Int]
    /// The step of the candidate's codes; 0 when the candidate is a float model.
    public var scale: Float
    /// The code that stands for 0.
    public var zeroPoint: Int
    /// The codes' type, `int8` or `int16`; nil when the candidate is a float model.
    public var elementType: String?

    // As it runs, with the errors of all layers before.

    /// The signal over the error, in dB; infinite without any error.
    public var sqnrDecibels: Double
    /// The same of the model's class scores, as far as they can be seen: scores that lie so far
    /// under the best that their probability is below 2⁻¹⁶ are raised to that line in both models,
    /// because `octet quantize` gives them no codes on purpose. Nil for other layers.
    public var visibleSqnrDecibels: Double?
    /// The visible scores' error in steps; nil for other layers.
    public var visibleRmseOverScale: Double?
    /// The largest difference of an element, in real values.
    public var maxAbsError: Double
    /// The root of the mean squared error, in steps: 1/√12 ≈ 0.289 when rounding this tensor is the
    /// only error.
    public var rmseOverScale: Double
    /// The cosine between the two tensors, −1…1; 1 when both point the same way.
    public var cosine: Double
    /// The share of the float values outside what the codes reach, 0…1.
    public var clippedShare: Double
    /// The share of the values at the lowest or highest code, 0…1.
    public var saturatedShare: Double
    /// The share of the 256 codes that never occur, 0…1; of int16 of 256 equal parts of the codes.
    public var neverUsedShare: Double

    /// The error with the layer's input exact: only what this layer itself does; nil where it
    /// cannot be cut out.
    public var local: LocalError?
    /// The sources of the local error; nil where it cannot be taken apart.
    public var split: ErrorSplit?
    /// The reason why it cannot; nil where it can, and of the input and of float candidates.
    public var splitNote: String?
    /// The float values beside the codes.
    public var range: GridUse
    /// The weights beside the reference's; nil for operators without weights.
    public var weights: Weights?
    /// The channels along the last axis of the output, at most 1,024.
    public var channels: [Channel]
    /// The gravest of what was found.
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

  /// The error of one layer on an exact input, in the figures of `Layer`.
  public struct LocalError: Codable, Sendable, Equatable {
    /// The signal over the error, in dB.
    public var sqnrDecibels: Double
    /// The root of the mean squared error, in steps.
    public var rmseOverScale: Double
    /// The cosine between the layer's result and the reference's.
    public var cosine: Double
    /// The largest difference of an element, in real values.
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

  /// The float values of a layer against the grid of its int8 codes.
  public struct GridUse: Codable, Sendable, Equatable {
    /// The smallest float value.
    public var floatLower: Double
    /// The largest float value.
    public var floatUpper: Double
    /// The real value of the first code; 0 when the candidate is a float model.
    public var gridLower: Double
    /// The real value of the last code; 0 when the candidate is a float model.
    public var gridUpper: Double
    /// The float values in bins that span both ranges.
    public var histogram: Histogram
    /// The number of times that each code −128…127 occurs, of int16 each 256th of the codes; empty
    /// when the candidate is a float model.
    public var codeCounts: [Int]
  }

  /// The weights of a layer by output channel, beside the float model's.
  public struct Weights: Codable, Sendable, Equatable {
    /// One entry an output channel.
    public var channels: [Channel]
    /// Whether the float model's weights could be set beside them.
    public var isCompared: Bool
    /// The cosine with the float model's weights, of the median channel; nil without any to
    /// compare.
    public var cosine: Double?
    /// A clause about weights that are the float model's in another order; nil for all others.
    public var order: String?
    /// All weights against the float model's; nil where their shapes differ.
    public var scatter: WeightScatter?
    /// The filters as pictures; of the first convolutions only.
    public var filters: Filters?

    package init(channels: [Channel], isCompared: Bool, cosine: Double?, order: String?) {
      self.channels = channels
      self.isCompared = isCompared
      self.cosine = cosine
      self.order = order
    }

    /// The weights and the bias of one output channel, as real values.
    public struct Channel: Codable, Sendable, Equatable {
      /// The smallest float weight; nil when the float weights could not be found.
      public var floatLower: Float?
      /// The largest float weight.
      public var floatUpper: Float?
      /// The smallest int8 weight.
      public var int8Lower: Float
      /// The largest int8 weight.
      public var int8Upper: Float
      /// The step of the codes.
      public var scale: Float
      /// The int8 weights' size over the float weights' along them; 1 when right, nil when unknown.
      public var gain: Double?
      /// The float bias; nil when unknown.
      public var floatBias: Float?
      /// The int32 bias.
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

  /// The values of one channel of an activation, with the layer's input exact.
  public struct Channel: Codable, Sendable, Equatable {
    /// The smallest float value.
    public var floatLower: Double
    /// The largest float value.
    public var floatUpper: Double
    /// The smallest value in int8.
    public var int8Lower: Double
    /// The largest value in int8.
    public var int8Upper: Double
    /// The signal over the error, in dB.
    public var sqnrDecibels: Double
  }

  /// A thing that is wrong with a layer.
  public struct Finding: Codable, Sendable, Equatable {
    /// The kind of fault.
    public var kind: Condition
    /// The figures behind it: one clause.
    public var detail: String
    /// The advice: one clause.
    public var remedy: String
    /// The channel at fault; nil where it is the whole layer.
    public var channel: Int?
    /// The cost in dB, roughly; from 100 up it is wrong whatever it costs.
    public var severity: Double
    /// Whether the verdict names it even when the accuracy has not suffered.
    public var isDefinite: Bool
    /// What went wrong, by name; nil where only the kind is known.
    public var cause: Cause?
  }
}
