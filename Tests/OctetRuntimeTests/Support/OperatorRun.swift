// Runs one operator alone: a blob of it, written field by field, and a session.

import OctetCompiler
import OctetRuntime

struct TestTensor {
  var shape: Shape
  var scale: Float = 1
  var zeroPoint = 0
  /// The values of a constant operand; nil for one in the arena.
  var constant: [Int8]?
  /// Dimensions from the left that are left out; they must be 1.
  var rank = 4
  /// Whether values are int16; in bytes, the lower one first.
  var isInt16 = false

  var byteCount: Int { shape.count * (isInt16 ? 2 : 1) }

  /// int16 with a scale of 1.
  static func int16(_ shape: Shape) -> TestTensor { TestTensor(shape: shape, isInt16: true) }
}

/// A parameter word, or constant data whose offset is the word.
enum TestParameter {
  case word(Int)
  case bytes([Int8])
  /// Codes of four bits, two a byte.
  case halves([Int8])
  case words([Int32])
}

struct TestOperator {
  var kind: OperatorKind
  var inputs: [TestTensor]
  var outputs: [TestTensor]
  var parameters: [TestParameter]
}

extension TestOperator {
  /// - Parameter words: all of the kind's, by the names that the kernel declares.
  init<Word: ParameterWord>(
    kind: OperatorKind, inputs: [TestTensor], outputs: [TestTensor], words: [Word: TestParameter]
  ) {
    self.init(
      kind: kind, inputs: inputs, outputs: outputs,
      parameters: (0..<words.count).compactMap { Word(rawValue: $0).flatMap { words[$0] } })
  }

  /// A parameter that a test changes.
  subscript(word: some ParameterWord) -> TestParameter {
    get { parameters[word.rawValue] }
    set { parameters[word.rawValue] = newValue }
  }
}

extension Dictionary where Key: ParameterWord, Value == TestParameter {
  static func + (_ a: Self, _ b: Self) -> Self { a.merging(b) { first, _ in first } }
}

enum Placement: CaseIterable {
  /// Each tensor in memory of its own.
  case apart
  /// Input 0 as close behind output 0 as `overlapDistance` allows, if it does.
  case overlapping
}

enum RunError: Error {
  case validation(ModelError)
  case session(SessionError)
  case wroteOutside(Int)
}

