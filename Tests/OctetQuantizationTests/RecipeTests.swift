import Foundation
import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Equalization, bias correction and rounding, each by itself and as they are chosen.
@Suite struct RecipeTests {
  /// LeNet's form, small; one channel of the first layer `spread` times as wide, and what reads it
  /// so much narrower.
  private func network(spread: Float) throws -> Graph {
    var builder = NetworkBuilder(seed: 5, height: 12, width: 12, channelCount: 1)
    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    try builder.convolution("first", outputCount: 6, kernel: Extent(3), attributes)
    let pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    try builder.maxPool("pool", pool)
    try builder.convolution("second", outputCount: 8, kernel: Extent(3), attributes)
    try builder.fullyConnected("fc", outputCount: 10)
    var graph = builder.finished(labelled: true)
    func scale(_ tensor: String, _ factor: Float, _ isScaled: (Int) -> Bool) throws {
      let index = try #require(graph.tensors.firstIndex { $0.name == tensor })
      guard case .float(var values) = graph.tensors[index].constant else { return }
      for position in values.indices where isScaled(position) { values[position] *= factor }
      graph.tensors[index].constant = .float(values)
    }
    try scale("first.weight", spread) { $0 < 9 }
    try scale("first.bias", spread) { $0 == 0 }
    try scale("second.weight", 1 / spread) { $0 % 6 == 0 }
    return graph
  }

  private func decibels(
    _ graph: Graph, _ change: (inout Quantizer.Options) -> Void
  ) throws -> Double {
    var options = Quantizer.Options()
    options.keepsFullScores = true
    change(&options)
    let result = try Quantizer.quantize(graph, samples: Networks.samples(32), options: options)
    return try #require(result.outputs.first).variationDecibels
  }

