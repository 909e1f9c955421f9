import COctetFloatKernels
import Foundation
import OctetData
import OctetModel
import OctetTraining
import Testing

/// Gradients of training in int8 against their definition in double precision, on the very codes of
/// the forward pass: what rounding, clipping and a pool's choice do is the same on both sides, so
/// they agree to what floats hold. Gradients of the network in floats differ by far more where many
/// layers round and pools choose among codes that are alike.
@Suite struct CodedGradientTests {
  /// All of them with `OCTET_CODED_NETWORKS=all`.
  static let names: [String] =
    ProcessInfo.processInfo.environment["OCTET_CODED_NETWORKS"] == "all"
    ? Architectures.all.map(\.name) : ["mobilenet", "googlenet", "resnet"]

  @Test(arguments: names)
  func networksFollowTheDefinition(_ name: String) throws {
    for weightBits in [8, 4] {
      try expectDefinition(CodedExample(name, weightBits: weightBits), seed: UInt64(weightBits))
    }
  }

  private func expectDefinition(_ example: CodedExample, seed: UInt64) throws {
    let trainer = try QuantizedTrainer(example.int8, from: example.float)
    let network = moved(trainer, seed: seed)
    let images = example.images.prefix(2)
    let actual = try TrainingNetwork(network)
      .lossAndGradients(images, kernels: FloatKernels.best)
    let codes = try trainer.codes(of: images, network: network)
    var oracle = CodedOracle(trainer.model(network), codes: codes)
    let loss = oracle.loss(Array(images.labels.prefix(2)))
    #expect(abs(actual.loss - loss) < 1e-5 * max(1, loss))
    let expected = try definition(oracle, trainer, network, imageCount: 2)
    #expect(Set(expected.keys) == Set(actual.gradients.keys))
    for (tensor, values) in expected {
      let own = try #require(actual.gradients[tensor])
      let name = network.graph.tensors[tensor].name
      #expect(own.count == values.count)
      let largest = values.reduce(0) { max($0, abs($1)) }
      for (index, value) in values.enumerated() {
        #expect(
          abs(Double(own[index]) - value) <= 2e-4 * largest + 1e-7,
          "\(name)[\(index)]: \(own[index]), by definition \(value), of at most \(largest)")
      }
    }
  }

  /// The network with weights between codes, some beyond the last, and all steps a little apart from
  /// where they began.
  private func moved(_ trainer: QuantizedTrainer, seed: UInt64) -> TrainableGraph {
    var network = trainer.network
    var random = Xoshiro256(seed: seed)
    let steps = trainer.learnedSteps
    let ofSteps = Set(steps.weights.values).union([steps.results].compactMap { $0 })
    for index in network.graph.tensors.indices {
      guard case .float(let values) = network.graph.tensors[index].constant else { continue }
      if ofSteps.contains(index) {
        network.graph.tensors[index].constant = .float(
          values.map { $0 + random.uniform(bound: 0.1) })
      } else if steps.weights[index] != nil {
        network.graph.tensors[index].constant = .float(
          values.map { $0 + random.uniform(bound: 0.02) })
      }
    }
    return network
  }

  /// The gradients of what is trained, from those of real numbers and of steps.
  private func definition(
    _ oracle: CodedOracle, _ trainer: QuantizedTrainer, _ network: TrainableGraph, imageCount: Int
  ) throws -> [TensorIndex: [Double]] {
    let start = trainer.model(trainer.network)
    let model = oracle.graph
    let learned = trainer.learnedSteps
    var result: [TensorIndex: [Double]] = [:]
    for node in model.nodes {
      guard let axis = node.operation.weightChannelAxis else { continue }
      let weights = node.inputs[1]
      let tensor = model.tensors[weights]
      let limit = tensor.elementType == .int4 ? 7.0 : 127.0
      let own = try #require(oracle.gradients[weights])
      let parameters = try #require(network.graph.tensors[weights].floats)
      let begun = try #require(start.tensors[weights].quantization?.scales)
      let steps = try #require(tensor.quantization?.scales)
      let inner = tensor.shape[(axis + 1)...].reduce(1, *)
      let rows = own.count / steps.count
      var (ofWeights, ofSteps) = (own, [Double](repeating: 0, count: steps.count))
      for index in own.indices {
        let channel = index / inner % steps.count
        let (unit, step) = (Double(begun[channel]) * limit, Double(steps[channel]))
        let value = Double(parameters[index]) * unit / step
        ofWeights[index] = abs(value) <= limit + 0.5 ? own[index] * unit : 0
        let share =
          abs(value) < limit
          ? value.rounded(.toNearestOrEven) - value : value < 0 ? -limit : limit
        ofSteps[channel] += own[index] * share * step / (Double(rows) * limit).squareRoot()
      }
      result[weights] = ofWeights
      if let place = learned.weights[weights] { result[place] = ofSteps }
      if node.inputs.count > 2 {
        let unit = 64 * Double(start.tensors[node.outputs[0]].quantization?.scales[0] ?? 0)
        result[node.inputs[2]] = oracle.gradients[node.inputs[2]]?.map { $0 * unit }
      }
    }
    if let place = learned.results {
      var sums = [Double](repeating: 0, count: network.graph.tensors[place].elementCount)
      for (tensor, sum) in oracle.steps {
        guard let position = trainer.stepPlace(of: tensor) else { continue }
        let step = Double(model.tensors[tensor].quantization?.scales[0] ?? 0)
        let count = Double(128 * model.tensors[tensor].elementCount)
        sums[position] += sum * step / count.squareRoot()
      }
      result[place] = sums
    }
    return result
  }
}
