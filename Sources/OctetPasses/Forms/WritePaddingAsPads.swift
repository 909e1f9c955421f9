import OctetModel

extension Graph {
  /// Puts the padding of windows into a node before them where kernels do not do it themselves:
  /// where a convolution has a window that begins behind the image, and so reads padding alone, and
  /// where an average counts padding.
  ///
  /// Every output keeps its value and its bytes.
  package mutating func writePaddingAsPads() {
    replaceNodesOnGrids { graph, node in
      let (x, y) = (
        graph.tensors[node.inputs[0]].shape, graph.tensors[node.outputs[0]].shape
      )
      guard x.count == 4, y.count == 4,
        let (operation, edge) = node.operation.withoutPadding(image: x, result: y)
      else { return nil }
      let shape = [x[0], x[1] + edge.top + edge.bottom, x[2] + edge.left + edge.right, x[3]]
      let pad = Operation.pad(
        before: [0, edge.top, edge.left, 0], after: [0, edge.bottom, edge.right, 0],
        mode: .constant(0))
      var result = Replacement(of: node)
      let padded = result.add(pad, [node.inputs[0]], "padded", shape, node: "pad", to: &graph)
      return result.ended(operation, [padded] + node.inputs.dropFirst())
    }
  }
}

extension Operation {
  /// The operation over an image that holds the padding, and that padding; nil where the kernel can
  /// pad.
  fileprivate func withoutPadding(image: [Int], result: [Int]) -> (Operation, Padding)? {
    if case .averagePool(var pool) = self, pool.countsPadding, pool.padding != Padding() {
      let edge = pool.padding
      (pool.padding, pool.countsPadding) = (Padding(), false)
      return (.averagePool(pool), edge)
    }
    var attributes: ConvolutionAttributes
    var isDepthwise = false
    if case .convolution(let own) = self {
      attributes = own
    } else if case .depthwiseConvolution(let own) = self {
      (attributes, isDepthwise) = (own, true)
    } else {
      return nil
    }
    let edge = attributes.padding
    guard edge != Padding(),
      (result[1] - 1) * attributes.stride.height - edge.top >= image[1]
        || (result[2] - 1) * attributes.stride.width - edge.left >= image[2]
    else { return nil }
    attributes.padding = Padding()
    return (isDepthwise ? .depthwiseConvolution(attributes) : .convolution(attributes), edge)
  }
}
