/// A part of a comparison with everything that is needed to put the parts together.
public struct DiffShard: Codable, Sendable {
  /// From 1 to `count`.
  public var index: Int
  public var count: Int
}
