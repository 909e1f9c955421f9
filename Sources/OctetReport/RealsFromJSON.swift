// Real numbers of shards. JSON has no infinity and no NaN: what is not finite is written as `null`,
// and decoding, also that which the compiler writes, comes here for it.

extension KeyedDecodingContainer {
  /// The number at a key; NaN for `null`.
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    if try decodeNil(forKey: key) { return .nan }
    return try decodeIfPresent(type, forKey: key) ?? .nan
  }

  /// The numbers at a key; NaN for each `null`.
  func decode(_ type: [Float].Type, forKey key: Key) throws -> [Float] {
    try decode([Float?].self, forKey: key).map { $0 ?? .nan }
  }
}
