// What can be done to a model beside choosing ranges, each by itself or chosen by its outcome.

/// Whether channels are brought to one range across layers before anything is quantized.
public enum Equalization: String, Sendable, CaseIterable {
  /// Whichever of the others gives the least error of the network's outputs on samples held back.
  case automatic = "auto"
  /// Channels stay as they are.
  case none
  /// Each channel is divided by a factor and what reads it multiplied, so that weights before and
  /// after have one range.
  case crossLayer = "cross-layer"
  /// The same, and what a channel always exceeds goes into the bias of the layer after it.
  case absorbing = "absorb"
}

/// How biases make good for what rounded weights change on the average.
public enum BiasCorrection: String, Sendable, CaseIterable {
  /// What does best on most networks: `data`.
  case automatic = "auto"
  /// Biases are rounded as they are.
  case none
  /// The mean of each layer's output on the calibration samples, in float less in int8.
  case data
  /// The same from the mean that batch normalization gives each layer's input; layers without one
  /// stay.
  case analytic
}

/// How weights become codes.
public enum Rounding: String, Sendable, CaseIterable {
  /// For each layer whichever of the others errs least on samples held back.
  case automatic = "auto"
  /// The nearest code.
  case nearest
  /// One after the other, each weight's error made good by those after it.
  case errorFeedback = "error-feedback"
  /// Up or down as the layer's output on quantized inputs is nearest to the float layer's.
  case adaptive = "adaround"
}
