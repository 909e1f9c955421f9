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
