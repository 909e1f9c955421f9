/// Bytes `offset ..< offset + byteCount` of the arena, taken from operator `firstUse` to `lastUse`.
public struct ArenaPlacement: Codable, Sendable, Equatable {
  /// The tensor's name, or `scratch of` an operator's.
  public var name: String
  /// The first byte in the arena.
  public var offset: Int
  /// The number of bytes.
  public var byteCount: Int
  /// The index of the first operator, in execution order, that needs them.
  public var firstUse: Int
  /// The index of the last operator that needs them.
  public var lastUse: Int

  package init(name: String, offset: Int, byteCount: Int, firstUse: Int, lastUse: Int) {
    self.name = name
    self.offset = offset
    self.byteCount = byteCount
    self.firstUse = firstUse
    self.lastUse = lastUse
  }
}
