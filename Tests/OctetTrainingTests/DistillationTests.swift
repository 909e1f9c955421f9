import Foundation
import OctetModel
import OctetTraining
import Testing

/// The loss that a teacher's scores are part of, against its definition in double precision, and
/// its gradients against numerical differentiation of that.
@Suite struct DistillationTests {
  @Test(arguments: [(0.5, 2), (1, 4), (0.25, 1)] as [(Float, Float)])
  func lossAndGradients(share: Float, temperature: Float) throws {
    var test = TestGraph(height: 6, width: 5, channelCount: 2, seed: 8)
    test.convolution(outputs: 3, kernel: Extent(3))
    test.relu()
    let graph = test.finish()
    let imageCount = 20
    let images = randomImages(
      imageCount, height: 6, width: 5, channelCount: 2, classCount: TestGraph.classCount, seed: 7)
    let inputs = (0..<imageCount).map { index in
      images.pixels[index * 60..<(index + 1) * 60].map { Double($0) / 255 }
    }
    let scores = (0..<imageCount * TestGraph.classCount).map { Float($0 * 7 % 11) / 2 - 2 }
    let teacher = Teacher(logits: scores, share: share, temperature: temperature)

    func logSoftmax(_ values: [Double]) -> [Double] {
      let scaled = values.map { $0 / Double(temperature) }
      let logarithm = log(scaled.reduce(0) { $0 + exp($1) })
      return scaled.map { $0 - logarithm }
    }
    func loss(_ oracle: OracleNetwork) -> Double {
      let byLabels = oracle.loss(inputs, images.labels)
      let divergence = oracle.logits(inputs, isTraining: true).enumerated().reduce(0.0) {
        let first = $1.offset * TestGraph.classCount
        let taught = logSoftmax(
          scores[first..<first + TestGraph.classCount].map(Double.init))
        return zip(taught, logSoftmax($1.element)).reduce($0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      }
      let weight = Double(share * temperature * temperature)
      return Double(1 - share) * byLabels + weight * divergence / Double(imageCount)
    }

    var oracle = OracleNetwork(graph)
    let network = try TrainingNetwork(graph)
    for kernels in FloatKernels.available {
      let actual = try network.lossAndGradients(images, teacher: teacher, kernels: kernels)
      #expect(abs(actual.loss - loss(oracle)) < 1e-5)
      let step = 1e-5
      for segment in network.parameters {
        let values = try #require(oracle.constants[segment.tensor])
        for index in values.indices where index % 7 == 0 {
          oracle.constants[segment.tensor]?[index] = values[index] + step
          let above = loss(oracle)
          oracle.constants[segment.tensor]?[index] = values[index] - step
          let below = loss(oracle)
          oracle.constants[segment.tensor]?[index] = values[index]
          let expected = (above - below) / (2 * step)
          let own = Double(try #require(actual.gradients[segment.tensor])[index])
          #expect(
            abs(own - expected) < 1e-5 + 2e-4 * abs(expected),
            "\(graph.tensors[segment.tensor].name)[\(index)]: \(own), numerically \(expected)")
        }
      }
    }
  }
}
