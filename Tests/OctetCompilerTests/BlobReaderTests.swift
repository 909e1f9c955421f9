import BlobFuzz
import OctetCompiler
import OctetModel
import OctetRuntime
import TestNetworks
import Testing

/// A blob read back is the graph that it came from: lowered again it gives the same operators.
@Suite struct BlobReaderTests {
  private static let networks = Result {
    try [Networks.tiny(), Networks.everyOperator(), Networks.joined()]
      + (1...6).map { try Networks.random(seed: $0) }
  }

  private func parameters(_ blob: Blob) throws -> [[LoweredOperator.Parameter]] {
    try Lowering.lower(BlobReader.read(blob)).operators.map(\.parameters)
  }

  @Test(arguments: 0..<9, Arithmetic.allCases)
  func everyNetwork(index: Int, arithmetic: Arithmetic) throws {
    var graph = try Networks.quantized(Self.networks.get()[index].simplified())
    graph.arithmetic = arithmetic
    let output = try Compiler.compile(graph)
    #expect(try parameters(output.blob) == output.model.operators.map(\.parameters))
    let read = try BlobReader.read(output.blob)
    #expect(read.arithmetic == arithmetic)
    #expect(output.blob.arithmetic == arithmetic)
  }

  /// Between two grids, in both arithmetics.
  private func table(
    _ operation: Operation, _ arithmetic: Arithmetic,
    from input: Quantization = Quantization(scale: 0.037, zeroPoint: -3),
    to output: Quantization? = nil
  ) throws -> Compiler.Output {
    var graph = Graph(name: "table")
    func add(_ name: String, _ quantization: Quantization) -> TensorIndex {
      graph.add(
        Tensor(name: name, shape: [1, 3, 3, 2], elementType: .int8, quantization: quantization))
    }
    let x = add("x", input)
    let y = add("y", output ?? Quantization(scale: 0.031, zeroPoint: 5))
    graph.nodes = [Node(name: "node", operation: operation, inputs: [x], outputs: [y])]
    graph.inputs = [x]
    graph.outputs = [y]
    graph.arithmetic = arithmetic
    return try Compiler.compile(graph)
  }

  /// Each function comes back as itself, with its parameters, whatever else has the same table.
  @Test(arguments: Arithmetic.allCases)
  func everyFunction(arithmetic: Arithmetic) throws {
    let functions =
      ScalarFunction.all
      + [
        .leakyRelu(alpha: 0.1234567), .clip(lower: -.infinity, upper: 1.7), .elu(alpha: 0.3),
        .hardSigmoid(alpha: 0.21, beta: 0.45), .shrink(bias: 0.1, threshold: 0.2),
        .power(exponent: -0.5),
      ]
    for function in functions {
      let operation = Operation.scalar(function)
      let blob = try table(operation, arithmetic, to: operation.fixedOutputQuantization).blob
      let graph = try BlobReader.read(blob)
      #expect(graph.nodes.map(\.operation) == [operation], "\(function.name)")
    }
    let blob = try table(.identity, arithmetic).blob
    #expect(try BlobReader.read(blob).nodes.map(\.operation) == [.quantize])
  }

  @Test(arguments: [
    ResizeAttributes.Coordinates.asymmetric, .halfPixel, .alignCorners, .pytorchHalfPixel,
  ])
  func everyResize(coordinates: ResizeAttributes.Coordinates) throws {
    for method in [ResizeAttributes.Method.nearest, .bilinear] {
      for rounding in [ResizeAttributes.Rounding.floor, .ceil, .roundPreferFloor, .roundPreferCeil]
      {
        var graph = Graph(name: "resize")
        let grid = Quantization(scale: 0.05, zeroPoint: 1)
        let attributes = ResizeAttributes(
          method: method, coordinates: coordinates, rounding: rounding,
          outputShape: [1, 7, 8, 2], scales: [1, 1.75, 1.3, 1])
        for (name, shape) in [("x", [1, 4, 6, 2]), ("y", attributes.outputShape)] {
          _ = graph.add(
            Tensor(name: name, shape: shape, elementType: .int8, quantization: grid))
        }
        graph.nodes = [
          Node(name: "node", operation: .resize(attributes), inputs: [0], outputs: [1])
        ]
        (graph.inputs, graph.outputs) = ([0], [1])
        let read = try BlobReader.read(Compiler.compile(graph).blob)
        #expect(read.nodes.map(\.operation) == [.resize(attributes)])
      }
    }
  }

  @Test func parametricReLU() throws {
    var graph = Graph(name: "prelu")
    func add(_ name: String, _ shape: [Int], _ codes: [Int8]? = nil) -> TensorIndex {
      graph.add(
        Tensor(
          name: name, shape: shape, elementType: .int8, constant: codes.map { .int8($0) },
          quantization: Quantization(scale: 0.02, zeroPoint: 3)))
    }
    let (x, slope) = (add("x", [1, 2, 2, 3]), add("slope", [3], [-100, 3, 90]))
    graph.nodes = [
      Node(name: "node", operation: .prelu, inputs: [x, slope], outputs: [add("y", [1, 2, 2, 3])])
    ]
    (graph.inputs, graph.outputs) = ([x], [2])
    let read = try BlobReader.read(Compiler.compile(graph).blob)
    #expect(read.nodes.map(\.operation) == [.prelu])
    #expect(read.tensors[read.nodes[0].inputs[1]].constant == .int8([-100, 3, 90]))
  }

