import OctetEvaluation
import OctetModel
import OctetReport

/// A lookup operator's table beside the function that the reference has in its place, at all codes
/// that can go in.
struct TableFit: Codable, Sendable, Equatable {
  /// Steps of the output, of all results.
  var rmsSteps: Double
  var worstSteps: Double
  /// Where the worst is, and what both have there.
  var input: Float
  var tableValue: Float
  var functionValue: Float
  /// What the reference calls its function: `leakyRelu`.
  var functionName: String

  /// Integer kernels round more than once.
  static let functionSteps = 2.0

  /// Whether the table is that of the reference's function, but for rounding.
  var isFunction: Bool { worstSteps <= Self.functionSteps }

  /// Whether the table is that of another function.
  var isAnother: Bool { rmsSteps > 1 && worstSteps > 6 }

  /// Nil unless the reference has a function of one element there.
  ///
  /// - Parameter variant: the function to compare with, a variant of the reference's; nil for that.
  init?(_ diff: Diff, place: Int, as variant: Graph? = nil) {
    guard let view = diff.candidate.operatorView(place), view.kind == .lookup,
      let part = variant ?? diff.referencePart(place), part.inputs.count == 1, !part.nodes.isEmpty,
      part.nodes.allSatisfy(\.operation.isElementwise) || diff.isTable(place),
      let tables = TableFit.interpreter(diff.candidate.part(place, of: diff.candidate.real)),
      let function = TableFit.interpreter(part)
    else { return nil }
    let (x, y) = (view.input(0), view.output(0))
    let shape = diff.candidate.places[place].shape
    let channels = max(shape.last ?? 1, 1)
    let count = shape.elementCount
    let blockCount = max(count / channels, 1)
    guard count > 0, function.graph.tensors[part.inputs[0]].elementCount == count,
      part.tensors[part.outputs[0]].elementCount == count
    else { return nil }
    self.init(
      rmsSteps: 0, worstSteps: 0, input: 0, tableValue: 0, functionValue: 0,
      functionName: part.nodes.map(\.operation.name).joined(separator: ", "))
    var squares = 0.0
    var total = 0
    for first in stride(from: 0, to: 256, by: blockCount) {
      let codes = (0..<count).map { Int8(truncatingIfNeeded: (first + $0 / channels) % 256 - 128) }
      let reals = codes.map { x.real($0) }
      for interpreter in [tables, function] {
        interpreter.setInput(0, reals)
        interpreter.run()
      }
      let found = tables.value(of: tables.graph.outputs[0])
      let wanted = function.value(of: function.graph.outputs[0]).map { y.real(y.code($0)) }
      for index in 0..<count {
        let steps = Double(abs(found[index] - wanted[index]) / y.scale)
        squares += steps * steps
        total += 1
        guard steps > worstSteps else { continue }
        worstSteps = steps
        (input, tableValue, functionValue) = (reals[index], found[index], wanted[index])
      }
    }
    rmsSteps = (squares / Double(max(total, 1))).squareRoot()
  }

  private init(
    rmsSteps: Double, worstSteps: Double, input: Float, tableValue: Float, functionValue: Float,
    functionName: String
  ) {
    self.rmsSteps = rmsSteps
    self.worstSteps = worstSteps
    self.input = input
    self.tableValue = tableValue
    self.functionValue = functionValue
    self.functionName = functionName
  }

  private static func interpreter(_ graph: Graph?) -> FloatInterpreter? {
    graph.flatMap { try? FloatInterpreter($0) }
  }
}

extension Diff {
  /// Whether the reference has a table of its own in a place.
  fileprivate func isTable(_ place: Int) -> Bool {
    guard let twin = twins[place], reference.operatorView(twin)?.kind == .lookup,
      let source = candidate.sources(of: place).first?.place
    else { return false }
    return reference.sources(of: twin).map(\.place) == [twins[source]]
  }
}

extension Diff {
  /// The place of the reference that has the values of one of the candidate: its twin, or, where
  /// the candidate only puts values on another scale, that of their source.
  func referencePlace(of place: Int) -> Int? {
    if let twin = twins[place] { return twin }
    guard candidate.isChangeOfScale(place), let source = candidate.sources(of: place).first?.place
    else { return nil }
    return referencePlace(of: source)
  }
}

extension DiffModel {
  /// Whether an operator gives for every code the nearest that its output has: a lookup, or a
  /// change of width that clamps nothing.
  fileprivate func isChangeOfScale(_ place: Int) -> Bool {
    guard let view = operatorView(place) else { return false }
    if view.kind == .requantize {
      return self.part(place, of: real)?.nodes.allSatisfy { Maker.node($0.operation).onlyRenames }
        ?? false
    }
    guard view.kind == .lookup,
      let part = part(place, of: real), let table = try? FloatInterpreter(part)
    else { return false }
    let (x, y) = (view.input(0), view.output(0))
    let count = x.elementCount
    for first in stride(from: 0, to: 256, by: max(count, 1)) {
      let reals = (0..<count).map { x.real(Int8(truncatingIfNeeded: (first + $0) % 256 - 128)) }
      table.setInput(0, reals)
      table.run()
      let found = table.value(of: table.graph.outputs[0])
      for (real, value) in zip(reals, found) where abs(value - y.real(y.code(real))) > y.scale {
        return false
      }
    }
    return true
  }
}
