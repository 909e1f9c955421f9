import OctetRuntime

/// A model that a program was built with: what `octet export --to swift` and the build-tool plugin
/// write is made of it, and nobody else needs it.
///
/// The build validated the blob and sized the arena, so nothing is checked again but the numbers of
/// values. Its functions for operators are called by name, so that only the kernels of operators
/// that the model has are linked.
@safe public struct LinkedModel: ~Copyable {
  // Safety: who makes one keeps the blob and the arena alive, and from others.
  let state: SessionState

  init(_ state: SessionState) { self.state = state }

  /// A model in a program without a heap.
  ///
  /// - Parameters:
  ///   - blob: bytes that `octet export` wrote, at an address that is a multiple of 4; they must
  ///     outlive the model.
  ///   - arena: the bytes that the blob asks for, at an address that is a multiple of 4; they must
  ///     outlive the model and belong to it alone.
  @unsafe public init(blob: UnsafeRawBufferPointer, arena: UnsafeMutableRawBufferPointer) {
    state = unsafe SessionState(unvalidated: blob, arena: arena.baseAddress!, .none)
  }

  /// Copies `values` into input `index`; as many as the input has, or the program stops.
  public mutating func setInput(_ index: Int, _ values: Span<Int8>) {
    let target = unsafe state.input(index)
    precondition(values.count == target.count, "the input takes another number of values")
    // Safety: both have as many.
    for position in values.indices { unsafe target[position] = values[unchecked: position] }
  }

  /// Writes the codes of `reals` into input `index`; as many as the input has, or the program
  /// stops.
  /// Real numbers beyond the codes become the nearest; NaN becomes the code of 0.
  public mutating func setInput(_ index: Int, _ reals: Span<Float>) {
    let target = unsafe state.input(index)
    precondition(reals.count == target.count, "the input takes another number of values")
    let grid = state.blob.grid(ofInput: index)
    for position in reals.indices { unsafe target[position] = grid.code(reals[position]) }
  }

  /// Lets `body` write input `index` in place.
  public mutating func fillInput(_ index: Int, _ body: (inout MutableSpan<Int8>) -> Void) {
    // Safety: the input lies in the arena, of which nothing else can be had meanwhile.
    var values = unsafe MutableSpan(_unsafeElements: state.input(index))
    body(&values)
  }

  /// The values of output `index`, as many as the output has, or the program stops.
  public borrowing func output<let count: Int>(_ index: Int) -> [count of Int8] {
    let values = unsafe outputElements(index)
    precondition(values.count == count, "the output has another number of values")
    return [count of Int8] { unsafe values[$0] }
  }

  /// The real numbers that the values of output `index` stand for; as many as the output has, or
  /// the program stops.
  public borrowing func output<let count: Int>(_ index: Int) -> [count of Float] {
    let values = unsafe outputElements(index)
    precondition(values.count == count, "the output has another number of values")
    let grid = state.blob.grid(ofOutput: index)
    return [count of Float] { unsafe grid.real(values[$0]) }
  }

  /// The index of the highest value of output `index`, of several the first, and the value.
  public borrowing func highest(_ index: Int) -> (index: Int, score: Int8) {
    let values = unsafe outputElements(index)
    var best = (index: 0, score: Int8.min)
    for position in values.indices {
      let value = unsafe values[position]
      if value > best.score { best = (position, value) }
    }
    return best
  }

  /// The same with the real number that the value stands for.
  public borrowing func highest(_ index: Int) -> (index: Int, score: Float) {
    let best: (index: Int, score: Int8) = highest(index)
    return (best.index, state.blob.grid(ofOutput: index).real(best.score))
  }

  private func outputElements(_ index: Int) -> UnsafeBufferPointer<Int8> {
    unsafe state.elements(of: state.blob.output(index))
  }

  /// Fills the inputs with bytes made from the blob's seed, on which the self-test runs.
  public mutating func fillInputsForSelfTest() { state.fillInputsForSelfTest() }

  /// Whether operator `index`, right after it ran on these inputs, gave what the host recorded.
  public borrowing func isAsRecorded(_ index: Int) -> Bool {
    state.outputChecksum(of: index) == state.blob.operator(index).outputChecksum
  }
}
