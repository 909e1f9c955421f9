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
    /// Codes of the same values, of the type `type`; nil when the candidate is a float model.
    var int8File: String?
    /// `int8` or `int16`; nil when the candidate is a float model.
    var type: String?
  }

  var layer: String
  /// The operators that the files hold, in execution order.
  var layers: [String]
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
  /// The int8 operators with steps to and from their codes, for ONNX Runtime.
  var qdq: String?
  /// The int8 operators for LiteRT and TFLM.
  var tflite: String?
  /// Why a file that belongs here is missing; empty when none is.
  var missing: [String] = []
  var commands: [String]
}

extension Diff {
  /// Files that show the worst layer by itself, by name; where the report has a bisection, the
  /// smallest part of the models that holds all layers that it found.
  public func reproduction(of report: DiffReport) throws -> [String: [UInt8]] {
    guard let worst = report.reproducedLayer,
      let layer = layers.firstIndex(where: { candidate.places[$0].name == worst.name })
    else { throw EvaluationError.noSamples }
    let part = partToReproduce(report, worst: layers[layer])
    guard let place = part.last else { throw EvaluationError.noSamples }
    let spot = candidate.places[place]
    let view = candidate.view(place)
    let sample = report.flips.first?.index ?? indices[0]
    let machine = try DiffMachine(reference, encoder: referenceEncoder, keepsReals: true)
    machine.run(sample)
    var files: [String: [UInt8]] = [:]
    var index = ReproductionIndex(
      layer: worst.name, layers: part.map { candidate.places[$0].name }, operator: worst.operator,
      condition: worst.condition,
      finding: worst.finding, remedy: worst.remedy, sampleIndex: sample,
      label: data.label(sample), inputs: [],
      output: .init(
        name: spot.tensorName, shape: spot.shape, scale: view?.scale ?? 0,
        zeroPoint: Int(view?.zeroPoint ?? 0),
        floatFile: "float_output.f32", int8File: nil),
      commands: [])
    files["float_output.f32"] = twins[place].map { twin in
      unsafe machine.withReals(twin) { unsafe $0.littleEndianBytes }
    }
    if candidate.places[place].operatorIndex == nil {
      try addInput(sample, &index, &files)
    } else {
      try addOperators(part, machine, &index, &files)
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
        addOutput(unsafe $0.map { UInt8(bitPattern: $0) }, place, &index, &files)
      }
    }
    if let images = data.images { files["pixels.u8"] = Array(images.pixelSlice(sample)) }
  }

  private func addOperators(
    _ part: [Int], _ machine: DiffMachine, _ index: inout ReproductionIndex,
    _ files: inout [String: [UInt8]]
  ) throws {
    let inputs = try operands(part, machine, sample: index.sampleIndex)
    var rawInput: [UInt8] = []
    for (position, operand) in inputs.enumerated() {
      var tensor = ReproductionIndex.Tensor(
        name: operand.name, shape: operand.shape, floatFile: "input\(position).f32")
      files[tensor.floatFile] = operand.reals.littleEndianBytes
      if let view = operand.view {
        let codes = view.bytes(operand.reals)
        tensor.scale = view.scale
        tensor.zeroPoint = Int(view.zeroPoint)
        let file = "input\(position).\(view.suffix)"
        (tensor.int8File, tensor.type) = (file, view.typeName)
        files[file] = codes
        rawInput += codes
      }
      index.inputs.append(tensor)
    }
    addTwin(part, &index, &files)
    files["run.py"] = Array(ReproductionIndex.script.utf8)
    index.commands = ["python run.py"]
    guard let loaded = candidate.loaded, let last = part.last else { return }
    let operators = part.compactMap { candidate.places[$0].operatorIndex }
    let alone = try LoadedModel(try loaded.blob.part(operators: operators))
    files["int8.oct"] = alone.blob.bytes
    // Those of several inputs may be of either width.
    let input = "input." + (Set(inputs.compactMap(\.view?.suffix)) == ["i16"] ? "i16" : "i8")
    files[input] = rawInput
    index.blob = "int8.oct"
    addOutput(try alone.output(of: rawInput), last, &index, &files)
    let output = index.output.int8File ?? ""
    let again = "again." + (candidate.view(last)?.suffix ?? "i8")
    index.commands = [
      "octet run int8.oct --raw-input \(input) --raw-output \(again)",
      "cmp \(again) \(output)", "octet inspect int8.oct", "python run.py",
    ]
    if index.onnx != nil { index.commands.append("octet inspect float.onnx") }
    addForeignForms(of: alone, &index, &files)
  }

  /// Adds the codes that a place has.
  private func addOutput(
    _ codes: [UInt8], _ place: Int, _ index: inout ReproductionIndex,
    _ files: inout [String: [UInt8]]
  ) {
    guard let view = candidate.view(place) else { return }
    let file = "int8_output.\(view.suffix)"
    files[file] = codes
    (index.output.int8File, index.output.type) = (file, view.typeName)
  }

  /// What operators read: as the reference has it, or, where that has no twin, as the candidate.
  private func operands(
    _ part: [Int], _ machine: DiffMachine, sample: Int
  ) throws -> [(name: String, shape: [Int], view: TensorView?, reals: [Float])] {
    let sources = sources(ofPart: part)
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
    _ part: [Int], _ index: inout ReproductionIndex, _ files: inout [String: [UInt8]]
  ) {
    guard let graph = twin(ofPart: part) else {
      let refusal = part.compactMap { candidate.places[$0].operatorIndex }
        .compactMap { candidate.refusals[$0] }.first
      index.missing.append("float.onnx: " + (refusal ?? "the layer cannot be cut out"))
      return
    }
    do {
      files["float.onnx"] = try ONNXWriter.write(graph)
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
        let byteCount = loaded.input(input).byteCount
        let codes = unsafe [Int8](unsafeUninitializedCapacity: byteCount) {
          buffer, initializedCount in
          unsafe candidateEncoder.encode(
            index, input: input, into: UnsafeMutableBufferPointer(rebasing: buffer[..<byteCount]))
          initializedCount = byteCount
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
