import OctetModel

// A sequence is a list of values whose number is known while the model is read. The graph has no
// sequences: operators on them become ordinary nodes on their tensors, or nothing at all.

extension ONNXImporter {
  /// The nodes that stand for one that reads or makes a sequence.
  mutating func replacements(of node: ONNXNode) throws(ImportFailure) -> [ONNXNode] {
    let view = ONNXNodeView(node: node, inputs: node.inputs.map { values[$0] }, data: data)
    guard node.domain.isEmpty else { throw .unsupported("it reads a sequence; use tensors") }
    if node.operatorName == "Identity" { return try make(view, try sequence(view)) }
    guard let handler = Self.sequenceHandlers[node.operatorName] else {
      throw .unsupported(
        "it reads a sequence, which only Identity and the operators on sequences may; use tensors")
    }
    return try handler(&self, view)
  }

  typealias SequenceHandler =
    @Sendable (inout ONNXImporter, ONNXNodeView) throws(ImportFailure) -> [ONNXNode]

  /// The operators on sequences, and If, whose result may be one.
  static let sequenceHandlers: [String: SequenceHandler] = [
    "SequenceEmpty": { (importer, view) throws(ImportFailure) in try importer.make(view, []) },
    "SequenceConstruct": { (importer, view) throws(ImportFailure) in
      try importer.make(view, view.node.inputs)
    },
    "SequenceInsert": { (importer, view) throws(ImportFailure) in
      var names = try importer.sequence(view)
      _ = try view.input(1)
      let position = try importer.position(view, 2, in: 0...names.count) ?? names.count
      names.insert(view.node.inputs[1], at: position)
      return try importer.make(view, names)
    },
    "SequenceErase": { (importer, view) throws(ImportFailure) in
      var names = try importer.sequence(view)
      guard let last = names.indices.last else { throw .invalid("its sequence is empty") }
      names.remove(at: try importer.position(view, 1, in: 0...last) ?? last)
      return try importer.make(view, names)
    },
    "SequenceAt": { (importer, view) throws(ImportFailure) in
      let names = try importer.sequence(view)
      guard let last = names.indices.last,
        let position = try importer.position(view, 1, in: 0...last)
      else { throw .invalid("its sequence is empty, or it has no position") }
      return [
        ONNXNode(
          name: view.node.name, operatorName: "Identity", inputs: [names[position]],
          outputs: view.node.outputs)
      ]
    },
    "SequenceLength": { (importer, view) throws(ImportFailure) in
      let count = Int64(try importer.sequence(view).count)
      importer.define(ONNXValue(shape: [], integers: [count]), named: view.node.outputs[0])
      return []
    },
    "If": { (importer, view) throws(ImportFailure) in try importer.branch(view) },
    "SplitToSequence": { (importer, view) throws(ImportFailure) in try importer.split(view) },
    "ConcatFromSequence": { (importer, view) throws(ImportFailure) in
      try importer.join(view)
    },
  ]

  func sequence(_ view: ONNXNodeView) throws(ImportFailure) -> [String] {
    guard let name = view.node.inputs.first, let names = rare.sequences[name] else {
      throw .invalid("its first input is no sequence")
    }
    return names
  }

  /// Says that the node's output is this sequence.
  mutating func make(
    _ view: ONNXNodeView, _ names: [String]
  ) throws(ImportFailure) -> [ONNXNode] {
    // Sequences made of sequences would let a small file grow without bound.
    try spend(names.count)
    for name in names where values[name] == nil {
      throw .invalid("it reads '\(name)', which is no tensor that has been made before")
    }
    rare.sequences[view.node.outputs[0]] = names
    return []
  }

  /// A position that the node reads; nil when it reads none. Negative ones count from the end.
  func position(
    _ view: ONNXNodeView, _ index: Int, in range: ClosedRange<Int>
  ) throws(ImportFailure) -> Int? {
    guard let integers = try view.integersInput(index) else { return nil }
    let count = try sequence(view).count
    let position = integers.first?.ordinary ?? 0
    let counted = position < 0 ? position + count : position
    guard integers.count == 1, range.contains(counted) else {
      throw .invalid("position \(integers) does not exist in a sequence of \(count)")
    }
    return counted
  }

  /// SplitToSequence: a Split, and a Squeeze of each part where parts of one lose the axis.
  mutating func split(_ view: ONNXNodeView) throws(ImportFailure) -> [ONNXNode] {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    let extent = x.shape[axis]
    let given = try view.integersInput(1)?.map(\.ordinary)
    let isEven = view.optionalInput(1)?.rank ?? 0 == 0
    let counts: [Int]
    if let given, !isEven {
      counts = given
    } else {
      let size = given?.first ?? 1
      guard size > 0 else { throw .invalid("its parts have \(size) elements") }
      try spend(extent / size)
      counts = stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
    }
    let output = view.node.outputs[0]
    let parts = counts.indices.map { "\(output)[\($0)]" }
    try spend(parts.count)
    let keepsAxis = try view.integer("keepdims", 1) != 0
    let dropsAxis = given == nil && !keepsAxis
    rare.sequences[output] = parts
    let whole = dropsAxis ? parts.map { $0 + "/part" } : parts
    var nodes = [
      node(
        "Split", view.name, [view.node.inputs[0]], whole, list: ("split", counts),
        attributes: ["axis": .integer(Int64(axis))])
    ]
    if dropsAxis {
      nodes += zip(whole, parts).map {
        node("Squeeze", $1, [$0], [$1], list: ("axes", [axis]))
      }
    }
    return nodes
  }

  /// ConcatFromSequence: a Concat, of values with a new axis where it asks for one.
  private mutating func join(_ view: ONNXNodeView) throws(ImportFailure) -> [ONNXNode] {
    var names = try sequence(view)
    guard let first = names.first, let rank = values[first]?.rank else {
      throw .invalid("its sequence is empty")
    }
    try spend(names.count)
    let isStack = try view.integer("new_axis") == 1
    let axis = try view.axis(try view.integer("axis"), rank: isStack ? rank + 1 : rank)
    var nodes: [ONNXNode] = []
    if isStack {
      let wider = names.indices.map { "\(view.node.outputs[0])[\($0)]" }
      nodes = zip(names, wider).map {
        node("Unsqueeze", $1, [$0], [$1], list: ("axes", [axis]))
      }
      names = wider
    }
    nodes.append(
      ONNXNode(
        name: view.node.name, operatorName: "Concat", inputs: names, outputs: view.node.outputs,
        attributes: ["axis": .integer(Int64(axis))]))
    return nodes
  }

  /// A node with a list of integers as its second input.
  private mutating func node(
    _ operatorName: String, _ name: String, _ inputs: [String], _ outputs: [String],
    list: (name: String, values: [Int]), attributes: [String: ONNXAttribute] = [:]
  ) -> ONNXNode {
    let constant = name + "/" + list.name
    define(
      ONNXValue(shape: [list.values.count], integers: list.values.map { Int64($0) }),
      named: constant)
    return ONNXNode(
      name: name, operatorName: operatorName, inputs: inputs + [constant], outputs: outputs,
      attributes: attributes)
  }

  /// The shape of each tensor of an input that is a sequence.
  func shapes(ofSequence info: ONNXValueInfo) throws(ImportFailure) -> [[Int]] {
    guard let given = givenShapes[info.name] else {
      throw .unsupported(
        "it is a sequence; give the shape of each of its tensors: '--shapes "
          + "\(info.name)=1x3x32x32,\(info.name)=1x3x32x32'")
    }
    var result: [[Int]] = []
    for shape in given { result.append(try checked(shape, fits: info.shape)) }
    return result
  }
}
