import Foundation
import OctetCompiler
import OctetExchange
import OctetModel
import OctetRuntime

/// What `repro.json` says of the files beside it. Raw files are row-major and little-endian.
struct ReproductionIndex: Encodable {
  struct Tensor: Encodable {
    var name: String
    var shape: [Int]
    var scale: Float?
    var zeroPoint: Int?
    /// float32, exact.
    var floatFile: String
    /// int8 codes of the same values; nil when the candidate is a float model.
    var int8File: String?
  }

  var layer: String
  var `operator`: String
  var condition: DiffReport.Condition
  var finding: String
  var remedy: String
  /// The image in the test set; the most surprising flip where there is one.
  var sampleIndex: Int
  var label: Int
  var inputs: [Tensor]
  /// `floatFile` is what the reference has there, `int8File` what the one operator makes of its
  /// input's codes.
  var output: Tensor
  /// The one-operator blob; nil for the input, which has none.
  var blob: String?
  /// Its float twin.
  var onnx: String?
  var commands: [String]
}

extension Diff {
  /// Files that show the worst layer by itself, by name.
  public func reproduction(of report: DiffReport) throws -> [String: [UInt8]] {
    guard let worst = report.worstLayer,
      let layer = layers.firstIndex(where: { candidate.places[$0].name == worst.name })
    else { throw EvaluationError.noSamples }
    let place = layers[layer]
    let sample = report.flips.first?.index ?? indices[0]
    let machine = try DiffMachine(reference, encoder: referenceEncoder, keepsReals: true)
    machine.run(data.pixelSlice(sample))
    var files: [String: [UInt8]] = [:]
    var index = ReproductionIndex(
      layer: worst.name, operator: worst.operator, condition: worst.condition,
      finding: worst.finding, remedy: worst.remedy, sampleIndex: sample,
      label: Int(data.labels[sample]), inputs: [],
      output: .init(
        name: worst.tensor, shape: worst.shape, scale: worst.scale, zeroPoint: worst.zeroPoint,
        floatFile: "float_output.f32", int8File: nil),
      commands: [])
    files["float_output.f32"] = twins[place].map { twin in
      machine.withReals(twin) { $0.littleEndianBytes }
    }
    if place == 0 {
      try addInput(sample, &index, &files)
    } else {
      try addOperator(place, machine, &index, &files)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    files["repro.json"] = Array(try encoder.encode(index))
    return files
  }

  /// The input has no operator: its pixels, and what each model makes of them.
  private func addInput(
    _ sample: Int, _ index: inout ReproductionIndex, _ files: inout [String: [UInt8]]
  ) throws {
    let machine = try DiffMachine(candidate, encoder: candidateEncoder, keepsReals: false)
    machine.run(data.pixelSlice(sample)) { place in
      guard place == 0, candidate.loaded != nil else { return }
      machine.withCodes(0) { files["int8_output.i8"] = $0.map { UInt8(bitPattern: $0) } }
    }
    if files["int8_output.i8"] != nil { index.output.int8File = "int8_output.i8" }
    files["pixels.u8"] = Array(data.pixelSlice(sample))
  }

  private func addOperator(
    _ place: Int, _ machine: DiffMachine, _ index: inout ReproductionIndex,
    _ files: inout [String: [UInt8]]
  ) throws {
    guard let operatorIndex = candidate.places[place].operatorIndex else { return }
    var rawInput: [UInt8] = []
    for (position, name) in sourceNames(of: operatorIndex).enumerated() {
      guard let source = candidate.places.firstIndex(where: { $0.tensorName == name }),
        let twin = twins[source]
      else { continue }
      let reals = machine.withReals(twin) { Array($0) }
      var tensor = ReproductionIndex.Tensor(
        name: name, shape: candidate.places[source].shape, floatFile: "input\(position).f32")
      files[tensor.floatFile] = reals.withUnsafeBufferPointer { $0.littleEndianBytes }
      if let view = candidate.view(source) {
        let quantization = Quantization(scale: view.scale, zeroPoint: view.zeroPoint)
        let codes = reals.map { value -> UInt8 in
          let code = (value / quantization.scales[0]).rounded() + Float(view.zeroPoint)
          return UInt8(bitPattern: code.isNaN ? 0 : Int8(max(-128, min(127, code))))
        }
        tensor.scale = view.scale
        tensor.zeroPoint = Int(view.zeroPoint)
        tensor.int8File = "input\(position).i8"
        files["input\(position).i8"] = codes
        rawInput += codes
      }
      index.inputs.append(tensor)
    }
    if let part = referencePart(place) ?? candidatePart(place, of: candidate.real) {
      files["float.onnx"] = try ONNXWriter.write(part)
      index.onnx = "float.onnx"
    }
    guard var part = candidatePart(place, of: candidate.quantized) else { return }
    part.metadata = Metadata()
    let blob = try Compiler.compile(part).blob
    files["int8.oct"] = blob.bytes
    files["input.i8"] = rawInput
    index.blob = "int8.oct"
    let loaded = try LoadedModel(blob)
    let runner = try loaded.makeRunner()
    var start = 0
    for input in 0..<loaded.model.inputCount {
      runner.withInput(input) { codes in
        for position in codes.indices {
          codes[position] = Int8(bitPattern: rawInput[start + position])
        }
        start += codes.count
      }
    }
    runner.run()
    files["int8_output.i8"] = runner.withOutput(0) { $0.map { UInt8(bitPattern: $0) } }
    index.output.int8File = "int8_output.i8"
    index.commands = [
      "octet run int8.oct --raw-input input.i8 --raw-output again.i8",
      "cmp again.i8 int8_output.i8",
      "octet inspect int8.oct", "octet inspect float.onnx",
    ]
  }

  /// The candidate's operator at a place as a graph of its own.
  func candidatePart(_ place: Int, of graph: Graph?) -> Graph? {
    guard let graph, let target = candidate.places[place].tensor,
      let index = candidate.places[place].operatorIndex
    else { return nil }
    let names = sourceNames(of: index)
    let sources = names.compactMap { name in graph.tensors.firstIndex { $0.name == name } }
    return sources.count == names.count ? graph.cut(from: sources, to: [target]) : nil
  }

  /// A blob, and the first test images as its input codes; nil when the candidate is a float model.
  public func boardInputs(count: Int) -> (blob: Blob, inputs: [UInt8])? {
    guard let loaded = candidate.loaded else { return nil }
    let elementCount = loaded.model.input(0).elementCount
    var inputs: [UInt8] = []
    for index in indices.prefix(count) {
      let codes = [Int8](unsafeUninitializedCapacity: elementCount) { buffer, initializedCount in
        candidateEncoder.encode(data.pixelSlice(index), into: buffer)
        initializedCount = elementCount
      }
      inputs += codes.map { UInt8(bitPattern: $0) }
    }
    return (loaded.blob, inputs)
  }
}

extension UnsafeBufferPointer<Float> {
  var littleEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * count)
    for value in self {
      let bits = value.bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
      }
    }
    return bytes
  }
}
