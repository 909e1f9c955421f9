// Real numbers of shards, which JSON writes as `null` where they are not finite.

extension KeyedDecodingContainer {
  /// NaN for `null`.
  fileprivate func real(_ key: Key) throws -> Float {
    try decodeIfPresent(Float.self, forKey: key) ?? .nan
  }

  fileprivate func reals(_ key: Key) throws -> [Float] {
    try decode([Float?].self, forKey: key).map { $0 ?? .nan }
  }
}

extension DiffReport.Flip {
  enum CodingKeys: String, CodingKey {
    case index, label, floatPrediction, int8Prediction, floatMargin, int8Margin, floatScores
    case int8Scores, picture
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    index = try container.decode(Int.self, forKey: .index)
    label = try container.decode(Int.self, forKey: .label)
    floatPrediction = try container.decode(Int.self, forKey: .floatPrediction)
    int8Prediction = try container.decode(Int.self, forKey: .int8Prediction)
    floatMargin = try container.real(.floatMargin)
    int8Margin = try container.real(.int8Margin)
    floatScores = try container.reals(.floatScores)
    int8Scores = try container.reals(.int8Scores)
    picture = try container.decodeIfPresent(DiffReport.Picture.self, forKey: .picture)
  }
}

extension DiffReport.Weights.Channel {
  enum CodingKeys: String, CodingKey {
    case floatLower, floatUpper, int8Lower, int8Upper, scale, gain, floatBias, int8Bias
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    floatLower = try container.decodeIfPresent(Float.self, forKey: .floatLower)
    floatUpper = try container.decodeIfPresent(Float.self, forKey: .floatUpper)
    int8Lower = try container.real(.int8Lower)
    int8Upper = try container.real(.int8Upper)
    scale = try container.real(.scale)
    gain = try container.decodeIfPresent(Double.self, forKey: .gain)
    floatBias = try container.decodeIfPresent(Float.self, forKey: .floatBias)
    int8Bias = try container.decodeIfPresent(Float.self, forKey: .int8Bias)
  }
}
