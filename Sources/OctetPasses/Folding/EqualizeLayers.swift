import OctetModel

/// What equalization made of a channel: `x' = x / scale − shift`.
package struct ChannelChange: Sendable, Equatable {
  package var scale: Float = 1
  package var shift: Float = 0
}

extension Graph {
  /// Sweeps over all layers, of which the last ones change next to nothing.
  private static let equalizationSweeps = 100

  /// Divides each channel between layers by a factor and multiplies the weights that read it, so
  /// that the largest weights that make it and that read it are equal: with r₁ and r₂ for these,
  /// the factor is √(r₁ / r₂). Layer after layer, until nothing changes any more.
  ///
  /// Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
  /// Correction", ICCV 2019, equation 11. Channels pass through ReLU, leaky ReLU, pools, means,
  /// reshapes, additions and concatenations, of which all parts then have one factor. They do not
  /// pass through other activations: ReLU6 clips all channels alike.
  ///
  /// Every output keeps its value, but for the rounding of floats. Tensors whose values change are
  /// renamed.
  ///
  /// - Returns: what became of each channel of each such tensor.
  @discardableResult
  package mutating func equalizeLayers() -> [TensorIndex: [ChannelChange]] {
    let groups = ChannelGroups(self)
    if groups.groups.isEmpty { return [:] }
    var weights = EqualizedWeights(self, groups)
    var factors = [Double](repeating: 1, count: groups.groups.count)
    for _ in 0..<Self.equalizationSweeps {
      var change = 0.0
      for (index, group) in groups.groups.enumerated() {
        let before = weights.largest(rows: group.rows)
        let after = weights.largest(columns: group.columns)
        let factor = (before / after).squareRoot()
        // A channel that nothing makes, or nothing reads, stays.
        guard factor.isNormal, Float(factors[index] * factor).isNormal else { continue }
        weights.scale(group, by: factor)
        factors[index] *= factor
        change = max(change, abs(factor - 1))
      }
      if change < 1e-6 { break }
    }
    return finish(weights, groups, factors)
  }

  /// Writes weights and names; returns what became of each channel.
  private mutating func finish(
    _ weights: EqualizedWeights, _ groups: ChannelGroups, _ factors: [Double]
  ) -> [TensorIndex: [ChannelChange]] {
    weights.write(into: &self)
    var changes: [TensorIndex: [ChannelChange]] = [:]
    for (tensor, places) in groups.places {
      changes[tensor] = places.map { ChannelChange(scale: $0.map { Float(factors[$0]) } ?? 1) }
    }
    rename(changes.keys)
    return changes
  }

  /// Takes from each channel what it always exceeds, and adds what that was to the biases of the
  /// layers that read it.
  ///
  /// Source: Nagel et al., ICCV 2019, section 4.1.3. Only channels that pass through ReLU, pools,
  /// means and reshapes from one layer to others without padding. Outputs keep their values for all
  /// inputs whose channels are above `minima`, but for the rounding of floats. Tensors whose values
  /// change are renamed.
  ///
  /// - Parameter minima: the least value of each channel, of tensors without constants.
  /// - Returns: what became of each channel of each tensor that changed.
  @discardableResult
  package mutating func absorbBiases(
    minima: [TensorIndex: [Float]]
  ) -> [TensorIndex: [ChannelChange]] {
    let groups = ChannelGroups(self)
    var shifts = [Float](repeating: .infinity, count: groups.groups.count)
    for (tensor, places) in groups.places {
      for (channel, place) in places.enumerated() {
        guard let place else { continue }
        shifts[place] = min(shifts[place], max(0, minima[tensor]?[channel] ?? 0))
      }
    }
    for index in shifts.indices where !groups.groups[index].canShift || !shifts[index].isFinite {
      shifts[index] = 0
    }
    var weights = EqualizedWeights(self, groups)
    for (index, group) in groups.groups.enumerated() where shifts[index] > 0 {
      weights.shift(group, by: shifts[index])
    }
    weights.write(into: &self)
    var changes: [TensorIndex: [ChannelChange]] = [:]
    for (tensor, places) in groups.places {
      let own = places.map { ChannelChange(shift: $0.map { shifts[$0] } ?? 0) }
      if own.contains(where: { $0.shift > 0 }) { changes[tensor] = own }
    }
    rename(changes.keys)
    return changes
  }

  /// Takes amounts from channels that were found otherwise than by their least values.
  ///
  /// - Parameter amounts: called for each node with weights whose channels can be shifted, in
  ///   execution order, with its biases as they are by then and these channels; gives the amount,
  ///   0 or more, for each of the channels.
  package mutating func absorbBiases(
    amounts: (_ node: Int, _ biases: [Float], _ channels: [Int]) -> [Float]
  ) {
    let all = ChannelGroups(self)
    var weights = EqualizedWeights(self, all)
    let byNode = Dictionary(grouping: all.groups.filter(\.canShift)) { $0.rows[0].node }
    for (node, groups) in byNode.sorted(by: { $0.key < $1.key }) {
      guard let biases = weights.biases(of: node) else { continue }
      let found = amounts(node, biases, groups.map { $0.rows[0].channel })
      for (group, amount) in zip(groups, found) where amount > 0 {
        weights.shift(group, by: amount)
      }
    }
    weights.write(into: &self)
  }

