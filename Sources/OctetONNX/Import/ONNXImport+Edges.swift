import OctetPasses

extension ONNXImport {
  /// `Graph.moveImageChannelsLast`, of the ports too.
  public mutating func moveImageChannelsLast() {
    for position in graph.moveImageChannelsLast() {
      inputs[position].tensor = graph.inputs[position]
      inputs[position].layout = .channelsLast
    }
  }

  /// `Graph.moveQuantizationOutOfTheEdges`, of the ports too.
  public mutating func moveQuantizationOutOfTheEdges() {
    graph.moveQuantizationOutOfTheEdges()
    for position in inputs.indices { inputs[position].tensor = graph.inputs[position] }
    for position in outputs.indices { outputs[position].tensor = graph.outputs[position] }
  }
}
