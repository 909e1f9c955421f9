import OctetModel

extension Graph {
  /// Gives image inputs that are only flattened, as a perceptron's, the layout of all others: NHWC.
  ///
  /// The ONNX importer leaves `[1, C, H, W]` as it is where no node is spatial; images come with
  /// their channels last. With one channel only the shape changes, otherwise a transposition is put
  /// before the first reader.
  ///
  /// Returns the positions of these inputs.
  @discardableResult
  public mutating func moveImageChannelsLast() -> [Int] {
    var moved: [Int] = []
    let consumers = consumers()
    var transpositions: [Node] = []
    for position in inputs.indices {
      let input = inputs[position]
      let shape = tensors[input].shape
      let isFlattened = consumers[input].allSatisfy {
        if case .reshape = nodes[$0].operation { true } else { false }
      }
      guard shape.count == 4, [1, 3, 4].contains(shape[1]), shape[2] > 4, shape[3] > 4, isFlattened
      else { continue }
      moved.append(position)
      let last = [shape[0], shape[2], shape[3], shape[1]]
      if shape[1] == 1 {
        tensors[input].shape = last
        continue
      }
      var image = tensors[input]
      image.shape = last
      tensors[input].name += "/channels_first"
      inputs[position] = add(image)
      transpositions.append(
        Node(
          name: image.name + "/transpose", operation: .transpose([0, 3, 1, 2]),
          inputs: [inputs[position]], outputs: [input]))
    }
    nodes = transpositions + nodes
    return moved
  }
}
