import Foundation
import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetReport
import OctetTFLite

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
  /// Absent without labels.
  var label: Int?
  var inputs: [Tensor]
  /// `floatFile` is what the reference has there, `int8File` what the one operator makes of its
  /// input's codes.
  var output: Tensor
  /// The one-operator blob; nil for the input, which has none, and of a float candidate.
  var blob: String?
  /// Its float twin: the reference's own layer, or what the blob's operator computes.
  var onnx: String?
  /// Why a file that belongs here is missing; empty when none is.
  var missing: [String] = []
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
    machine.run(sample)
    var files: [String: [UInt8]] = [:]
    var index = ReproductionIndex(
      layer: worst.name, operator: worst.operator, condition: worst.condition,
      finding: worst.finding, remedy: worst.remedy, sampleIndex: sample,
      label: data.label(sample), inputs: [],
      output: .init(
        name: worst.tensor, shape: worst.shape, scale: worst.scale, zeroPoint: worst.zeroPoint,
        floatFile: "float_output.f32", int8File: nil),
      commands: [])
    files["float_output.f32"] = twins[place].map { twin in
      unsafe machine.withReals(twin) { unsafe $0.littleEndianBytes }
    }
    if candidate.places[place].operatorIndex == nil {
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
    machine.run(sample) { place in
      guard candidate.places[place].name == index.layer else { return }
      unsafe machine.withCodes(place) {
        files["int8_output.i8"] = unsafe $0.map { UInt8(bitPattern: $0) }
      }
    }
    if files["int8_output.i8"] != nil { index.output.int8File = "int8_output.i8" }
    if let images = data.images { files["pixels.u8"] = Array(images.pixelSlice(sample)) }
  }

  private func addOperator(
    _ place: Int, _ machine: DiffMachine, _ index: inout ReproductionIndex,
    _ files: inout [String: [UInt8]]
  ) throws {
    guard let operatorIndex = candidate.places[place].operatorIndex else { return }
    let inputs = try operands(place, machine, sample: index.sampleIndex)
    var rawInput: [UInt8] = []
    for (position, operand) in inputs.enumerated() {
      var tensor = ReproductionIndex.Tensor(
        name: operand.name, shape: operand.shape, floatFile: "input\(position).f32")
      files[tensor.floatFile] = operand.reals.littleEndianBytes
      if let view = operand.view {
        let codes = operand.reals.map { UInt8(bitPattern: view.code($0)) }
        tensor.scale = view.scale
        tensor.zeroPoint = Int(view.zeroPoint)
        tensor.int8File = "input\(position).i8"
        files["input\(position).i8"] = codes
        rawInput += codes
      }
      index.inputs.append(tensor)
    }
    addTwin(place, operatorIndex, &index, &files)
    guard let loaded = candidate.loaded else { return }
    let alone = try LoadedModel(try loaded.blob.part(operator: operatorIndex))
    files["int8.oct"] = alone.blob.bytes
    files["input.i8"] = rawInput
    index.blob = "int8.oct"
    files["int8_output.i8"] = try alone.output(of: rawInput)
    index.output.int8File = "int8_output.i8"
    index.commands = [
      "octet run int8.oct --raw-input input.i8 --raw-output again.i8",
      "cmp again.i8 int8_output.i8", "octet inspect int8.oct",
    ]
    if index.onnx != nil { index.commands.append("octet inspect float.onnx") }
  }

  /// What an operator reads: as the reference has it, or, where that has no twin, as the candidate.
  private func operands(
    _ place: Int, _ machine: DiffMachine, sample: Int
  ) throws -> [(name: String, shape: [Int], view: TensorView?, reals: [Float])] {
    let sources = candidate.sources(of: place).compactMap(\.place)
    var own: [Int: [Float]] = [:]
    if sources.contains(where: { twins[$0] == nil }) {
      let machine = try DiffMachine(candidate, encoder: candidateEncoder, keepsReals: true)
      machine.run(sample)
      for source in sources { own[source] = unsafe machine.withReals(source) { unsafe Array($0) } }
    }
    return sources.map { source in
      let spot = candidate.places[source]
      let reals =
        twins[source].map { unsafe machine.withReals($0) { unsafe Array($0) } } ?? own[source] ?? []
      return (spot.tensorName, spot.shape, candidate.view(source), reals)
    }
  }

  private func addTwin(
    _ place: Int, _ operatorIndex: Int, _ index: inout ReproductionIndex,
    _ files: inout [String: [UInt8]]
  ) {
    guard let part = referencePart(place) ?? candidate.part(place, of: candidate.real) else {
      index.missing.append(
        "float.onnx: " + (candidate.refusals[operatorIndex] ?? "the layer cannot be cut out"))
      return
    }
    do {
      files["float.onnx"] = try ONNXWriter.write(part)
      index.onnx = "float.onnx"
    } catch {
      index.missing.append("float.onnx: \(error)")
    }
  }

  /// A blob, and the first test images as its input codes; nil when the candidate is a float model.
  package func boardInputs(count: Int) -> (blob: Blob, inputs: [UInt8])? {
    guard let loaded = candidate.shipped else { return nil }
    var inputs: [UInt8] = []
    for index in indices.prefix(count) {
      for input in 0..<loaded.inputCount {
        let elementCount = loaded.input(input).elementCount
        let codes = unsafe [Int8](unsafeUninitializedCapacity: elementCount) {
          buffer, initializedCount in
          unsafe candidateEncoder.encode(index, input: input, into: buffer)
          initializedCount = elementCount
        }
        inputs += codes.map { UInt8(bitPattern: $0) }
      }
    }
    return (loaded.blob, inputs)
  }
}

extension LoadedModel {
  /// The first output's codes for codes of all inputs, end to end.
  fileprivate func output(of codes: [UInt8]) throws -> [UInt8] {
    let runner = try makeRunner()
    var start = 0
    for input in 0..<model.inputCount {
      unsafe runner.withInput(input) { target in
        for position in target.indices where start + position < codes.count {
          unsafe target[position] = Int8(bitPattern: codes[start + position])
        }
        start += target.count
      }
    }
    runner.run()
    return unsafe runner.withOutput(0) { unsafe $0.map { UInt8(bitPattern: $0) } }
  }
}
