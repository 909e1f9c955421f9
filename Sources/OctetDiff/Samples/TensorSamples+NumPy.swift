import Foundation
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel

extension DiffModel {
  /// What a model is fed with, or gives.
  struct Port: Equatable {
    var name: String
    var shape: [Int]
    var elementCount: Int { shape.elementCount }

    /// `'x' 1×28×28×1`
    var text: String {
      "'\(name)' \(shape.isEmpty ? "1" : shape.map(String.init).joined(separator: "×"))"
    }

    /// A name without what exporters put around it: `serving_default_x:0` is `x`.
    var plainName: String {
      var name = Substring(name)
      if let colon = name.lastIndex(of: ":"), Int(name[name.index(after: colon)...]) != nil {
        name = name[..<colon]
      }
      if name.hasPrefix("serving_default_") { name = name.dropFirst("serving_default_".count) }
      return String(name)
    }
  }

  var inputPorts: [Port] {
    real.inputs.map { Port(name: real.tensors[$0].name, shape: real.tensors[$0].shape) }
  }

  var outputPorts: [Port] {
    real.outputs.map { Port(name: real.tensors[$0].name, shape: real.tensors[$0].shape) }
  }
}

extension TensorSamples {
  /// The arrays of an `.npy` or `.npz` file as inputs of two models: by the inputs' names, or in
  /// order. The first axis counts samples; pictures may have their channels first.
  ///
  /// Numbers stand for themselves; only int8 arrays are codes where one of the models takes codes,
  /// int16 where it takes those, because that is what programs save that feed such models.
  public init(numPy path: String, for reference: DiffModel, _ candidate: DiffModel) throws {
    let ports = reference.inputPorts
    let others = PortMatching.matches(ports, candidate.inputPorts)
    try self.init(
      numPy: path, ports: ports, others: others.map { $0.map { candidate.inputPorts[$0] } }
    ) { position, elementType in
      var grid = reference.loaded?.input(position)
      if let loaded = candidate.loaded, let other = others[position] { grid = loaded.input(other) }
      return elementType == (grid?.isInt16 == true ? .int16 : .int8) ? grid : nil
    }
  }

  /// The arrays of an `.npy` or `.npz` file as inputs of a float graph, in the same way; all
  /// numbers stand for themselves.
  public init(numPy path: String, for graph: Graph) throws {
    let ports = graph.inputs.map {
      DiffModel.Port(name: graph.tensors[$0].name, shape: graph.tensors[$0].shape)
    }
    try self.init(numPy: path, ports: ports, others: ports.map { _ in nil }) { _, _ in nil }
  }

  /// - Parameter grid: what codes of an input stand for, nil where an array of these elements has
  ///   numbers.
  private init(
    numPy path: String, ports: [DiffModel.Port], others: [DiffModel.Port?],
    grid: (_ position: Int, _ elementType: NumPyArray.ElementType) -> TensorView?
  ) throws {
    let chosen = try Self.assign(try NumPyArray.load(path), to: ports, others, path)
    var axes: [[Int]] = []
    for (array, port) in zip(chosen, ports) {
      axes.append(try Self.axes(of: array, for: port, path))
      guard array.count == chosen[0].count else {
        throw EvaluationError.samples(
          "\(path): \(chosen[0].count) samples for \(ports[0].text) and \(array.count) for "
            + "\(port.text); each sample needs all inputs")
      }
    }
    let grids = ports.indices.map { grid($0, chosen[$0].elementType) }
    var checksum = [UInt8]()
    for array in chosen { checksum += Array(NumPyArray.checksum(array).utf8) }
    let steps = axes
    unsafe self.init(
      count: chosen[0].count, elementCounts: ports.map(\.elementCount),
      checksum: chosen.count == 1 ? NumPyArray.checksum(chosen[0]) : CRC32.text(checksum)
    ) { sample, input, target in
      unsafe chosen[input].copy(sample: sample, axes: steps[input], to: target)
      guard let grid = grids[input] else { return }
      let (scale, zeroPoint) = (grid.scale, Float(grid.zeroPoint))
      for index in target.indices {
        unsafe target[index] = unsafe scale * (target[index] - zeroPoint)
      }
    }
    if let (sample, input) = firstNonFinite() {
      throw EvaluationError.samples(
        "\(path): sample \(sample) of \(ports[input].text) has a value that is not finite")
    }
  }

