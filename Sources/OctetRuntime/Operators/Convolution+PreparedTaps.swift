/// The order in which prepared weights of a convolution have its taps, by fours: those of each run,
/// which is a row of the kernel or, with dilation, a tap; then what is left of all runs, one or two
/// of each. Of a run with three left they are a four with a zero.
package struct PreparedTaps {
  package let runCount: Int
  package let runLength: Int
  /// Fours of a run, and values that are left of it.
  package let fourCount: Int
  package let looseCount: Int

  package init(_ view: OperatorRecord) { self.init(Convolution(view)) }

  init(_ layer: Convolution) {
    typealias Word = Convolution.Word
    let rows = layer.word(Word.kernelHeight)
    let width = layer.word(Word.kernelWidth)
    // One group, as in all that are prepared.
    let isRowRun = layer.word(Word.dilationWidth) == 1
    runCount = isRowRun ? rows : rows &* width
    runLength = isRowRun ? width &* layer.input.channels : layer.input.channels
    let rest = runLength & 3
    fourCount = (runLength &+ 1) &>> 2
    looseCount = rest < 3 ? rest : 0
  }

  /// Taps, those that are none included: a multiple of four.
  package var count: Int { 4 &* runCount &* fourCount &+ ((runCount &* looseCount &+ 3) & ~3) }

  /// The tap at each place; nil where there is none.
  package func tap(at place: Int) -> Int? {
    var loose = place &- 4 &* runCount &* fourCount
    if loose < 0 {
      let (run, index) = (place / (4 &* fourCount), place % (4 &* fourCount))
      return index < runLength ? run &* runLength &+ index : nil
    }
    // A word has values 0 and 2 of a four, or 1 and 3; what is left fills words.
    loose = loose & ~3 | (loose & 1) &<< 1 | (loose &>> 1) & 1
    guard loose < runCount &* looseCount else { return nil }
    let (run, index) = (loose / looseCount, loose % looseCount)
    return run &* runLength &+ 4 &* fourCount &+ index
  }
}

/// The order of taps of a convolution with a pool of 2 × 2 whose kernel rows are runs: words of
/// two, the fours of a row after one another, then a word of what is left, where that is one.
package struct WindowTaps {
  package let rowCount: Int
  private let runLength: Int
  /// Words of a kernel row.
  package let wordCount: Int
  /// Words, those of zeros at the end included: a multiple of 3.
  package let count: Int

  package init(_ view: OperatorRecord) { self.init(Convolution(view)) }

  init(_ layer: Convolution) {
    typealias Word = Convolution.Word
    rowCount = layer.word(Word.kernelHeight)
    runLength = layer.word(Word.kernelWidth) &* layer.input.channels
    wordCount = ((runLength &+ 2) &>> 2) &* 2 &+ (runLength & 3 == 1 ? 1 : 0)
    count = (rowCount &* wordCount &+ 2) / 3 &* 3
  }

  /// Bytes that the kernel needs behind the band.
  package var scratchByteCount: Int {
    16 &* (wordCount &+ max(count &+ 1, (rowCount &+ 1) &* wordCount))
  }

  /// The tap in half `half` of each word; nil where there is none.
  package func tap(word: Int, half: Int) -> Int? {
    let (row, place) = (word / wordCount, word % wordCount)
    let index = 4 &* (place / 2) &+ place % 2 &+ 2 &* half
    return row < rowCount && index < runLength ? row &* runLength &+ index : nil
  }
}
