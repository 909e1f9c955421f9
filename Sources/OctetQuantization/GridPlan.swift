import OctetModel
import OctetPasses

/// Which grid every activation gets, and where a value must change its grid on the way.
///
/// Operations of one operand that keep scales (pools, reshapes, slices and their like) pass the
/// grid of their operand on. A concatenation, a minimum, a maximum and padding with another value
/// than 0 have one grid for all they read and make:
///
/// | An operand | gets |
/// |---|---|
/// | that nothing else reads | the grid of the result |
/// | that others read, with a range hardly narrower | the grid of the result |
/// | that others read, or whose grid is given | its own, and a change of scale before the join |
///
/// A grid is given where the file or the kernel prescribes it. Where the given grid of an operand
/// holds all that a join reads, and is hardly coarser than need be, the result takes it.
struct GridPlan {
  /// The grid of each activation that has none yet.
  private(set) var grids: [TensorIndex: Quantization] = [:]
  /// Values that join others on another grid than their own.
  private(set) var changes: [GridChange] = []

  /// A grid may be this much coarser than a reader of its values alone would have it: 2 dB.
  static let tolerance: Float = 1.25
  /// A logistic or tanh leaves the grid of its kernel for its own where that is so much finer:
  /// always at the model's end, within it only where it matters, since TensorFlow Lite cannot.
  private static let finerAtTheEnd: Float = 1.05
  private static let finerWithin: Float = 2

  private let graph: Graph
  private let mixed: MixedGraph
  private let ranges: [TensorIndex: ValueRange]
  /// Values within tables, and the nodes of tables.
  private let inner: Set<TensorIndex>
  private let tabulated: Set<Int>
  private let producers: [Int?]
  private let consumers: [[Int]]
  private let prescribed: [TensorIndex: Quantization]
  /// Tensors that pass values on unchanged, each to the first of them.
  private var chain: [TensorIndex]
  private var chainMembers: [TensorIndex: [TensorIndex]] = [:]
  /// Chains that have one grid, each to the first of them.
  private var group: [TensorIndex]
  private var members: [TensorIndex: [TensorIndex]] = [:]
  /// What the values of a chain, or of a group, span; by its first.
  private var needs: [TensorIndex: ValueRange] = [:]
  private var spans: [TensorIndex: ValueRange] = [:]
  private var given: [TensorIndex: Quantization] = [:]
  /// Operands that have the grid of the join they go into.
  private var joined: Set<Operand> = []

  private struct Operand: Hashable {
    var node: Int
    var position: Int
  }

  /// - Parameters:
  ///   - mixed: the graph, and which of its activations are int16.
  ///   - ranges: of every activation of the float graph.
  ///   - tables: functions that become tables; values within them have no grid. Their nodes are
  ///     those of `mixed`.
  init(_ mixed: MixedGraph, ranges: [TensorIndex: ValueRange], tables: [FunctionRegion]) {
    let (graph, ranges) = (mixed.graph, mixed.ranges(ranges))
    (self.mixed, self.graph, self.ranges) = (mixed, graph, ranges)
    inner = graph.valuesInTables.union(tables.flatMap(\.innerValues))
    tabulated = graph.nodesInTables.union(tables.flatMap(\.nodes))
    producers = graph.producers()
    consumers = graph.consumers()
    chain = Array(graph.tensors.indices)
    group = chain
    prescribed = Self.prescribedGrids(
      mixed, ranges, functions: inner.union(tables.map(\.result)))
    formChains()
    for (index, node) in graph.nodes.enumerated() where joins(index) { settle(index, node) }
    giveGrids()
  }

  /// Whether the node has one grid for several operands, or for an operand and a constant.
  private func joins(_ index: Int) -> Bool {
    let node = graph.nodes[index]
    return node.operation.joinsGrids && !tabulated.contains(index)
      && (activations(node) + node.outputs).contains { graph.isFree($0) }
  }

  private func activations(_ node: Node) -> [TensorIndex] {
    node.inputs.filter { graph.tensors[$0].constant == nil }
  }

  // MARK: Given grids

  private static func prescribedGrids(
    _ mixed: MixedGraph, _ ranges: [TensorIndex: ValueRange], functions: Set<TensorIndex>
  ) -> [TensorIndex: Quantization] {
    let graph = mixed.graph
    var result: [TensorIndex: Quantization] = [:]
    for (index, tensor) in graph.tensors.enumerated() where tensor.constant == nil {
      if let own = tensor.quantization { result[index] = own }
    }
    for node in graph.nodes {
      let output = node.outputs[0]
      guard let grid = node.operation.fixedOutputQuantization, graph.isFree(output),
        !functions.contains(output)
      else { continue }
      if mixed.wide.contains(output) {
        // Logistic, tanh and softmax of int16.
        result[output] = Quantization(scale: 0x1p-15, zeroPoint: 0)
        continue
      }
      var isWanted = true
      if case .scalar = node.operation {
        let finer = graph.outputs.contains(output) ? finerAtTheEnd : finerWithin
        let own = ranges[output].map(\.quantization.scale) ?? grid.scales[0]
        isWanted = grid.scales[0] < own * finer
      }
      if isWanted { result[output] = grid }
    }
    return result
  }

