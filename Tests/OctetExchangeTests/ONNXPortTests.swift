import Foundation
import OctetCompiler
import OctetPasses
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import Testing

/// What goes in and out of a model: the same in the file that is written, and nothing is lost.
@Suite struct ONNXPortTests {
  static func read(_ name: String) throws -> ONNXImport {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/ports/\(name).onnx")
    return try ONNXReader.importModel([UInt8](try Data(contentsOf: url)))
  }

  /// The outputs for the same inputs, in the file's order.
  static func outputs(_ model: ONNXImport) throws -> [ONNXValue] {
    let interpreter = try FloatInterpreter(model.graph)
    for (position, port) in model.inputs.enumerated() {
      let values = (0..<port.shape.elementCount).map { Float($0 % 17) / 4 - 2 }
      model.setInput(position, ONNXValue(shape: port.shape, reals: values), interpreter)
    }
    interpreter.run()
    return model.outputs.map { model.value(of: $0, interpreter) }
  }

  @Test(arguments: [
    "rank1", "rank2", "rank3", "rank4", "rank5", "line", "volume", "image", "mask", "constant",
    "position", "padded", "choice",
  ])
  func aWrittenFileHasTheSame(_ name: String) throws {
    let model = try Self.read(name)
    _ = try model.prove()
    let again = try ONNXReader.importModel(try ONNXWriter.write(model))
    for (ours, theirs) in [(again.inputs, model.inputs), (again.outputs, model.outputs)] {
      #expect(ours.map(\.name) == theirs.map(\.name))
      #expect(ours.map(\.shape) == theirs.map(\.shape))
      #expect(ours.map(\.elementType) == theirs.map(\.elementType))
      #expect(ours.map(\.isBatchOpen) == theirs.map(\.isBatchOpen))
    }
    for (ours, theirs) in zip(try Self.outputs(again), try Self.outputs(model)) {
      #expect(ours.shape == theirs.shape)
      for (a, b) in zip(ours.reals, theirs.reals) { #expect(abs(a - b) <= 1e-5) }
    }
  }

  @Test func layoutsAreStated() throws {
    let image = try Self.read("image")
    #expect(image.inputLayouts[0].order == .channelsLast)
    #expect(image.inputLayouts[0].shape == [1, 6, 5, 3])
    #expect(image.outputLayouts.map(\.fileShape) == [[1, 2, 4, 3], [1, 2, 4, 3]])
    let plain = try Self.read("rank3").inputLayouts[0]
    #expect(plain.order == .asInFile)
    #expect(plain.text(verb: "goes in") == "1×3×5, goes in as in the file")
  }

  /// Integers that say nothing new are left out with a word, and scores take a position's place.
  @Test func integerOutputs() throws {
    for (name, left) in [("mask", ["y"]), ("constant", ["y", "z"]), ("position", ["c"])] {
      var graph = try Self.read(name).graph
      let notes = graph.dropIntegerOutputs()
      #expect(notes.count == 1 && graph.outputs.map { graph.tensors[$0].name } == left)
      try graph.validate()
    }
  }

  /// A window that reads padding alone: refused where there is nothing to pool, padded otherwise.
  @Test func windowsInThePadding() throws {
    let error = #expect(throws: ExchangeError.self) { try Self.read("empty_window") }
    #expect(error?.description.contains("lies wholly in the padding") == true)
    for name in ["padded", "constant", "choice"] {
      var graph = try Self.read(name).graph
      _ = graph.dropIntegerOutputs()
      let samples = CalibrationSamples(count: 4) { sample, _, target in
        for index in target.indices { target[index] = Float((index + sample) % 7) / 4 - 0.7 }
      }
      let quantized = try Quantizer.quantize(graph, samples: samples, options: .init()).graph
      _ = try Compiler.compile(quantized)
    }
  }

  /// A chain of 20,000 nodes takes time and memory in proportion.
  @Test func longChains() throws {
    var graph = Graph(name: "chain")
    var last = graph.add(Tensor(name: "x", shape: [1]))
    graph.inputs = [last]
    for index in 0..<20_000 {
      let next = graph.add(Tensor(name: "t\(index)", shape: [1]))
      graph.nodes.append(
        Node(name: "n\(index)", operation: .scalar(.relu), inputs: [last], outputs: [next]))
      last = next
    }
    graph.outputs = [last]
    let start = Date()
    let model = try ONNXReader.importModel(try ONNXWriter.write(graph))
    #expect(try model.prove().comparedCount == 20_000)
    let error = #expect(throws: CompilerError.self) { try Compiler.requireRoom(for: model.graph) }
    #expect(error?.description.contains("20000 operators, a blob holds at most 2048") == true)
    // Some two seconds on an idle machine; what grows with the square takes minutes.
    #expect(Date().timeIntervalSince(start) < 60)
  }

  /// Files beside a model: ordinary ones only, and never outside its folder.
  @Test func externalFiles() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/ports/external.onnx")
    let bytes = [UInt8](try Data(contentsOf: url))
    let weights = folder.appendingPathComponent("weights.bin")
    func reason() -> String {
      do {
        _ = try ONNXReader.importModel(bytes, besides: folder)
        return ""
      } catch { return "\(error)" }
    }
    #expect(reason().contains("which is missing"))
    #expect(mkfifo(weights.path, 0o600) == 0)
    #expect(reason().contains("no ordinary file"))
    try FileManager.default.removeItem(at: weights)
    try FileManager.default.createSymbolicLink(
      atPath: weights.path, withDestinationPath: "/dev/zero")
    #expect(reason().contains("leads out of the model's folder"))
    try FileManager.default.removeItem(at: weights)
    try Data(count: 24).write(to: weights)
    #expect(reason().isEmpty)
  }
}