  /// A channel that takes all codes for itself is found and mended without being asked for, and
  /// channels that are alike stay.
  @Test func wideChannelsAreEqualized() throws {
    let (plain, wide) = (try network(spread: 1), try network(spread: 500))
    let best = try decibels(plain) { _ in }
    #expect(try decibels(wide) { $0.equalization = .none } < best - 10)
    #expect(try decibels(wide) { _ in } > best - 2)
    var options = Quantizer.Options()
    let samples = Networks.samples(32)
    let chosen = try Quantizer.quantize(wide, samples: samples, options: options)
    #expect(chosen.equalization != .none)
    #expect(try Quantizer.quantize(plain, samples: samples, options: options).equalization == .none)
    options.equalization = .crossLayer
    #expect(
      try Quantizer.quantize(plain, samples: samples, options: options).equalization == .crossLayer)
  }

  /// Before a softmax scores get no codes for what no probability shows, labels or not.
  @Test func scoresBeforeASoftmax() throws {
    var builder = NetworkBuilder(seed: 4, height: 4, width: 4, channelCount: 1)
    try builder.fullyConnected("scores", outputCount: 6)
    try builder.softmax("softmax")
    var graph = builder.finished()
    let weights = try #require(graph.tensors.firstIndex { $0.name == "scores.weight" })
    guard case .float(let values) = graph.tensors[weights].constant else { return }
    graph.tensors[weights].constant = .float(values.map { $0 * 60 })
    var options = Quantizer.Options()
    options.equalization = .none
    let scales = try [false, true].map { keeps in
      options.keepsFullScores = keeps
      let result = try Quantizer.quantize(graph, samples: Networks.samples(32), options: options)
      let scores = try #require(result.graph.tensors.first { $0.name == "scores.output" })
      return try #require(scores.quantization?.scales[0])
    }
    #expect(scales[0] < scales[1])
  }

  /// What follows the layer's outputs is better than rounding to nearest, and the choice for each
  /// layer is hardly worse than the best by hand, on samples that nothing was fitted to.
  @Test func roundings() throws {
    let graph = try network(spread: 1)
    let (all, count) = (Networks.samples(384), 256)
    let seen = CalibrationSamples(count: count) { unsafe all.fill($0, $1, $2) }
    let found = try [Rounding.nearest, .errorFeedback, .adaptive, .automatic].map { rounding in
      var options = Quantizer.Options()
      (options.rounding, options.calibrator) = (rounding, .minMax)
      (options.biasCorrection, options.keepsFullScores) = (.none, true)
      let result = try Quantizer.quantize(graph, samples: seen, options: options)
      return try decibels(graph, result.graph, all, count..<all.count)
    }
    #expect(found[2] > found[0])
    #expect(found[3] > found[0])
    #expect(found[3] > (found.dropLast().max() ?? 0) - 0.5, "\(found)")
  }

  /// Signal over error of the first output on some of the samples.
  private func decibels(
    _ float: Graph, _ int8: Graph, _ samples: CalibrationSamples, _ range: Range<Int>
  ) throws -> Double {
    let machines = try [FloatInterpreter(float), FloatInterpreter(int8)]
    var (signal, noise) = (0.0, 0.0)
    for sample in range {
      let values = machines.map { machine in
        machine.withInput(0) { unsafe samples.fill(sample, 0, $0) }
        machine.run()
        return machine.value(of: machine.graph.outputs[0])
      }
      for (real, value) in zip(values[0], values[1]) {
        signal += Double(real * real)
        noise += Double((real - value) * (real - value))
      }
    }
    return 10 * log10(signal / noise)
  }

  /// Mean outputs of corrected layers are the float layers'.
  @Test func correctedBiases() throws {
    let graph = try network(spread: 1)
    var options = Quantizer.Options()
    (options.rounding, options.calibrator, options.equalization) = (.nearest, .minMax, .none)
    let samples = Networks.samples(32)
    for correction in [BiasCorrection.none, .data] {
      options.biasCorrection = correction
      let result = try Quantizer.quantize(graph, samples: samples, options: options)
      let machines = try [FloatInterpreter(graph), FloatInterpreter(result.graph)]
      var sums = [[Double]](repeating: [Double](repeating: 0, count: 10), count: 2)
      for sample in 0..<32 {
        for (position, machine) in machines.enumerated() {
          machine.withInput(0) { samples.fill(sample, 0, $0) }
          machine.run()
          let values = machine.value(of: machine.graph.outputs[0])
          for (index, value) in values.enumerated() { sums[position][index] += Double(value) / 32 }
        }
      }
      let scale = result.graph.tensors[result.graph.outputs[0]].quantization?.scales[0] ?? 0
      let worst = zip(sums[0], sums[1]).map { abs($0 - $1) }.max() ?? 0
      // Rounding of 32 results leaves a share of a step.
      if correction == .data { #expect(worst < Double(scale) * 0.3) }
    }
  }

  /// The mean that batch normalization promises is that of inputs that have its statistics.
  @Test func promisedMeans() throws {
    var builder = NetworkBuilder(seed: 2, height: 4, width: 4, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(1))
    try builder.batchNormalization("norm")
    try builder.append("relu", .scalar(.relu6))
    let graph = builder.finished()
    let gamma = try #require(graph.tensors.first { $0.name == "norm.gamma" })
    let beta = try #require(graph.tensors.first { $0.name == "norm.beta" })
    guard case .float(let gammas) = gamma.constant, case .float(let betas) = beta.constant else {
      return
    }
    let means = try #require(graph.normalizedMeans()["relu.output"])
    for channel in 0..<3 {
      // The midpoint rule over ten deviations.
      var sum = 0.0
      for step in 0..<4000 {
        let z = -10 + (Double(step) + 0.5) / 200
        let value = Double(betas[channel]) + Double(abs(gammas[channel])) * z
        sum += min(max(value, 0), 6) * exp(-z * z / 2) / (2 * Double.pi).squareRoot() / 200
      }
      #expect(abs(sum - means[channel]) < 1e-5)
    }
  }
}
