import Foundation
import OctetCompiler
import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Activations of int16 where they are asked for, and changes of width around them.
@Suite struct Int16Tests {
  /// A residual block, a concatenation, a mean and a softmax: what int16 has operators for, and a
  /// maximum, for which it has none.
  private func network() throws -> Graph {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(1)
    attributes.activation = .relu
    var builder = NetworkBuilder(seed: 3, height: 6, width: 6, channelCount: 2)
    try builder.convolution("first", outputCount: 4, kernel: Extent(3), attributes)
    let trunk = builder.last
    try builder.depthwiseConvolution("depthwise", multiplier: 1, kernel: Extent(3), attributes)
    try builder.append("add", .add(.relu), [trunk])
    try builder.maxPool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    let pooled = builder.last
    try builder.convolution("second", outputCount: 4, kernel: Extent(1))
    try builder.append("maximum", .maximum, [pooled])
    try builder.append("join", .concatenation(axis: 3, activation: .none), [pooled])
    try builder.append("mean", .mean(axes: [1, 2], keepsDimensions: false))
    try builder.fullyConnected("scores", outputCount: 5)
    try builder.softmax("softmax")
    return builder.finished(labelled: true)
  }

  private func quantized(
    _ graph: Graph, _ int16: Int16Activations,
    _ change: (inout Quantizer.Options) -> Void = { _ in }
  ) throws -> Quantizer.Result {
    var options = Quantizer.Options()
    (options.int16, options.calibrator, options.equalization) = (int16, .minMax, .none)
    change(&options)
    return try Quantizer.quantize(graph, samples: Networks.samples(24), options: options)
  }

  /// The blob gives what the float interpreter gives for the quantized graph, to a step, and with
  /// activations of int16 that is nearer to the float model.
  @Test func allIsMoreExact() throws {
    let graph = try network()
    let narrow = try quantized(graph, .none)
    let wide = try quantized(graph, .all)
    #expect(wide.int16Layers.first == graph.tensors[graph.inputs[0]].name)
    #expect(wide.int16Layers.last == "softmax")
    #expect(!wide.int16Layers.contains("maximum"))
    #expect(wide.outputs[0].variationDecibels > narrow.outputs[0].variationDecibels + 6)
    let blob = try LoadedModel(Compiler.compile(wide.graph).blob)
    #expect(blob.output(0).isInt16 && blob.input(0).isInt16)
    let (runner, machine) = (try blob.makeRunner(), try FloatInterpreter(wide.graph))
    let samples = Networks.samples(4, seed: 9)
    for sample in 0..<4 {
      machine.withInput(0) { unsafe samples.fill(sample, 0, $0) }
      let codes = machine.value(of: wide.graph.inputs[0]).map {
        Int16(($0 / blob.input(0).scale).rounded())
      }
      unsafe runner.withInput(0) { bytes in
        unsafe UnsafeMutableRawBufferPointer(bytes).withMemoryRebound(to: Int16.self) {
          for (index, code) in codes.enumerated() { unsafe $0[index] = code }
        }
      }
      runner.run()
      machine.run()
      for (own, real) in zip(runner.realOutput(0), machine.value(of: wide.graph.outputs[0])) {
        #expect(abs(own - real) < 0.001)
      }
    }
  }

  /// One layer alone is int16; what it reads is brought there exactly, and the layers that read it
  /// get int8.
  @Test func layersByName() throws {
    let graph = try network()
    let result = try quantized(graph, .layers(["second"]))
    #expect(result.int16Layers == ["second"])
    let tensors = result.graph.tensors
    let second = try #require(result.graph.nodes.first { $0.name == "second" })
    #expect(tensors[second.outputs[0]].elementType == .int16)
    let source = tensors[second.inputs[0]]
    let change = try #require(result.graph.nodes.first { $0.outputs == [second.inputs[0]] })
    let before = try #require(tensors[change.inputs[0]].quantization)
    #expect(tensors[change.inputs[0]].elementType == .int8 && source.elementType == .int16)
    #expect(source.quantization?.scales[0] == before.scales[0] / 128)
    let maximum = try #require(result.graph.nodes.first { $0.name == "maximum" })
    #expect(maximum.inputs.allSatisfy { tensors[$0].elementType == .int8 })
    _ = try Compiler.compile(result.graph)
  }

  @Test func namesThatAreNone() throws {
    let graph = try network()
    let unknown = #expect(throws: QuantizationError.self) {
      try quantized(graph, .layers(["nothing"]))
    }
    #expect(unknown?.description.contains("no layer 'nothing'; there are") == true)
    let without = #expect(throws: QuantizationError.self) {
      try quantized(graph, .layers(["maximum"]))
    }
    #expect(without?.description.contains("no operator for int16") == true)
  }

  /// More decibels take as many layers or more; inputs and outputs stay int8, and so do their
  /// blobs' bytes.
  @Test func automatic() throws {
    let graph = try network()
    let some = try quantized(graph, .automatic(decibels: 1))
    let more = try quantized(graph, .automatic(decibels: 9))
    #expect(!some.int16Layers.isEmpty && some.int16Layers.count <= more.int16Layers.count)
    for result in [some, more] {
      let ends = result.graph.inputs + result.graph.outputs
      #expect(ends.allSatisfy { result.graph.tensors[$0].elementType == .int8 })
      _ = try Compiler.compile(result.graph)
    }
    #expect(some.int16Layers != more.int16Layers || some.int16Layers.count > 1)
  }

  /// Networks of every kind of layer run with all activations that can be int16, and as exactly as
  /// the float interpreter has them.
  @Test func randomNetworks() throws {
    for seed in 0..<12 {
      let graph = try Networks.random(seed: seed)
      let result = try quantized(graph, seed % 2 == 0 ? .all : .automatic(decibels: .infinity))
      let blob = try LoadedModel(Compiler.compile(result.graph).blob)
      #expect(blob.operatorCount > 0, "\(seed)")
      #expect(result.outputs.allSatisfy { $0.variationDecibels > 12 }, "\(seed)")
    }
    let every = try quantized(try Networks.everyOperator(), .all)
    _ = try Compiler.compile(every.graph)
  }
}
