import Foundation
import OctetModel
import OctetTraining
import Testing

/// Optimizers against their definitions in double precision, over a few steps of one layer.
@Suite struct OptimizerTests {
  /// How one step differs from plain gradients.
  struct Case: Sendable, CustomStringConvertible {
    var optimizer: Optimizer
    var weightDecay: Float = 0, l1: Float = 0, l2: Float = 0
    var clippingNorm: Float?
    var averagingDecay: Float?
    var description: String { "\(optimizer) \(weightDecay) \(l1) \(l2) \(clippingNorm ?? 0)" }

    var options: TrainingOptions {
      var options = TrainingOptions()
      options.epochCount = 3
      options.batchSize = 16
      options.validationFraction = 0
      options.initialization = .keep
      options.optimizer = optimizer
      options.weightDecay = weightDecay
      options.l1 = l1
      options.l2 = l2
      options.clippingNorm = clippingNorm
      options.averagingDecay = averagingDecay
      options.learningRate = 0.05
      options.schedule = .step(epochs: 1, factor: 0.5)
      return options
    }
  }

  static let rules: [Optimizer] = [
    .sgd, .momentum(0.9), .nesterov(0.8), .adaGrad(), .rmsProp(smoothing: 0.9), .adam(),
  ]
  static let cases: [Case] =
    rules.flatMap { [Case(optimizer: $0), Case(optimizer: $0, weightDecay: 0.1)] }
    + rules.map { Case(optimizer: $0, l1: 0.02, l2: 0.05, clippingNorm: 0.5) }
    + [
      Case(optimizer: .momentum(), averagingDecay: 0.9),
      Case(optimizer: .sgd, averagingDecay: 0.1),
    ]

  /// The state of one constant.
  private struct State {
    var values, first, second, average: [Double]

    init(_ values: [Float]) {
      self.values = values.map(Double.init)
      first = [Double](repeating: 0, count: values.count)
      second = first
      average = self.values
    }

    /// - Parameter gradient: as clipped; `decays`: the constant is a weight.
    mutating func step(_ gradient: [Double], _ number: Int, rate: Double, decays: Bool, _ c: Case) {
      for i in values.indices {
        var g = gradient[i]
        if decays {
          g += Double(c.l2) * values[i]
          g += Double(c.l1) * (values[i] > 0 ? 1 : values[i] < 0 ? -1 : 0)
          if case .adam = c.optimizer {
            values[i] *= 1 - rate * Double(c.weightDecay)
          } else {
            g += Double(c.weightDecay) * values[i]
          }
        }
        switch c.optimizer {
        case .sgd: values[i] -= rate * g
        case .momentum(let momentum):
          first[i] = Double(momentum) * first[i] + g
          values[i] -= rate * first[i]
        case .nesterov(let momentum):
          first[i] = Double(momentum) * first[i] + g
          values[i] -= rate * (g + Double(momentum) * first[i])
        case .adaGrad(let epsilon):
          second[i] += g * g
          values[i] -= rate * g / (second[i].squareRoot() + Double(epsilon))
        case .rmsProp(let smoothing, let epsilon):
          second[i] = Double(smoothing) * second[i] + (1 - Double(smoothing)) * g * g
          values[i] -= rate * g / (second[i].squareRoot() + Double(epsilon))
        case .adam(let b1, let b2, let epsilon):
          first[i] = Double(b1) * first[i] + (1 - Double(b1)) * g
          second[i] = Double(b2) * second[i] + (1 - Double(b2)) * g * g
          let first = first[i] / (1 - pow(Double(b1), Double(number)))
          let second = second[i] / (1 - pow(Double(b2), Double(number)))
          values[i] -= rate * first / (second.squareRoot() + Double(epsilon))
        }
        if let decay = c.averagingDecay {
          let kept = min(Double(decay), Double(1 + number) / Double(10 + number))
          average[i] = kept * average[i] + (1 - kept) * values[i]
        }
      }
    }
  }