  // MARK: Chains

  private mutating func formChains() {
    for (index, node) in graph.nodes.enumerated() where passesOn(index) {
      for output in node.outputs { chain[output] = chain[node.inputs[0]] }
    }
    for tensor in graph.tensors.indices where hasGrid(tensor) {
      chainMembers[chain[tensor], default: []].append(tensor)
    }
    for (first, tensors) in chainMembers {
      // A tensor that a node only passes on says nothing new. But of an output everything is kept,
      // so that the greatest of many values are, though the calibrator would clip them where they
      // come from.
      let sources = tensors.filter { $0 == first || graph.outputs.contains($0) }
      needs[first] = (sources.isEmpty ? tensors : sources).compactMap { ranges[$0] }
        .reduce(ValueRange(lower: 0, upper: 0)) { $0.union($1) }
      if let bounds = bounds(of: tensors) { needs[first] = needs[first]?.clipped(to: bounds) }
      spans[first] = needs[first]
      given[first] = tensors.compactMap { prescribed[$0] }.first
      members[first] = [first]
    }
    for tensor in graph.tensors.indices { group[tensor] = chain[tensor] }
  }

  /// What all that read a chain clip it to: beyond, its values need no codes.
  private func bounds(of tensors: [TensorIndex]) -> ValueRange? {
    var result: ValueRange?
    for tensor in tensors {
      if graph.outputs.contains(tensor) { return nil }
      for reader in consumers[tensor] where !passesOn(reader) {
        guard let (lower, upper) = graph.nodes[reader].operation.asActivation?.bounds else {
          return nil
        }
        let own = ValueRange(lower: lower, upper: upper)
        result = result?.union(own) ?? own
      }
    }
    return result
  }

  private func hasGrid(_ tensor: TensorIndex) -> Bool {
    graph.tensors[tensor].constant == nil && !inner.contains(tensor)
  }

  private func groupOf(_ tensor: TensorIndex) -> TensorIndex { group[chain[tensor]] }

  // MARK: Joins

  /// Decides which operands of a join share the grid of its result.
  private mutating func settle(_ index: Int, _ node: Node) {
    let output = chain[node.outputs[0]]
    let need = need(of: node)
    if graph.isFree(node.outputs[0]) {
      let kept = chainMembers[output, default: []]
        .filter { graph.outputs.contains($0) }.compactMap { ranges[$0] }
      needs[output] = kept.reduce(need) { $0.union($1) }
      spans[output] = needs[output]
      given[output] = given[output] ?? grid(for: node, need)
    }
    let operands = node.inputs.indices.filter { graph.tensors[node.inputs[$0]].constant == nil }
    // Those that lose nothing first.
    let exclusive = operands.filter { isExclusive(groupOf(node.inputs[$0]), to: index) }
    for position in exclusive + operands.filter({ !exclusive.contains($0) }) {
      join(position, of: index)
    }
  }

  /// What the result of a join spans: of a concatenation everything, of a maximum or minimum what
  /// it was seen to be, since operands that saturate there change nothing.
  private func need(of node: Node) -> ValueRange {
    if node.operation == .minimum || node.operation == .maximum {
      return ranges[node.outputs[0]] ?? ValueRange(lower: 0, upper: 0)
    }
    var result = ValueRange(lower: 0, upper: 0)
    for input in node.inputs {
      if let values = graph.tensors[input].floats {
        result = result.union(
          ValueRange(lower: values.min() ?? 0, upper: values.max() ?? 0))
      } else if let grid = given[groupOf(input)], graph.tensors[input].constant == nil {
        // No more than its codes reach, however much was seen.
        result = result.union((ranges[input] ?? grid.span).clipped(to: grid.span))
      } else if let need = needs[chain[input]] {
        result = result.union(need)
      }
    }
    if case .pad(_, _, .constant(let value)) = node.operation {
      result = result.union(ValueRange(lower: value, upper: value))
    }
    return result
  }

  /// The given grid of an operand that serves the whole result, the finest; nil for an own one.
  /// One that all operands have is never too coarse.
  private func grid(for node: Node, _ need: ValueRange) -> Quantization? {
    let operands = activations(node)
    let grids = operands.compactMap { given[groupOf($0)] }.filter { $0.axis == nil }
    let isCommon = grids.count == operands.count && grids.allSatisfy { $0 == grids.first }
    let limit = isCommon ? .infinity : need.quantization.scale * Self.tolerance
    return grids.filter { $0.holds(need) && $0.scales[0] <= limit }
      .min { $0.scales[0] < $1.scales[0] }
  }

