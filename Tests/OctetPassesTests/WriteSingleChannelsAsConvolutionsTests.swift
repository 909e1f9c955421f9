import OctetModel
import OctetPasses
import Testing

@Suite struct WriteSingleChannelsAsConvolutionsTests {
  /// A depthwise layer of int8 with windows of 1×2 and three outputs a channel.
  private func graph(channels: Int, elementType: ElementType = .int8) -> Graph {
    var graph = Graph(name: "deep")
    let activation = Quantization(scale: 0.1, zeroPoint: 3)
    let count = 3 * channels
    let input = graph.add(
      Tensor(
        name: "x", shape: [1, 4, 5, channels], elementType: elementType, quantization: activation))
    let weights = graph.add(
      Tensor(
        name: "w", shape: [1, 1, 2, count], elementType: .int8,
        constant: .int8((0..<2 * count).map { Int8($0) }),
        quantization: Quantization(
          scales: (1...count).map { Float($0) }, zeroPoints: Array(repeating: 0, count: count),
          axis: 3)))
    let output = graph.add(
      Tensor(
        name: "y", shape: [1, 4, 4, count], elementType: elementType, quantization: activation))
    var attributes = ConvolutionAttributes()
    attributes.groups = channels
    graph.nodes = [
      Node(
        name: "deep", operation: .depthwiseConvolution(attributes), inputs: [input, weights],
        outputs: [output])
    ]
    graph.inputs = [input]
    graph.outputs = [output]
    return graph
  }

  /// Output by output instead of tap by tap; the scales go with the outputs.
  @Test func weightsAreTakenInTheOtherOrder() throws {
    let before = graph(channels: 1)
    let after = before.withSingleChannelsAsConvolutions()
    let node = after.nodes[0]
    guard case .convolution(let attributes) = node.operation else {
      Issue.record("it is \(node.operation.name)")
      return
    }
    let weights = after.tensors[node.inputs[1]]
    #expect(attributes.groups == 1)
    #expect(weights.shape == [3, 1, 2, 1])
    #expect(weights.constant == .int8([0, 3, 1, 4, 2, 5]))
    #expect(weights.quantization?.axis == 0 && weights.quantization?.scales == [1, 2, 3])
    // Another layer may read the same weights.
    let index = before.nodes[0].inputs[1]
    #expect(after.tensors[index] == before.tensors[index])
  }

  @Test func othersStay() {
    for graph in [graph(channels: 2), graph(channels: 1, elementType: .int16)] {
      #expect(graph.withSingleChannelsAsConvolutions() == graph)
    }
  }
}
