import OctetCompiler
import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Models that are quantized in part: what has a grid keeps it.
@Suite struct MissingGridTests {
  /// Each activation in turn loses its grid, and gets one again; all others keep theirs, weights
  /// their integers.
  @Test func oneGridIsMissing() throws {
    let whole = try Networks.quantized(Networks.everyOperator())
    #expect(!whole.lacksGrids)
    let (producers, consumers) = (whole.producers(), whole.consumers())
    // A third of them, for the time's sake.
    for tensor in stride(from: 1, to: whole.tensors.count, by: 3)
    where whole.tensors[tensor].constant == nil && !whole.inputs.contains(tensor) {
      // Biases of the nodes that read it would be at another scale.
      if consumers[tensor].contains(where: { whole.nodes[$0].operation.weightChannelAxis != nil }) {
        continue
      }
      // A change of scale is to a scale.
      if let producer = producers[tensor], whole.nodes[producer].operation.isConversion { continue }
      var graph = whole
      graph.tensors[tensor].quantization = nil
      graph.tensors[tensor].elementType = .float32
      #expect(graph.lacksGrids)
      let result = try Quantizer.quantize(
        graph, samples: Networks.samples(2), options: .init())
      let made = Dictionary(uniqueKeysWithValues: result.graph.tensors.map { ($0.name, $0) })
      for (index, old) in whole.tensors.enumerated() where index != tensor {
        // Constants of an operation that keeps scales follow its result.
        guard let new = made[old.name] else {
          #expect(old.constant != nil, "\(old.name)")
          continue
        }
        #expect(new.quantization == old.quantization, "\(old.name)")
        #expect(new.constant == old.constant, "\(old.name)")
      }
      _ = try Lowering.lower(result.graph)
    }
  }

  @Test func nothingIsMissing() throws {
    let whole = try Networks.quantized(Networks.everyOperator())
    #expect(throws: QuantizationError.alreadyQuantized) {
      try Quantizer.quantize(whole, samples: Networks.samples(2), options: .init())
    }
  }
}