  private mutating func join(_ position: Int, of index: Int) {
    let node = graph.nodes[index]
    let (from, into) = (groupOf(node.inputs[position]), groupOf(node.outputs[0]))
    let operand = Operand(node: index, position: position)
    if from == into {
      joined.insert(operand)
      return
    }
    var span = spans[into] ?? ValueRange(lower: 0, upper: 0)
    if let grid = given[into] {
      guard given[from].map({ $0 == grid }) ?? canTake(from, grid, index) else { return }
    } else {
      if given[from] != nil { return }
      if !isExclusive(from, to: index) {
        span = span.union(spans[from] ?? span)
        let finest = min(finestDemand(from, except: index), finestDemand(into, except: index))
        guard span.quantization.scale <= finest * Self.tolerance else { return }
      }
    }
    joined.insert(operand)
    for first in members[from, default: []] { group[first] = into }
    members[into, default: []] += members.removeValue(forKey: from) ?? []
    spans[into] = span
  }

  /// Whether a group without a given grid may take one for the sake of node `index`.
  private func canTake(_ group: TensorIndex, _ grid: Quantization, _ index: Int) -> Bool {
    if isExclusive(group, to: index) { return true }
    return grid.holds(spans[group] ?? grid.span)
      && grid.scales[0] <= finestDemand(group, except: index) * Self.tolerance
  }

  /// Whether nothing but node `index`, and joins before it, reads the values of a group.
  private func isExclusive(_ group: TensorIndex, to index: Int) -> Bool {
    finestDemand(group, except: index) == .infinity
  }

  /// The finest scale that a reader of the group's values would have them in, but for `index` and
  /// those that have the group's grid already.
  private func finestDemand(_ group: TensorIndex, except index: Int) -> Float {
    var finest = Float.infinity
    for first in members[group, default: []] {
      let isRead = chainMembers[first, default: []].contains { tensor in
        graph.outputs.contains(tensor)
          || consumers[tensor].contains { reader in
            reader != index && !passesOn(reader) && !hasJoined(tensor, reader)
          }
      }
      if isRead, let need = needs[first], need.upper > need.lower {
        finest = min(finest, need.quantization.scale)
      }
    }
    return finest
  }

  private func passesOn(_ node: Int) -> Bool {
    graph.nodes[node].operation.passesGridOn && !tabulated.contains(node)
  }

  private func hasJoined(_ tensor: TensorIndex, _ node: Int) -> Bool {
    graph.nodes[node].inputs.indices.contains { position in
      graph.nodes[node].inputs[position] == tensor
        && joined.contains(Operand(node: node, position: position))
    }
  }

  // MARK: Grids

  private mutating func giveGrids() {
    func grid(_ group: TensorIndex) -> Quantization {
      if let given = given[group] { return given }
      let span = spans[group] ?? ValueRange(lower: 0, upper: 0)
      if mixed.wide.contains(group) {
        let isAlone = members[group] == [group] && chainMembers[group] == [group]
        if isAlone, let source = mixed.copies[group], !mixed.wide.contains(source),
          producers[group].map({ graph.nodes[$0].operation }) == .quantize
        {
          return grid(groupOf(source)).exactlyInInt16
        }
        return span.symmetricInt16
      }
      let (scale, zeroPoint) = span.quantization
      return Quantization(scale: scale, zeroPoint: zeroPoint)
    }
    for tensor in ranges.keys where graph.isFree(tensor) && !inner.contains(tensor) {
      grids[tensor] = grid(groupOf(tensor))
    }
    for (index, node) in graph.nodes.enumerated() where joins(index) {
      for (position, input) in node.inputs.enumerated()
      where graph.tensors[input].constant == nil
        && !joined.contains(Operand(node: index, position: position))
      {
        changes.append(
          GridChange(
            node: index, position: position, quantization: grid(groupOf(node.outputs[0]))))
      }
    }
  }
}

extension ValueRange {
  /// The grid of int16, with a tenth to spare for values that calibration has not seen: there are
  /// codes enough.
  fileprivate var symmetricInt16: Quantization {
    let largest = max(-lower, upper)
    return Quantization(scale: largest > 0 ? largest * 1.1 / 32_767 : 1, zeroPoint: 0)
  }
}

extension Quantization {
  /// The grid of int16 on which each of 256 codes, less the zero point, is a multiple of 2⁷.
  fileprivate var exactlyInInt16: Quantization {
    Quantization(scale: scales[0] / 128, zeroPoint: 0)
  }

  /// The reals that the codes of int8 stand for.
  var span: ValueRange { span(of: -128...127) }

  /// The reals that codes stand for.
  func span(of codes: ClosedRange<Int32>) -> ValueRange {
    ValueRange(
      lower: Float(codes.lowerBound - zeroPoints[0]) * scales[0],
      upper: Float(codes.upperBound - zeroPoints[0]) * scales[0])
  }

  /// Whether every value of the range is within one step of a code's.
  func holds(_ range: ValueRange) -> Bool {
    range.lower >= span.lower - scales[0] && range.upper <= span.upper + scales[0]
  }
}

extension ValueRange {
  func clipped(to other: ValueRange) -> ValueRange {
    ValueRange(lower: max(lower, other.lower), upper: min(upper, other.upper))
  }
}
