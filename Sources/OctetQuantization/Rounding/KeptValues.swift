import OctetModel

/// Values of a graph's activations for all samples, from which the rest of the graph can be run: so
/// that each node is run once, however often weights behind it are rounded.
struct KeptValues: Sendable {
  /// Tensors of which any other that is still wanted can be made.
  let tensors: [TensorIndex]
  /// For each sample those of `tensors`.
  private let values: [[[Float]]]
  private let samples: CalibrationSamples

  /// The inputs of a graph.
  init(_ graph: Graph, _ samples: CalibrationSamples) {
    (tensors, values, self.samples) = (graph.inputs, [], samples)
  }

  /// - Parameter values: for each sample those of `tensors`.
  init(_ tensors: [TensorIndex], _ values: [[[Float]]]) {
    (self.tensors, self.values) = (tensors, values)
    samples = CalibrationSamples(count: values.count) { index, position, target in
      for element in target.indices { unsafe target[element] = values[index][position][element] }
    }
  }

  /// The values at `positions` of `tensors`, as inputs of a graph.
  func inputs(at positions: [Int]) -> CalibrationSamples {
    let fill = unsafe samples.fill
    return unsafe CalibrationSamples(count: samples.count) { index, position, target in
      unsafe fill(index, positions[position], target)
    }
  }
}

/// What is kept of a float graph, and of the same with grids.
///
/// The latter has changes of grids between, whose places are others each time; so what is kept are
/// tensors that both have.
struct BothKept {
  private(set) var real: KeptValues
  private(set) var quantized: KeptValues
  let sampleCount: Int
  /// Whether the last step could keep what it came to.
  private(set) var isNear = true
  /// Numbers that are kept at most: 1 GiB, and as much again while they make place for the next.
  private static let valueLimit = 1 << 28

  init(_ graph: Graph, _ samples: CalibrationSamples) {
    (real, quantized) = (KeptValues(graph, samples), KeptValues(graph, samples))
    sampleCount = samples.count
  }

  /// What to keep next.
  struct Next {
    var real: [TensorIndex] = []
    var quantized: [TensorIndex] = []
    var isNearer = false
  }

  /// What the later layers' inputs can be made of once `inputs` are made.
  mutating func next(
    _ realGraph: Graph, _ quantizedGraph: Graph, _ inputs: [TensorIndex], later: [TensorIndex]
  ) -> Next {
    var next = Next()
    let pairs = [
      (realGraph, real.tensors, \Next.real), (quantizedGraph, quantized.tensors, \Next.quantized),
    ]
    var count = 0
    for (graph, known, key) in pairs {
      let making = graph.makers(of: inputs, from: Set(known)).nodes
      let made = Set(making.flatMap { graph.nodes[$0].outputs })
      let available = made.union(known).filter {
        $0 < realGraph.tensors.count && !graph.tensors[$0].isInteger
      }
      let read = graph.makers(of: later, from: available).read
      // What nothing makes and is not kept is an input of integers, or made of such.
      guard read.isSubset(of: available) else {
        isNear = false
        return Next()
      }
      next[keyPath: key] = read.sorted()
      count += read.reduce(0) { $0 + graph.tensors[$1].elementCount }
    }
    isNear = count * sampleCount <= Self.valueLimit
    next.isNearer = isNear
    return isNear ? next : Next()
  }

  /// - Parameter values: by sample those of the real and those of the quantized graph.
  mutating func advance(to next: Next, _ values: [Int: [[[Float]]]]) {
    let inOrder = (0..<sampleCount).map { values[$0] ?? [[], []] }
    real = KeptValues(next.real, inOrder.map { $0[0] })
    quantized = KeptValues(next.quantized, inOrder.map { $0[1] })
  }
}

/// The part of a graph that makes some tensors from others.
struct GraphPart {
  private(set) var graph: Graph
  /// The places of its inputs among the tensors that it was made from.
  private(set) var inputPositions: [Int] = []
  private var places: [TensorIndex: TensorIndex] = [:]

  /// - Parameters:
  ///   - wanted: activations of `whole` that the part has to make.
  ///   - known: those that it may read.
  init(of whole: Graph, making wanted: [TensorIndex], from known: [TensorIndex]) {
    let reached = whole.makers(of: wanted, from: Set(known))
    graph = Graph(name: whole.name)
    graph.arithmetic = whole.arithmetic
    for (position, tensor) in known.enumerated() where reached.read.contains(tensor) {
      inputPositions.append(position)
      graph.inputs.append(place(tensor, whole))
    }
    for index in reached.nodes.sorted() {
      var node = whole.nodes[index]
      node.inputs = node.inputs.map { place($0, whole) }
      node.outputs = node.outputs.map { place($0, whole) }
      graph.nodes.append(node)
    }
    graph.outputs = wanted.map { place($0, whole) }
  }

  /// Where the part has a tensor of the whole that it makes.
  subscript(tensor: TensorIndex) -> TensorIndex { places[tensor] ?? 0 }

  private mutating func place(_ tensor: TensorIndex, _ whole: Graph) -> TensorIndex {
    if let known = places[tensor] { return known }
    let new = graph.add(whole.tensors[tensor])
    places[tensor] = new
    return new
  }
}

extension Graph {
  /// The nodes that make tensors from others, and which of the others these read.
  func makers(
    of wanted: [TensorIndex], from known: Set<TensorIndex>
  ) -> (nodes: Set<Int>, read: Set<TensorIndex>) {
    let producers = producers()
    var (nodes, read): (Set<Int>, Set<TensorIndex>) = ([], [])
    var open = wanted
    while let tensor = open.popLast() {
      if tensors[tensor].constant != nil { continue }
      if known.contains(tensor) || producers[tensor] == nil {
        read.insert(tensor)
      } else if let node = producers[tensor], nodes.insert(node).inserted {
        open += self.nodes[node].inputs
      }
    }
    return (nodes, read)
  }
}