  /// The array of each input.
  private static func assign(
    _ arrays: [NumPyArray], to ports: [DiffModel.Port], _ others: [DiffModel.Port?], _ path: String
  ) throws(EvaluationError) -> [NumPyArray] {
    func list(_ texts: [String]) -> String { texts.joined(separator: ", ") }
    let wanted = list(ports.map(\.text))
    guard arrays.count >= ports.count, !ports.isEmpty else {
      throw .samples(
        "\(path): \(arrays.count) \(arrays.count == 1 ? "array" : "arrays") for a model with "
          + "\(ports.count) inputs (\(wanted)); an .npz archive has one for each")
    }
    let named = zip(ports, others).map { port, other in
      arrays.firstIndex { array in
        [port.name, port.plainName, other?.name, other?.plainName].contains(array.name)
          && !array.name.isEmpty
      }
    }
    let found = named.compactMap { $0 }
    if found.count == ports.count, Set(found).count == found.count {
      return found.map { arrays[$0] }
    }
    guard arrays.count == ports.count, found.isEmpty else {
      throw .samples(
        "\(path): the arrays \(list(arrays.map { "'\($0.name)'" })) do not have the names of the "
          + "inputs \(wanted); name them alike, or save as many as there are inputs, in order")
    }
    return arrays
  }

  /// The axes of a sample in the order that the input has them.
  private static func axes(
    of array: NumPyArray, for port: DiffModel.Port, _ path: String
  ) throws(EvaluationError) -> [Int] {
    let shape = array.sampleShape
    let straight = Array(shape.indices)
    func bare(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }
    let isFlat = bare(shape) == bare([port.elementCount])
    if isFlat || bare(shape) == bare(port.shape) { return straight }
    // Pictures with their channels first, as PyTorch has them.
    let picture = Array(port.shape.suffix(3))
    if port.shape.count == 4, shape.count == 3 || shape.count == 4 && shape[0] == 1,
      Array(shape.suffix(3)) == [picture[2], picture[0], picture[1]]
    {
      let first = shape.count - 3
      return (shape.count == 4 ? [0] : []) + [first + 1, first + 2, first]
    }
    let text =
      array.shape.isEmpty ? "a single number" : array.shape.map(String.init).joined(separator: "×")
    throw .samples(
      "\(path): an array of \(text) for the input \(port.text); the first axis counts samples, the "
        + "others are the input's (pictures with channels last or first)")
  }
}

extension NumPyArray {
  /// The CRC-32 of an array's bytes, eight hexadecimal digits.
  static func checksum(_ array: NumPyArray) -> String {
    String(format: "%08x", array.crc32)
  }
}

extension SampleLabels {
  /// Labels from an `.npy` file, or from a text with the numbers of one sample a line, separated by
  /// blanks or commas.
  public init(path: String) throws {
    if NumPyArray.canLoad(path) {
      let arrays = try NumPyArray.load(path)
      guard arrays.count == 1 else {
        throw EvaluationError.samples(
          "\(path): \(arrays.count) arrays where one of labels is needed")
      }
      self.init(
        path: path, arrays[0].floats(), perSample: arrays[0].elementCount / max(arrays[0].count, 1))
    } else {
      try self.init(path: path, text: String(decoding: try DataFile.read(path), as: UTF8.self))
    }
    if let (sample, _) = values.firstNonFinite() {
      throw EvaluationError.samples("\(path): the label of sample \(sample) is not finite")
    }
  }

  private init(path: String, text: String) throws(EvaluationError) {
    var numbers: [Float] = []
    var perSample: Int?
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
      let words = line.split { $0 == " " || $0 == "\t" || $0 == "," || $0 == ";" }
      if words.isEmpty { continue }
      for word in words {
        guard let number = Float(word) else {
          throw .samples(
            "\(path), line \(index + 1): '\(word.prefix(40))' is no number; labels are class "
              + "numbers from 0 or targets, those of one sample a line")
        }
        numbers.append(number)
      }
      guard perSample ?? words.count == words.count else {
        throw .samples(
          "\(path), line \(index + 1): \(words.count) numbers, where the lines before have "
            + "\(perSample ?? 0)")
      }
      perSample = words.count
    }
    guard let perSample else { throw .samples("\(path): there are no labels in it") }
    self.init(path: path, numbers, perSample: perSample)
  }
}
