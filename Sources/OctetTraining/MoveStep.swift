import OctetModel

/// An operation that only arranges elements: concatenation, padding, transposition, slices,
/// repetition, the nearest element of a resize. Where each element of the result comes from was
/// found by running the operation on elements that are their own numbers.
struct MoveStep: TrainingStep {
  /// Elements that stay beside each other.
  struct Run: Sendable {
    /// Which input; nil for elements that come from none.
    var input: Int?
    var source, target, count: Int
  }

  var runs: [Run]
  /// What elements from no input are.
  var filler: Float
  var inputs: [BlockBuffer]
  var output: BlockBuffer
  var outputGradient: BlockBuffer
  /// One for each input that needs it.
  var inputGradients: [InputGradient?]
  /// Inputs whose every element is in the result just once.
  var areUsedOnce: [Bool]

  func forward(_ context: StepContext) {
    let y = unsafe context.pointer(output)
    for run in runs {
      let target = unsafe element(y, run.target)
      let count = run.count * TrainingNetwork.blockSize
      if let input = run.input {
        unsafe target.update(
          from: element(context.pointer(inputs[input]), run.source), count: count)
      } else {
        unsafe target.update(repeating: filler, count: count)
      }
    }
  }

  func backward(_ context: StepContext) {
    for (index, gradient) in inputGradients.enumerated() {
      if let gradient, gradient.isFirst, !areUsedOnce[index] { context.zero(gradient.buffer) }
    }
    let dy = unsafe context.pointer(outputGradient)
    for run in runs {
      guard let input = run.input, let gradient = inputGradients[input] else { continue }
      let target = unsafe element(context.pointer(gradient.buffer), run.source)
      let source = unsafe element(dy, run.target)
      if gradient.isFirst, areUsedOnce[input] {
        unsafe target.update(from: source, count: run.count * TrainingNetwork.blockSize)
      } else {
        unsafe context.kernels.add(run.count, target, source, 0, target)
      }
    }
  }
}

extension MoveStep {
  /// - Parameters:
  ///   - origins: for each element of the result the number of the element that it is, counted
  ///     from 1 through all inputs; 0 for none.
  ///   - counts: the elements of each input.
  static func runs(_ origins: [Int], counts: [Int]) -> (runs: [Run], areUsedOnce: [Bool]) {
    let starts = counts.indices.map { 1 + counts[..<$0].reduce(0, +) }
    var uses = counts.map { [UInt8](repeating: 0, count: $0) }
    var runs: [Run] = []
    for (target, origin) in origins.enumerated() {
      let input = origin == 0 ? nil : starts.lastIndex { $0 <= origin }
      let source = input.map { origin - starts[$0] } ?? 0
      if let input, uses[input][source] < 2 { uses[input][source] += 1 }
      if let last = runs.last, last.input == input,
        input == nil || last.source + last.count == source
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(input: input, source: source, target: target, count: 1))
      }
    }
    return (runs, uses.map { $0.allSatisfy { $0 == 1 } })
  }
}
