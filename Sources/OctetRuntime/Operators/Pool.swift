/// What max and average pools share: their windows, and the walk over them.
package struct Pool {
  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    case strideHeight
    case strideWidth
    case dilationHeight
    case dilationWidth
    case paddingTop
    case paddingLeft
    case kernelHeight
    case kernelWidth
    case lower
    case upper
    /// How halves are rounded, in average pools alone: 1 to even, 0 away from zero.
    case roundsToEven
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  private static let rowWords = Window.Words(
    kernel: Word.kernelHeight, stride: Word.strideHeight, dilation: Word.dilationHeight,
    padding: Word.paddingTop)
  private static let columnWords = Window.Words(
    kernel: Word.kernelWidth, stride: Word.strideWidth, dilation: Word.dilationWidth,
    padding: Word.paddingLeft)

  var rows: Window {
    Window(view, Self.rowWords, input: input.height, output: output.height)
  }
  var columns: Window {
    Window(view, Self.columnWords, input: input.width, output: output.width)
  }

  func validate() throws(ModelError) {
    try view.require(input.batch == output.batch && input.channels == output.channels)
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
  }

  /// Walking a row of taps takes as long as several of them.
  var demand: Demand {
    Demand(
      partCount: output.elementCount,
      stepCount: 2 &* rows.reach &* (columns.reach &+ 4) &+ 16)
  }

  var overlapDistance: Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(
      inputRow: input.rowByteCount, outputRow: output.rowByteCount)
  }

  /// The real pixels under one window: `rowCount` × `columnCount`, the first at `pixel`.
  @safe struct Pixels<Element: TensorElement> {
    // Safety: the taps lie inside the input, so every pixel does.
    let pixel: UnsafePointer<Element>
    let rowCount: Int
    let columnCount: Int
    /// Elements between the pixels of neighbouring taps.
    let rowStep: Int
    let columnStep: Int

    init(
      pixel: UnsafePointer<Element>, rowCount: Int, columnCount: Int, rowStep: Int, columnStep: Int
    ) {
      unsafe self.pixel = pixel
      self.rowCount = rowCount
      self.columnCount = columnCount
      self.rowStep = rowStep
      self.columnStep = columnStep
    }

    var count: Int { rowCount &* columnCount }

    /// Calls `body` with the first pixel of each row; it has `columnCount`.
    @inline(__always)
    func forEachRow(_ body: (UnsafePointer<Element>) -> Void) {
      for row in 0..<rowCount { unsafe body(pixel + row &* rowStep) }
    }
  }

  /// Calls `body` for each output pixel in order, with its window, where its channels go and their
  /// number.
  @inline(__always)
  func forEachWindow<Element: TensorElement>(
    _ context: OperatorContext, of _: Element.Type,
    _ body: (Pixels<Element>, UnsafeMutablePointer<Element>, Int) -> Void
  ) {
    let rows = rows
    let columns = columns
    let channels = input.channels
    let rowCount = input.width &* channels
    var target = unsafe context.output(0, as: Element.self)
    for batch in 0..<input.batch {
      let source =
        unsafe context.input(0, as: Element.self) + batch &* input.height &* rowCount
      for row in 0..<output.height {
        let rowTaps = rows.taps(row)
        for column in 0..<output.width {
          let columnTaps = columns.taps(column)
          var pixel = unsafe source
          // An empty window has no pixel to point at.
          if !rowTaps.isEmpty, !columnTaps.isEmpty {
            let y = rows.start(row) &+ rowTaps.lowerBound &* rows.dilation
            let x = columns.start(column) &+ columnTaps.lowerBound &* columns.dilation
            unsafe pixel += y &* rowCount &+ x &* channels
          }
          let window = unsafe Pixels(
            pixel: pixel, rowCount: rowTaps.count, columnCount: columnTaps.count,
            rowStep: rows.dilation &* rowCount, columnStep: columns.dilation &* channels)
          unsafe body(window, target, channels)
          unsafe target += channels
        }
      }
    }
  }
}
