/// Where a board first departs from this machine, and why.
public struct BoardFinding: Codable, Sendable, Equatable {
  /// What is at fault.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The blob or the arena stands at an address that kernels cannot read from.
    case misaligned
    /// The library there reads an older format, or was built without an operator of this model.
    case oldLibrary
    /// A valid blob, but not this one.
    case otherModel
    /// The blob ends early, or only erased flash follows.
    case truncatedModel
    /// Bytes of the blob differ.
    case damagedModel
    /// The blob is right, and the library there refused it, or the arena.
    case refused
    /// What arrived as the model's input is not what was sent.
    case inputDamaged
    /// Something wrote into the arena: an operator reads other values than were made for it, or
    /// bytes change while one runs that does not write them.
    case memoryOverwritten
    /// The board answers up to an operator, and not while it runs.
    case stopped
    /// An operator made other values of the same input and the same weights.
    case wrongResult
  }

  /// What is at fault.
  public var kind: Kind
  /// The first wrong operator in the order of execution: of a damaged blob the first that uses what
  /// is damaged; nil where no single operator is concerned.
  public var operatorIndex: Int?
  /// Its name.
  public var layer: String?
  /// The tensor with the first wrong value: what the operator made, read, or its weights.
  public var tensor: String?
  /// Whether everything that the operator reads was right; nil where it did not run.
  public var inputsMatch: Bool?
  /// The values that differ in the tensor; nil of weights, and where they could not be had.
  public var difference: TensorDifference?
  /// The first byte of the blob that differs, and the element of the weights that it belongs to.
  public var blobOffset: Int?
  /// The element within `tensor` of a damaged blob; nil outside of weights.
  public var element: Int?
  /// The byte of the blob that is expected there.
  public var expectedByte: Int?
  /// The byte that the board has there; nil where it has none.
  public var actualByte: Int?
  /// The first and the last byte of the arena that differ, or that change though they should not.
  public var arenaRange: [Int]?
  /// Whether a second run gave the same wrong bytes; nil where nothing ran.
  public var isRepeatable: Bool?
  /// The sentence: where, and what.
  public var summary: String
  /// What it is most likely to come from, the likeliest first.
  public var reasons: [String]

  package init(_ kind: Kind, summary: String, reasons: [String] = []) {
    self.kind = kind
    self.summary = summary
    self.reasons = reasons
  }

  /// The sentence and the reasons, a line each.
  public var text: String {
    ([summary] + (difference.map { [$0.text] } ?? []) + reasons.map { "likely: \($0)" })
      .joined(separator: "\n")
  }
}
