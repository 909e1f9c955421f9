/// Blocks of memory with lifetimes, to be placed in one arena.
public struct ArenaProblem: Sendable {
  public struct Block: Sendable, Equatable {
    public var byteCount: Int
    /// Operators between which the block is in use, both included.
    public var firstUse: Int
    public var lastUse: Int
    /// The offset is a multiple of it.
    public var alignment: Int

    public init(byteCount: Int, firstUse: Int, lastUse: Int, alignment: Int) {
      self.byteCount = byteCount
      self.firstUse = firstUse
      self.lastUse = lastUse
      self.alignment = alignment
    }
  }

  /// An operator's input that may share memory with its output when it starts at least `distance`
  /// bytes after it: output rows then only overwrite input rows that are no longer needed.
  public struct Overlap: Sendable, Hashable {
    public var output: Int
    public var input: Int
    public var distance: Int

    public init(output: Int, input: Int, distance: Int) {
      self.output = output
      self.input = input
      self.distance = distance
    }
  }

  /// Blocks that are best placed inside another: the inputs of a concatenation in its output.
  public struct Join: Sendable, Hashable {
    public struct Part: Sendable, Hashable {
      public var block: Int
      /// From the start of the whole, in bytes.
      public var offset: Int

      public init(block: Int, offset: Int) {
        self.block = block
        self.offset = offset
      }
    }

    public var whole: Int
    /// Apart from each other, each within the whole and last used where the whole is first.
    public var parts: [Part]

    public init(whole: Int, parts: [Part]) {
      self.whole = whole
      self.parts = parts
    }
  }

  public var blocks: [Block]
  public var overlaps: [Overlap]
  /// Those of parts before those of the wholes that they are parts of.
  public var joins: [Join]

  public init(blocks: [Block], overlaps: [Overlap], joins: [Join] = []) {
    self.blocks = blocks
    self.overlaps = overlaps
    self.joins = joins
  }

  func conflict(_ a: Int, _ b: Int) -> Bool {
    blocks[a].firstUse <= blocks[b].lastUse && blocks[b].firstUse <= blocks[a].lastUse
  }

  /// No plan can be smaller: the most that is live at one operator, counting the most that each
  /// allowed overlap could save.
  public var lowerBound: Int {
    let last = blocks.map(\.lastUse).max() ?? 0
    var bound = 0
    for step in 0...last {
      let live = blocks.indices.filter { blocks[$0].firstUse <= step && step <= blocks[$0].lastUse }
      var total = live.reduce(0) { $0 + blocks[$1].byteCount }
      for overlap in overlaps where live.contains(overlap.output) && live.contains(overlap.input) {
        let output = blocks[overlap.output].byteCount
        let input = blocks[overlap.input].byteCount
        let together = max(output, overlap.distance + input)
        total -= max(0, output + input - together)
      }
      bound = max(bound, total)
    }
    return max(bound, blocks.map(\.byteCount).max() ?? 0)
  }
}

/// Where each block lies.
public struct ArenaPlan: Sendable, Equatable {
  public var offsets: [Int]
  public var byteCount: Int
  public var lowerBoundByteCount: Int
  /// No smaller plan exists: the search was exhaustive or met the lower bound.
  public var isOptimal: Bool
}
