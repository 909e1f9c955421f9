/// Blocks of memory with lifetimes, to be placed in one arena.
package struct ArenaProblem: Sendable {
  package struct Block: Sendable, Equatable {
    package var byteCount: Int
    /// Operators between which the block is in use, both included.
    package var firstUse: Int
    package var lastUse: Int
    /// The offset is a multiple of it.
    package var alignment: Int

    package init(byteCount: Int, firstUse: Int, lastUse: Int, alignment: Int) {
      self.byteCount = byteCount
      self.firstUse = firstUse
      self.lastUse = lastUse
      self.alignment = alignment
    }
  }

  /// An operator's input that may share memory with its output when it starts at least `distance`
  /// bytes after it: output rows then only overwrite input rows that are no longer needed.
  package struct Overlap: Sendable, Hashable {
    package var output: Int
    package var input: Int
    package var distance: Int

    package init(output: Int, input: Int, distance: Int) {
      self.output = output
      self.input = input
      self.distance = distance
    }
  }

  /// Blocks that are best placed inside another: the inputs of a concatenation in its output.
  package struct Join: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
      package var block: Int
      /// The part's first byte, counted from the whole's.
      package var offset: Int

      package init(block: Int, offset: Int) {
        self.block = block
        self.offset = offset
      }
    }

    package var whole: Int
    /// Apart from each other, each within the whole and last used where the whole is first.
    package var parts: [Part]
    /// They lie there whatever the arena grows to, and may live on after the whole.
    package var isRequired: Bool

    package init(whole: Int, parts: [Part], isRequired: Bool = false) {
      self.whole = whole
      self.parts = parts
      self.isRequired = isRequired
    }
  }

  package var blocks: [Block]
  package var overlaps: [Overlap]
  /// Those of parts before those of the wholes that they are parts of.
  package var joins: [Join]

  package init(blocks: [Block], overlaps: [Overlap], joins: [Join] = []) {
    self.blocks = blocks
    self.overlaps = overlaps
    self.joins = joins
  }

  func conflict(_ a: Int, _ b: Int) -> Bool {
    blocks[a].firstUse <= blocks[b].lastUse && blocks[b].firstUse <= blocks[a].lastUse
  }
}

/// Where each block lies.
package struct ArenaPlan: Sendable, Equatable {
  package var offsets: [Int]
  package var byteCount: Int
  package var lowerBoundByteCount: Int
  /// No smaller plan exists: the search was exhaustive or met the lower bound.
  package var isOptimal: Bool
}