extension TestOperator {
  /// The outputs for `inputs`: the values of the inputs in the arena, in order. All other memory is
  /// poisoned, and nothing but the outputs and the scratch may change.
  ///
  /// - Parameters:
  ///   - expected: what should come out. Its complement lies there before, so that no byte can be
  ///     right that was not written; but where the input overlaps.
  ///   - hasScratch: whether the operator gets the scratch memory that it needs.
  func run(
    _ inputs: [[Int8]], placement: Placement = .apart, backend: Backend = .portable,
    expected: [[Int8]] = [], hasScratch: Bool = true
  ) throws -> [[Int8]] {
    let arenaInputs = self.inputs.indices.filter { self.inputs[$0].constant == nil }
    var plan = try plan(placement)
    if !hasScratch { plan.scratchByteCount = 0 }
    let loaded = try LoadedModel(blob(plan))
    let model = loaded.model
    let arena = UnsafeMutableRawBufferPointer.allocate(
      byteCount: plan.arenaByteCount, alignment: 16)
    defer { arena.deallocate() }
    for index in arena.indices { arena[index] = UInt8(truncatingIfNeeded: index &* 37 &+ 101) }
    let workspace = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.workspaceByteCount(for: backend), alignment: 64)
    defer { workspace.deallocate() }
    for index in workspace.indices { workspace[index] = UInt8(truncatingIfNeeded: index &* 41) }
    var session = try Session(
      model: model, arena: arena, backend: backend, workspace: workspace)
    for (start, values) in zip(plan.outputs, expected) {
      for (index, value) in values.enumerated() {
        arena[start + index] = UInt8(bitPattern: ~value)
      }
    }
    for (index, values) in inputs.enumerated() { try session.setInput(index, values.span) }
    let before = Array(arena)
    session.run()
    var mayChange = Array(repeating: false, count: arena.count)
    for (index, output) in outputs.enumerated() {
      for byte in 0..<output.byteCount { mayChange[plan.outputs[index] + byte] = true }
    }
    for byte in 0..<plan.scratchByteCount { mayChange[plan.scratch + byte] = true }
    for index in arena.indices where !mayChange[index] && arena[index] != before[index] {
      throw RunError.wroteOutside(index)
    }
    precondition(arenaInputs.count == inputs.count)
    return outputs.indices.map { index in
      let output = session.output(index)
      return output.withUnsafeBufferPointer { Array($0) }
    }
  }

  /// A blob of this operator alone.
  func blob() throws -> [UInt8] { blob(try plan(.apart)) }

  /// Throws the error that makes the blob of this operator unfit.
  func validate() throws { _ = try LoadedModel(blob(plan(.apart))) }

  struct Plan {
    var inputs: [Int] = []
    var outputs: [Int] = []
    var scratch = 0
    var scratchByteCount = 0
    var arenaByteCount = 0
    var overlapDistance: Int?
  }

  /// - Parameters:
  ///   - slack: bytes from where an overlapping input may start to where it does.
  ///   - takesMostScratch: whether the operator gets all that it can use.
  func plan(
    _ placement: Placement, slack: Int = 0, takesMostScratch: Bool = false
  ) throws -> Plan {
    // More scratch than any test needs, to ask how much it is.
    var generous = layOut(Plan(scratchByteCount: 1 << 20), distance: nil)
    let view = try LoadedModel(blob(generous)).operator(0)
    generous.scratchByteCount =
      takesMostScratch ? view.mostScratchByteCount : view.neededScratchByteCount
    let distance = placement == .overlapping ? view.overlapDistance(input: 0) : nil
    return layOut(generous, distance: distance.map { $0 + slack })
  }

  /// Outputs, then inputs, then scratch, with gaps to catch stray writes; with `distance` input 0
  /// lies that far behind the start of output 0.
  private func layOut(_ old: Plan, distance: Int?) -> Plan {
    let gap = 8
    var plan = Plan(scratchByteCount: old.scratchByteCount, overlapDistance: distance)
    var end = gap
    for output in outputs {
      plan.outputs.append(end)
      end = (end + output.byteCount + gap + 1) & ~1
    }
    for (index, input) in inputs.enumerated() {
      if index == 0, let distance {
        let start = plan.outputs[0] + distance
        plan.inputs.append(start)
        // A second output stands behind the first; nothing that overlaps has one.
        precondition(outputs.count == 1)
        end = max(end, start + input.byteCount + gap)
      } else {
        plan.inputs.append(end)
        end = (end + input.byteCount + gap + 1) & ~1
      }
    }
    plan.scratch = (end + 15) & ~15
    plan.arenaByteCount = plan.scratch + plan.scratchByteCount + gap
    return plan
  }

  func blob(_ plan: Plan) -> [UInt8] {
    OperatorBlob([(self, plan)], arenaByteCount: plan.arenaByteCount).bytes
  }
}

extension [Int16] {
  /// The bytes of the values, the lower one first.
  var bytes: [Int8] {
    flatMap { [Int8(truncatingIfNeeded: $0), Int8(truncatingIfNeeded: $0 >> 8)] }
  }
}

extension RandomSource {
  /// Values of all sizes, the ends among them.
  mutating func int16s(_ count: Int) -> [Int16] {
    (0..<count).map { _ in
      switch int(0...7) {
      case 0: .min
      case 1: .max
      default: Int16.random(in: .min ... .max, using: &self) >> Int16(int(0...8))
      }
    }
  }
}
