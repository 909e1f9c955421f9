/// Bytes `offset ..< offset + byteCount` of the arena, taken from operator `firstUse` to `lastUse`.
public struct ArenaPlacement: Codable, Sendable, Equatable {
  /// The tensor's name, or `scratch of` an operator's.
  public var name: String
  public var offset: Int
  public var byteCount: Int
  /// Indices of operators in execution order, both included.
  public var firstUse: Int
  public var lastUse: Int

  package init(name: String, offset: Int, byteCount: Int, firstUse: Int, lastUse: Int) {
    self.name = name
    self.offset = offset
    self.byteCount = byteCount
    self.firstUse = firstUse
    self.lastUse = lastUse
  }
}