  private mutating func rename(_ changed: some Sequence<TensorIndex>) {
    for tensor in changed { tensors[tensor].name += "/equalized" }
  }
}

/// The weights and biases of all layers at the ends of channels, with the factors of their rows and
/// columns: weights are multiplied once, however often factors change.
private struct EqualizedWeights {
  private struct Layer {
    let weights: [Float]
    var bias: [Float]
    /// The row and the column of each weight.
    var places: [(row: Int32, column: Int32)] = []
    /// The positions of the weights of each row and column.
    var rows: [[Int32]]
    var columns: [[Int32]]
    var rowFactors: [Double]
    var columnFactors: [Double]
    var isChanged = false

    /// The largest weight of a row or column as it is now.
    func largest(_ positions: [Int32]) -> Double {
      positions.reduce(0) { max($0, abs(weight(Int($1)))) }
    }

    func weight(_ position: Int) -> Double {
      let (row, column) = places[position]
      return Double(weights[position]) * columnFactors[Int(column)] * rowFactors[Int(row)]
    }
  }

  private var layers: [Int: Layer] = [:]

  init(_ graph: Graph, _ groups: ChannelGroups) {
    let nodes = Set(groups.groups.flatMap { $0.rows + $0.columns }.map(\.node))
    for index in nodes {
      let node = graph.nodes[index]
      guard let layout = WeightLayout(graph, node),
        let weights = graph.tensors[node.inputs[1]].floats
      else { continue }
      let bias = node.inputs.count > 2 ? graph.tensors[node.inputs[2]].floats : nil
      var layer = Layer(
        weights: weights, bias: bias ?? [Float](repeating: 0, count: layout.rowCount),
        rows: [[Int32]](repeating: [], count: layout.rowCount),
        columns: [[Int32]](repeating: [], count: layout.columnCount),
        rowFactors: [Double](repeating: 1, count: layout.rowCount),
        columnFactors: [Double](repeating: 1, count: layout.columnCount))
      for position in weights.indices {
        let (row, column) = layout.place(of: position)
        layer.places.append((Int32(row), Int32(column)))
        layer.rows[row].append(Int32(position))
        layer.columns[column].append(Int32(position))
      }
      layers[index] = layer
    }
  }

  /// The largest weight of any of the ends.
  func largest(rows: [ChannelGroups.End]) -> Double {
    rows.compactMap { end in layers[end.node].map { $0.largest($0.rows[end.channel]) } }.max() ?? 0
  }

  /// The largest weight of any of the ends.
  func largest(columns: [ChannelGroups.End]) -> Double {
    columns.compactMap { end in layers[end.node].map { $0.largest($0.columns[end.channel]) } }
      .max() ?? 0
  }

  func biases(of node: Int) -> [Float]? { layers[node]?.bias }

  mutating func scale(_ group: ChannelGroups.Group, by factor: Double) {
    for end in group.rows { layers[end.node]?.rowFactors[end.channel] /= factor }
    for end in group.columns { layers[end.node]?.columnFactors[end.channel] *= factor }
    for end in group.rows + group.columns { layers[end.node]?.isChanged = true }
  }

  mutating func shift(_ group: ChannelGroups.Group, by amount: Float) {
    for end in group.rows {
      layers[end.node]?.bias[end.channel] -= amount
      layers[end.node]?.isChanged = true
    }
    for end in group.columns {
      guard var layer = layers.removeValue(forKey: end.node) else { continue }
      for position in layer.columns[end.channel] {
        layer.bias[Int(layer.places[Int(position)].row)] += layer.weights[Int(position)] * amount
      }
      layer.isChanged = true
      layers[end.node] = layer
    }
  }

  func write(into graph: inout Graph) {
    for (index, layer) in layers.sorted(by: { $0.key < $1.key }) where layer.isChanged {
      let node = graph.nodes[index]
      let weights = graph.tensors[node.inputs[1]]
      let bias = layer.bias.indices.map { Float(Double(layer.bias[$0]) * layer.rowFactors[$0]) }
      let first = graph.add(
        Tensor(
          name: "\(weights.name)/equalized/\(node.name)", shape: weights.shape,
          constant: .float(layer.weights.indices.map { Float(layer.weight($0)) })))
      let second = graph.add(
        Tensor(
          name: "\(node.name)/bias/equalized", shape: [bias.count], constant: .float(bias)))
      graph.nodes[index].inputs = [node.inputs[0], first, second]
    }
  }
}
