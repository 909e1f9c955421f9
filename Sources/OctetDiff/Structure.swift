import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// A model as operations and what they read: no names, no numbers.
struct Structure {
  /// A place with what stands before and after it.
  struct Vertex {
    /// The operations that make its values, in order; none for what only moves or clips them.
    var steps: [String]
    var isPool: Bool
    /// The elements of its weights; 0 without.
    var weightCount: Int
    var sources: [Int]
    /// Who reads it, and as which of its operands.
    var readers: [(place: Int, operand: Int)] = []
    /// The first operation without its size; nil where there is none.
    var kind: Substring? { steps.first?.prefix { $0 != " " } }
    /// Hashes of all that comes before it, and of all that comes after.
    var up = 0
    var down = 0
  }

  let places: [DiffModel.Place]
  private(set) var vertices: [Vertex]
  let inputMarks: [Int]
  private let model: DiffModel
  /// The nodes that make the tensors of the model in real numbers.
  private let producers: [Int?]

  /// - Parameters:
  ///   - inputMarks: a number for each input, the same in both models.
  ///   - outputMarks: a number for each place that is compared as an output.
  init(_ model: DiffModel, inputMarks: [Int], outputMarks: [Int: Int]) {
    self.model = model
    places = model.places
    self.inputMarks = inputMarks
    let producers = model.real.producers()
    self.producers = producers
    vertices = places.indices.map { place in
      let count = Self.weightCount(model, place, producers)
      return Vertex(
        steps: Self.steps(model, place, weightCount: count, producers),
        isPool: model.places[place].maker.isPool, weightCount: count,
        sources: model.sources(of: place).compactMap(\.place))
    }
    for place in vertices.indices {
      for (operand, source) in vertices[place].sources.enumerated() {
        vertices[source].readers.append((place, operand))
      }
    }
    for place in vertices.indices { vertices[place].up = upHash(place) }
    for place in vertices.indices.reversed() {
      vertices[place].down = downHash(place, outputMarks[place])
    }
  }

  /// The node by whose weights a place's operator multiplies.
  private static func weightedNode(_ model: DiffModel, _ place: Int) -> Node? {
    guard model.places[place].maker.isWeighted,
      let node = model.real.weightedNode(behind: model.places[place].tensor), node.inputs.count > 1,
      model.real.tensors[node.inputs[1]].constant != nil
    else { return nil }
    return node
  }

  /// The elements of a place's weights, of parts only once; 0 without weights.
  private static func weightCount(_ model: DiffModel, _ place: Int, _ producers: [Int?]) -> Int {
    guard let node = weightedNode(model, place) else { return 0 }
    return model.real.tensors[node.inputs[1]].elementCount
      / model.real.partCount(of: node, producers)
  }

  /// The places before each place.
  func ancestors() -> [Set<Int>] {
    var found: [Set<Int>] = []
    for vertex in vertices {
      found.append(
        vertex.sources.filter { $0 < found.count }
          .reduce(into: Set(vertex.sources)) { $0.formUnion(found[$1]) })
    }
    return found
  }

  func weights(of place: Int) -> [Float] {
    Self.weightedNode(model, place)
      .flatMap { model.real.layerWeights(of: $0, producers: producers)?.values } ?? []
  }

  static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return 0 }
    var (aa, bb, ab) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      aa += Double(x) * Double(x)
      bb += Double(y) * Double(y)
      ab += Double(x) * Double(y)
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }

  // MARK: Hashes

  private static func steps(
    _ model: DiffModel, _ place: Int, weightCount: Int, _ producers: [Int?]
  ) -> [String] {
    let spot = model.places[place]
    let size = spot.shape.filter { $0 != 1 }.map(String.init).joined(separator: ",")
    if weightCount > 0 {
      let step = "weights \(weightCount)"
      if case .blobOperator(_, hasPool: true) = spot.maker { return [step, "maxPool"] }
      return [step]
    }
    if spot.maker.onlyRenames { return [] }
    if case .blobOperator(.requantize, _) = spot.maker { return [] }
    if model.real.repetitionCount(of: spot.tensor, producers) > 1 { return [] }
    if case .node(.scalar(let function)) = spot.maker, function.bounds != nil { return [] }
    let kinds = spot.maker.kinds
    if kinds.contains(.maxPool) { return ["maxPool"] }
    if kinds.contains(.lookup) { return ["function \(size)"] }
    if !kinds.isDisjoint(with: [.averagePool, .mean]) { return ["average"] }
    return ["\(spot.maker.name) \(size)"]
  }

  private func upHash(_ place: Int) -> Int {
    let vertex = vertices[place]
    if places[place].operatorIndex == nil {
      return Self.hash(["input", place < inputMarks.count ? inputMarks[place] : -1])
    }
    // Sums and products may have their operands in either order.
    let before = vertex.sources.map { vertices[$0].up }
    if vertex.steps.isEmpty, before.count == 1 { return before[0] }
    let isOrdered = places[place].maker.hasOrderedOperands
    var value = Self.hash(["sources"] + (isOrdered ? before : before.sorted()))
    for step in vertex.steps { value = Self.hash([step, value]) }
    return value
  }

  private func downHash(_ place: Int, _ mark: Int?) -> Int {
    var after = vertices[place].readers.map { reader in
      var value = vertices[reader.place].down
      let next = vertices[reader.place]
      if next.steps.isEmpty, next.sources.count == 1 { return value }
      for step in next.steps.reversed() { value = Self.hash([step, value]) }
      let operand = places[reader.place].maker.hasOrderedOperands ? reader.operand : 0
      return Self.hash(["operand", operand, value])
    }
    if let mark { after.append(Self.hash(["output", mark])) }
    return after.count == 1 ? after[0] : Self.hash(["readers"] + after.sorted())
  }

  /// FNV-1a over the texts: the same in every run, which Swift's own hashes are not.
  private static func hash(_ parts: [any CustomStringConvertible]) -> Int {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for part in parts {
      for byte in part.description.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
      value = (value ^ 0xFF) &* 0x100_0000_01B3
    }
    return Int(bitPattern: UInt(value))
  }
}

extension Maker {
  fileprivate var isPool: Bool { kinds.contains(.maxPool) }

  /// Whether it matters which operand is which.
  fileprivate var hasOrderedOperands: Bool {
    kinds.isDisjoint(with: [.add, .multiply, .minimum, .maximum, .squaredDifference])
  }
}
