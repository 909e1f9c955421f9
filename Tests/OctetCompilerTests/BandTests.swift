import Foundation
import OctetCompiler
import OctetModel
import OctetRuntime
import TestNetworks
import Testing

/// Layers in bands of rows compute the bytes of whole layers, in less memory.
@Suite struct BandTests {
  private static let seeds: [Int] = {
    let asked = ProcessInfo.processInfo.environment["OCTET_BAND_SEEDS"].flatMap { Int($0) }
    return Array(0..<(asked ?? 6)) + [16, 29]
  }()

  /// Layers of every kind that bands know, with residuals, joined channels and layers that bands
  /// do not know before and after them.
  private func network(seed: Int) throws -> Graph {
    var random = TestRandom(seed: seed &+ 77_003)
    var builder = NetworkBuilder(
      seed: seed, height: random.int(9...30), width: random.int(3...12),
      channelCount: random.int(1...4))
    for layer in 0..<random.int(3...7) {
      try builder.appendRandomLayer("layer\(layer)", &random)
      guard builder.shape[1] > 3, builder.shape[2] > 1 else { break }
      let trunk = builder.last
      var same = ConvolutionAttributes()
      let kernel = random.int(0...1) * 2 + 1
      same.padding = Padding(kernel / 2)
      switch random.int(0...3) {
      case 0:
        try builder.convolution(
          "a\(layer)", outputCount: builder.shape[3], kernel: Extent(kernel), same)
        try builder.append("sum\(layer)", .add(.relu), [trunk])
      case 1:
        try builder.depthwiseConvolution("b\(layer)", multiplier: 1, kernel: Extent(kernel), same)
        try builder.append("joined\(layer)", .concatenation(axis: 3, activation: .none), [trunk])
      case 2:
        try builder.append("logistic\(layer)", .scalar(.logistic))
      default: break
      }
    }
    try builder.fullyConnected("fc", outputCount: 3)
    return builder.finished()
  }

  private func outputs(
    _ blob: Blob, seed: Int, backend: Backend
  ) throws -> [[Int8]] {
    let model = try LoadedModel(blob)
    let runner = try model.makeRunner(backend: backend, memory: 0xA5)
    var random = TestRandom(seed: seed)
    for index in 0..<model.inputCount {
      runner.withInput(index) { target in
        for position in target.indices { target[position] = Int8(random.int(-128...127)) }
      }
    }
    runner.run()
    return (0..<model.outputCount).map { runner.output($0) }
  }

  /// From the layers' own arena down to the least, on every backend. `OCTET_BAND_SEEDS` tries more
  /// networks; in 16 and 29 there are rows that nothing reads.
  @Test(arguments: seeds)
  func sameBytesInLessMemory(seed: Int) throws {
    let graph = try Networks.quantized(network(seed: seed), sampleCount: 2)
    let whole = try Compiler.compile(graph)
    var limit = whole.plan.byteCount - 1
    for _ in 0..<4 {
      let output: Compiler.Output
      do throws(CompilerError) {
        output = try Compiler.compile(graph, arenaLimit: limit)
      } catch {
        guard case .arenaTooSmall(limit, let least, _) = error else { throw error }
        #expect(limit < least && least <= whole.plan.byteCount, "seed \(seed)")
        return
      }
      let budget = try #require(output.budget)
      let model = try LoadedModel(output.blob)
      #expect(model.arenaByteCount <= limit && model.arenaByteCount == budget.arenaByteCount)
      #expect(!budget.regions.isEmpty && budget.recomputedMacCount == 0)
      #expect(budget.arenaByteCountBefore == whole.plan.byteCount)
      for backend in Backend.available {
        #expect(
          try outputs(output.blob, seed: limit, backend: backend)
            == outputs(whole.blob, seed: limit, backend: backend), "seed \(seed), \(limit)")
      }
      let macs = { (blob: Blob) in
        let model = try LoadedModel(blob)
        return (0..<model.operatorCount).reduce(0) { $0 + model.operator($1).macCount }
      }
      #expect(try macs(output.blob) <= macs(whole.blob), "seed \(seed): computed twice")
      #expect(try output.blob.unbanded() != nil)
      #expect(try output.blob.forFirmware().unbanded() == nil)
      limit = budget.arenaByteCount - max(1, whole.plan.byteCount / 8)
    }
  }

  /// A model that fits stays as it is.
  @Test func whatFitsIsLeftAlone() throws {
    let graph = try Networks.quantized(Networks.lenet(), sampleCount: 1)
    let whole = try Compiler.compile(graph)
    let output = try Compiler.compile(graph, arenaLimit: whole.plan.byteCount)
    let budget = try #require(output.budget)
    #expect(output.blob.bytes == whole.blob.bytes && budget.regions.isEmpty)
    #expect(try output.blob.unbanded() == nil)
  }

  /// The least that is said can be had.
  @Test func theLeastIsPossible() throws {
    let graph = try Networks.quantized(chain(), sampleCount: 1)
    let error = #expect(throws: CompilerError.self) {
      try Compiler.compile(graph, arenaLimit: 16)
    }
    guard case .arenaTooSmall(16, let least, let price?) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(price.contains("more operators"))
    #expect(try Compiler.compile(graph, arenaLimit: least).plan.byteCount <= least)
  }

  /// Three convolutions over 24 rows.
  private func chain() throws -> Graph {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(1)
    attributes.activation = .relu
    var builder = NetworkBuilder(seed: 5, height: 24, width: 10, channelCount: 1)
    try builder.convolution("a", outputCount: 8, kernel: Extent(3), attributes)
    try builder.convolution("b", outputCount: 8, kernel: Extent(3), attributes)
    attributes.stride = Extent(2)
    try builder.convolution("c", outputCount: 4, kernel: Extent(3), attributes)
    try builder.fullyConnected("fc", outputCount: 2)
    return builder.finished()
  }

  /// The graph that is read from bands is that of whole layers.
  @Test func readAsWholeLayers() throws {
    let graph = try Networks.quantized(chain(), sampleCount: 1)
    let whole = try Compiler.compile(graph)
    let output = try Compiler.compile(graph, arenaLimit: whole.plan.byteCount * 3 / 4)
    let region = try #require(output.budget?.regions.first)
    #expect(region.layerCount > 1 && region.bandCount > 1)
    #expect(output.blob.bands.count > region.layerCount * region.bandCount)
    let graphs = try [output.blob, whole.blob].map { try BlobReader.read($0) }
    #expect(graphs[0].nodes == graphs[1].nodes && graphs[0].tensors == graphs[1].tensors)
  }

  /// Lines that do not tell the truth are refused, never believed.
  @Test(arguments: ["part", "rows 0 1 24", "rows 1 0 24", "rows 9 0 25", "rows 0 0 24"])
  func liesAboutBands(line: String) throws {
    let whole = try Compiler.compile(Networks.quantized(chain(), sampleCount: 1)).blob
    var bytes = whole.bytes + Array("1 \(line)\n".utf8)
    bytes.put(UInt32(bytes.count), at: BlobHeader.blobByteCount)
    bytes.putChecksum()
    let blob = Blob(bytes)
    #expect(!blob.bands.isEmpty)
    if let read = try? blob.unbanded() {
      // One band that is all of its layer, or all that is read of one with a row more.
      #expect(line.hasSuffix(" 0 24") || line.hasSuffix(" 0 25"))
      for backend in Backend.available {
        for seed in 0..<4 {
          #expect(
            try outputs(read, seed: seed, backend: backend)
              == outputs(whole, seed: seed, backend: backend))
        }
      }
    }
  }
}
