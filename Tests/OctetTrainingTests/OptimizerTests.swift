import Foundation
import OctetModel
import OctetTraining
import Testing

/// Optimizers against their definitions in double precision, over a few steps of one layer.
@Suite struct OptimizerTests {
  @Test(arguments: [Optimizer.sgd, .momentum(0.9), .adam()], [Float(0), 0.1])
  func stepsFollowTheDefinition(_ optimizer: Optimizer, _ weightDecay: Float) throws {
    var builder = TestGraph(height: 3, width: 3, channelCount: 1, seed: 4)
    var graph = builder.finish()
    let images = randomImages(
      16, height: 3, width: 3, channelCount: 1, classCount: TestGraph.classCount, seed: 4)
    var options = TrainingOptions()
    options.epochCount = 3
    options.batchSize = 16
    options.validationFraction = 0
    options.initialization = .keep
    options.optimizer = optimizer
    options.weightDecay = weightDecay
    options.learningRate = 0.05
    options.schedule = .step(epochs: 1, factor: 0.5)
    let trained = try Trainer(graph, options: options).train(images).graph

    var state: [TensorIndex: (first: [Double], second: [Double])] = [:]
    for step in 1...3 {
      let rate = 0.05 * pow(0.5, Double(step - 1))
      let gradients = try TrainingNetwork(graph).lossAndGradients(
        images, kernels: FloatKernels.best
      ).gradients
      for (tensor, gradient) in gradients {
        guard case .float(let old)? = graph.tensors[tensor].constant else { continue }
        let decay = graph.tensors[tensor].shape.count > 1 ? Double(weightDecay) : 0
        let zeros = [Double](repeating: 0, count: old.count)
        var (first, second) = state[tensor] ?? (zeros, zeros)
        var new = old
        for i in old.indices {
          var value = Double(old[i])
          var g = Double(gradient[i])
          switch optimizer {
          case .sgd: value -= rate * (g + decay * value)
          case .momentum(let momentum):
            first[i] = Double(momentum) * first[i] + g + decay * value
            value -= rate * first[i]
          case .adam(let b1, let b2, let epsilon):
            value *= 1 - rate * decay
            first[i] = Double(b1) * first[i] + (1 - Double(b1)) * g
            second[i] = Double(b2) * second[i] + (1 - Double(b2)) * g * g
            g = first[i] / (1 - pow(Double(b1), Double(step)))
            value -=
              rate * g
              / ((second[i] / (1 - pow(Double(b2), Double(step)))).squareRoot()
                + Double(epsilon))
          }
          new[i] = Float(value)
        }
        state[tensor] = (first, second)
        graph.tensors[tensor].constant = .float(new)
      }
    }
    for (index, tensor) in graph.tensors.enumerated() {
      guard case .float(let expected)? = tensor.constant,
        case .float(let actual)? = trained.tensors[index].constant
      else { continue }
      for i in expected.indices { #expect(abs(expected[i] - actual[i]) < 2e-5) }
    }
  }

  @Test func schedules() {
    let cosine = Schedule.cosine
    #expect(cosine.factor(step: 0, stepCount: 100, stepsPerEpoch: 10) == 1)
    #expect(abs(cosine.factor(step: 50, stepCount: 100, stepsPerEpoch: 10) - 0.5) < 1e-6)
    #expect(cosine.factor(step: 100, stepCount: 100, stepsPerEpoch: 10) < 1e-6)
    let step = Schedule.step(epochs: 2, factor: 0.1)
    #expect(step.factor(step: 19, stepCount: 100, stepsPerEpoch: 10) == 1)
    #expect(step.factor(step: 20, stepCount: 100, stepsPerEpoch: 10) == 0.1)
  }

  @Test(arguments: [Initialization.he, .xavier])
  func initialWeightsFillTheirBounds(_ initialization: Initialization) throws {
    let graph = try Architectures.lenet(height: 28, width: 28, channelCount: 1, classCount: 10)
    var options = TrainingOptions()
    options.epochCount = 0
    options.initialization = initialization
    let images = randomImages(
      1, height: 28, width: 28, channelCount: 1, classCount: 10, seed: 1)
    let result = try Trainer(graph, options: options).train(images).graph
    let fans = ["conv1": (25, 150), "conv2": (150, 400), "fc1": (400, 120), "fc3": (84, 10)]
    for tensor in result.tensors {
      guard case .float(let values)? = tensor.constant else { continue }
      let parts = tensor.name.split(separator: ".").map(String.init)
      if parts[1] == "bias" {
        #expect(values.allSatisfy { $0 == 0 })
      } else if let (fanIn, fanOut) = fans[parts[0]] {
        let fan = initialization == .he ? fanIn : fanIn + fanOut
        let bound = (6 / Float(fan)).squareRoot()
        let largest = values.map(abs).max() ?? 0
        #expect(largest <= bound && largest > 0.9 * bound)
      }
    }
  }
}
