import OctetData
import OctetModel
import OctetTraining
import Testing

/// Compares loss and gradients of a network for images of 6×5×2 with numerical differentiation of
/// the double-precision oracle, for all kernel sets of this machine.
func checkGradients(_ trainable: TrainableGraph, imageCount: Int) throws {
  let graph = trainable.graph
  let images = randomImages(
    imageCount, height: 6, width: 5, channelCount: 2, classCount: TestGraph.classCount, seed: 7)
  let inputs = (0..<images.count).map { index in
    images.pixels[index * 60..<(index + 1) * 60].map { Double($0) / 255 }
  }
  var oracle = OracleNetwork(graph)
  let expectedLoss = oracle.loss(inputs, images.labels)
  let network = try TrainingNetwork(trainable)
  let results = try FloatKernels.available.map {
    try network.lossAndGradients(images, kernels: $0)
  }
  for result in results { #expect(abs(result.loss - expectedLoss) < 1e-5) }

  let step = 1e-5
  var generator = Xoshiro256(seed: 7)
  for segment in network.parameters where segment.isTrained {
    let tensor = segment.tensor
    let values = try #require(oracle.constants[tensor])
    // All of the small ones, a sample of the large ones.
    let indices =
      values.count <= 24
      ? Array(values.indices) : (0..<24).map { _ in generator.next(below: values.count) }
    for index in indices {
      oracle.constants[tensor]?[index] = values[index] + step
      let above = oracle.loss(inputs, images.labels)
      oracle.constants[tensor]?[index] = values[index] - step
      let below = oracle.loss(inputs, images.labels)
      oracle.constants[tensor]?[index] = values[index]
      let expected = (above - below) / (2 * step)
      for result in results {
        let actual = Double(try #require(result.gradients[tensor])[index])
        #expect(
          abs(actual - expected) < 1e-5 + 2e-4 * abs(expected),
          "\(graph.tensors[tensor].name)[\(index)]: \(actual), numerically \(expected)")
      }
    }
  }
}
