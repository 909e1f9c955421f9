/// Which values flow into an operation that wants the channels last, by way of operations that
/// leave the choice open. Such graph inputs are taken channels last from the start.
struct SpatialReach {
  var names = Set<String>()

  /// - Parameter integers: the integers of a constant of the file.
  init(_ graph: ONNXGraph, integers: (String) -> [Int64]?) {
    for node in graph.nodes.reversed() {
      if node.movesChannelsLast {
        if let first = node.inputs.first { names.insert(first) }
      } else if node.operatorName == "Unsqueeze", node.outputs.contains(where: names.contains) {
        // `[N, C, L]` → `[N, C, 1, L]`: the channels stay where they are.
        var axes: [Int64]? = node.inputs.count > 1 ? integers(node.inputs[1]) : nil
        if case .integers(let list) = node.attributes["axes"] { axes = list }
        if axes == [2], let first = node.inputs.first { names.insert(first) }
      } else {
        switch ONNXOperator.byName[node.operatorName]?.channels {
        case .last: if let first = node.inputs.first { names.insert(first) }
        case .kept:
          if node.outputs.contains(where: names.contains) { names.formUnion(node.inputs) }
        case .asInFile, nil: break
        }
      }
    }
  }

  func reaches(from name: String) -> Bool { names.contains(name) }
}

extension ONNXNode {
  /// Whether it puts the channels of an image last, where they are best from the start.
  fileprivate var movesChannelsLast: Bool {
    guard operatorName == "Transpose", case .integers(let order) = attributes["perm"],
      order.count >= 4
    else { return false }
    return order.map { Int(clamping: $0) } == ONNXLayout.channelsLast.permutation(rank: order.count)
  }
}