  // MARK: What stands behind the data

  private func changed(_ blob: Blob, _ text: String) throws -> Blob {
    var bytes = try blob.forFirmware().bytes + Array(text.utf8)
    bytes.put(UInt32(bytes.count), at: BlobHeader.blobByteCount)
    bytes.putChecksum()
    let blob = Blob(bytes)
    _ = try blob.model()
    return blob
  }

  @Test func firmwareHasNone() throws {
    let whole = try table(.scalar(.hardSwish), .tensorFlowLite).blob
    let bare = try whole.forFirmware()
    #expect(bare.count == whole.count - "0 hardSwish\n".utf8.count)
    #expect(try bare.forFirmware().bytes == bare.bytes)
    #expect(throws: CompilerError.self) { try BlobReader.read(bare) }
    #expect(try BlobReader.values(bare).refusals == [:])
    #expect(try changed(bare, "0 hardSwish\n").bytes == whole.bytes)
    let header = try HeaderExport.text(whole, name: "m")
    #expect(header.contains("M_BYTE_COUNT \(bare.count)u"))
    #expect(header == (try HeaderExport.text(bare, name: "m")))
    #expect(try SwiftExport.text(whole, name: "m") == SwiftExport.text(bare, name: "m"))
  }

  /// What says something else than the tables, or nothing, is refused; nothing crashes.
  @Test(arguments: [
    "0 relu\n", "0 leakyRelu 0.3\n", "0 leakyRelu\n", "0 leakyRelu nan\n", "0 clip nan 1\n",
    "0 clip inf -inf\n", "0 prelu 0.1 3 4 5 6\n", "0 prelu 1e-40 3 4\n", "0 prelu 1 0 0\n",
    "0 resize halfPixel floor 1 1\n", "0 resize halfPixel floor 1e-44 inf\n", "0 none\n",
    "1 hardSwish\n", "-1 hardSwish\n", "0\n", " \n\n0", "\u{0}\u{ffff}",
    "99999999999999999999 relu\n",
    "0 quantize\n", "0 quantize 1\n", "0 hardSwish 1\n", "0 power inf\n", "0 power 1e38\n",
  ])
  func contradictions(text: String) throws {
    let blob = try changed(table(.scalar(.hardSwish), .tensorFlowLite).blob, text)
    #expect(throws: CompilerError.self) { try BlobReader.read(blob) }
    #expect(try BlobReader.values(blob).refusals == [:])
    _ = try blob.part(operator: 0)
  }

  /// Any text: what is read computes what the blob does.
  @Test func randomText() throws {
    let blobs = try [
      table(.scalar(.leakyRelu(alpha: 0.1)), .tensorFlowLite).blob,
      Networks.compiled(Networks.everyOperator()).blob,
    ]
    var random = TestRandom(seed: 5)
    for blob in blobs {
      let bare = try blob.forFirmware()
      let text = Array(blob.bytes[bare.count...])
      let wanted = try parameters(blob)
      for _ in 0..<60 {
        var text = text
        for _ in 0..<random.int(1...3) {
          let letter = UInt8(random.int(0...9) == 0 ? random.int(0...255) : random.int(32...122))
          text[random.int(0...text.count - 1)] = letter
        }
        let mutant = try changed(bare, String(decoding: text, as: UTF8.self))
        if let parameters = try? parameters(mutant) { #expect(parameters == wanted) }
      }
    }
  }

  // MARK: Arithmetic

  @Test func arithmeticIsInTheBlob() throws {
    // Grids between which the two differ.
    var bytes = try table(
      .quantize, .onnx, from: Quantization(scale: 0.036260314, zeroPoint: -128),
      to: Quantization(scale: 0.07563236, zeroPoint: 4)
    ).blob.bytes
    #expect(bytes.value(of: BlobHeader.arithmetic) == 1)
    for (value, isKnown) in [(UInt32(0), true), (1, true), (2, false), (.max, false)] {
      bytes.put(value, at: BlobHeader.arithmetic)
      bytes.putChecksum()
      let blob = Blob(bytes)
      if isKnown {
        #expect(try blob.model().view.arithmetic == Int(value))
      } else {
        let error = ModelError(.arithmetic, at: BlobHeader.arithmetic.offset)
        #expect(throws: error) { try blob.model() }
      }
    }
    // Tables of one arithmetic under the other's name are nobody's.
    bytes.put(UInt32(0), at: BlobHeader.arithmetic)
    bytes.putChecksum()
    #expect(throws: CompilerError.self) { try BlobReader.read(Blob(bytes)) }
  }
}