  @Test(arguments: cases)
  func stepsFollowTheDefinition(_ c: Case) throws {
    var builder = TestGraph(height: 3, width: 3, channelCount: 1, seed: 4)
    var graph = builder.finish()
    let images = randomImages(
      16, height: 3, width: 3, channelCount: 1, classCount: TestGraph.classCount, seed: 4)
    let trained = try Trainer(graph, options: c.options).train(images).graph

    var states: [TensorIndex: State] = [:]
    for step in 1...3 {
      let gradients = try TrainingNetwork(graph).lossAndGradients(
        images, kernels: FloatKernels.best
      ).gradients
      let norm = gradients.values.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let scale = c.clippingNorm.map { min(Double($0) / (norm + 1e-6), 1) } ?? 1
      #expect(c.clippingNorm == nil || step > 1 || scale < 1)
      for (tensor, gradient) in gradients {
        guard case .float(let old)? = graph.tensors[tensor].constant else { continue }
        var state = states[tensor] ?? State(old)
        state.step(
          gradient.map { Double($0) * scale }, step, rate: 0.05 * pow(0.5, Double(step - 1)),
          decays: graph.tensors[tensor].shape.count > 1, c)
        states[tensor] = state
        graph.tensors[tensor].constant = .float(state.values.map { Float($0) })
      }
    }
    for (index, state) in states {
      guard case .float(let actual)? = trained.tensors[index].constant else { continue }
      let expected = c.averagingDecay == nil ? state.values : state.average
      for i in expected.indices { #expect(abs(expected[i] - Double(actual[i])) < 3e-5) }
    }
  }

  /// Against differences of the loss, which is computed here from its definition.
  @Test(arguments: Loss.allCases, [Float(0), 0.2])
  func lossesFollowTheDefinition(_ loss: Loss, _ smoothing: Float) throws {
    var builder = TestGraph(height: 3, width: 3, channelCount: 1, seed: 5)
    let graph = builder.finish()
    let images = randomImages(
      20, height: 3, width: 3, channelCount: 1, classCount: TestGraph.classCount, seed: 5)
    func expected(_ graph: Graph) throws -> Double {
      let outputs = try Evaluator(graph).logits(images).map(Double.init)
      var sum = 0.0
      for (index, label) in images.labels.enumerated() {
        let row = outputs[index * 3..<index * 3 + 3]
        let total = log(row.reduce(0) { $0 + exp($1) })
        for (c, y) in row.enumerated() {
          let target =
            Double(smoothing) / 3 + (c == Int(label) ? 1 - Double(smoothing) : 0)
          sum += loss == .crossEntropy ? target * (total - y) : (y - target) * (y - target) / 3
        }
      }
      return sum / 20
    }
    let (value, gradients) = try TrainingNetwork(graph).lossAndGradients(
      images, loss: loss, smoothing: smoothing, kernels: FloatKernels.best)
    #expect(try abs(value - expected(graph)) < 1e-5)
    for (tensor, gradient) in gradients {
      for i in gradient.indices.prefix(5) {
        func moved(_ by: Float) throws -> Double {
          guard case .float(var values)? = graph.tensors[tensor].constant else { return 0 }
          values[i] += by
          var graph = graph
          graph.tensors[tensor].constant = .float(values)
          return try expected(graph)
        }
        let slope = try (moved(0.01) - moved(-0.01)) / 0.02
        #expect(abs(slope - Double(gradient[i])) < 2e-3, "\(tensor) \(i)")
      }
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
    let exponential = Schedule.exponential(factor: 0.25)
    #expect(exponential.factor(step: 10, stepCount: 100, stepsPerEpoch: 10) == 0.25)
    #expect(exponential.factor(step: 5, stepCount: 100, stepsPerEpoch: 10) == 0.5)
    let inverse = Schedule.inverse(decay: 0.5)
    #expect(inverse.factor(step: 0, stepCount: 100, stepsPerEpoch: 10) == 1)
    #expect(inverse.factor(step: 20, stepCount: 100, stepsPerEpoch: 10) == 0.5)
  }

  @Test(arguments: [
    Schedule.constant, .cosine, .step(epochs: 1, factor: 0.5), .exponential(factor: 0.5),
    .inverse(decay: 1),
  ])
  func warmUpComesBeforeTheSchedule(_ schedule: Schedule) {
    var options = TrainingOptions()
    options.schedule = schedule
    options.warmUpEpochs = 1.5
    func factor(_ step: Int) -> Float {
      options.rateFactor(step: step, stepCount: 60, stepsPerEpoch: 10)
    }
    for step in 0..<15 { #expect(factor(step) == Float(Double(step + 1) / 15)) }
    for step in 15..<60 {
      #expect(
        factor(step) == schedule.factor(step: step - 15, stepCount: 45, stepsPerEpoch: 10))
    }
  }

  /// Mean, deviation and bounds of what is drawn.
  @Test(arguments: [
    Initialization.zero, .normal(deviation: 0.02), .truncatedNormal(deviation: 0.1),
  ])
  func bellsHaveTheirDeviation(_ initialization: Initialization) throws {
    let graph = try Architectures.lenet(height: 28, width: 28, channelCount: 1, classCount: 10)
    var options = TrainingOptions()
    options.epochCount = 0
    options.initialization = initialization
    let images = randomImages(1, height: 28, width: 28, channelCount: 1, classCount: 10, seed: 1)
    let result = try Trainer(graph, options: options).train(images).graph
    let weights = result.tensors.filter { $0.name == "fc1.weight" }
    guard case .float(let values)? = weights.first?.constant else { return }
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + Double($1) } / count
    let deviation = (values.reduce(0) { $0 + pow(Double($1) - mean, 2) } / count).squareRoot()
    switch initialization {
    case .normal: #expect(abs(mean) < 4e-4 && abs(deviation - 0.02) < 3e-4)
    case .truncatedNormal:
      // A normal cut at ±2 has 0.8796 of its deviation.
      #expect(abs(mean) < 2e-3 && abs(deviation - 0.08796) < 1e-3)
      #expect(values.allSatisfy { abs($0) <= 0.2 })
    default: #expect(values.allSatisfy { $0 == 0 })
    }
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
