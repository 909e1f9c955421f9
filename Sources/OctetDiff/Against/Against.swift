import OctetCompiler
import OctetModel
import OctetReport

/// Compares a model as Octet runs it with the tensors that another runtime made.
public struct Against {
  let model: DiffModel
  /// The inputs in Octet's order, each with its name, shape and codes.
  let ports: [Port]

  /// The codes of a tensor.
  struct Codes {
    var scale: Float
    var zeroPoint: Int
    var isInt16: Bool

    init(_ view: TensorView) {
      (scale, zeroPoint, isInt16) = (view.scale, Int(view.zeroPoint), view.isInt16)
    }

    /// The name in a manifest.
    var type: String { isInt16 ? "int16" : "int8" }

    /// The bytes of the codes nearest to real numbers, as the arena has them.
    func bytes(_ reals: some Collection<Float>) -> [Int8] {
      let range: ClosedRange<Int32> = isInt16 ? -32_768...32_767 : -128...127
      let codes = reals.map { real in
        TieRule.awayFromZero.code(
          steps: Double(real / scale), zeroPoint: Int32(zeroPoint), in: range)
      }
      guard isInt16 else { return codes.map { Int8($0) } }
      return codes.flatMap {
        [Int8(truncatingIfNeeded: $0), Int8(truncatingIfNeeded: $0 >> 8)]
      }
    }
  }

  /// An input of the model.
  struct Port {
    var name: String
    /// The shape of one sample, channels last.
    var shape: [Int]
    /// Nil in a float model.
    var codes: Codes?

    var elementCount: Int { shape.reduce(1, *) }
  }

  /// Values that are compared, at most, of all samples and layers.
  private static let elementLimit = 1 << 28

  /// A model to compare.
  public init(_ model: DiffModel) {
    self.model = model
    switch model.form {
    case .float(let graph):
      ports = graph.inputs.map {
        Port(name: graph.tensors[$0].name, shape: graph.tensors[$0].shape, codes: nil)
      }
    case .int8(let loaded):
      ports = (0..<loaded.inputCount).map {
        let tensor = loaded.input($0)
        return Port(name: tensor.name, shape: tensor.shape, codes: Codes(tensor))
      }
    }
  }

  /// Runs the model on the inputs and compares every tensor that the dump has too.
  ///
  /// - Parameters:
  ///   - against: what the report calls the other.
  /// - Throws: `AgainstError` where a tensor has another number of values than the samples need.
  package func run(
    _ dump: DumpFolder, _ inputs: AgainstInputs, against: String
  ) throws -> AgainstReport {
    let count = model.places.reduce(0) { $0 + $1.elementCount } * inputs.sampleCount
    guard count <= Self.elementLimit else {
      throw AgainstError.dump(
        path: dump.path,
        problem: "\(inputs.sampleCount) samples are \(count) values in all layers; at most "
          + "\(Self.elementLimit) are compared, so give fewer (--samples)")
    }
    let own = try values(inputs)
    let candidates = dump.tensors.filter { tensor in
      tensor.role != .input && !(inputs.kind == .dump && isInput(tensor))
    }
    let matching = DumpMatching(model: model, values: own, sampleCount: inputs.sampleCount)
    let pairs = try matching.pairs(candidates)
    var comparison = AgainstComparison(
      model: model, sampleCount: inputs.sampleCount, own: own, pairs: pairs)
    let tensors = try comparison.tensors()
    let used = Set(pairs.values.map(\.tensor.name))
    let places = model.places.indices.filter { pairs[$0] == nil && $0 > 0 }
    return AgainstReport(
      model: model.file, against: against, runtime: dump.runtime, inputs: inputs.kind.rawValue,
      sampleCount: inputs.sampleCount, tensors: tensors,
      unmatched: candidates.map(\.name).filter { !used.contains($0) },
      missing: places.map { model.places[$0].name })
  }

  private func isInput(_ tensor: DumpFolder.Tensor) -> Bool {
    ports.contains { $0.name.dumpName == tensor.name.dumpName }
  }

  /// The real values at every place, samples end to end.
  private func values(_ inputs: AgainstInputs) throws -> [[Float]] {
    var values = model.places.map { _ in [Float]() }
    switch model.form {
    case .float(let graph):
      let interpreter = try FloatInterpreter(graph)
      for sample in 0..<inputs.sampleCount {
        for port in ports.indices { interpreter.setInput(port, inputs.sample(sample, of: port)) }
        interpreter.run()
        for place in model.places.indices {
          values[place] += interpreter.value(of: model.places[place].tensor)
        }
      }
    case .int8(let loaded):
      let runner = try loaded.makeRunner()
      func take(_ place: Int) {
        guard let view = model.view(place) else { return }
        values[place] += view.reals(runner.elements(of: view))
      }
      for sample in 0..<inputs.sampleCount {
        for port in ports.indices {
          try runner.setInput(port, inputs.codes(sample, of: port, ports[port]).span)
        }
        for place in model.places.indices {
          if let index = model.places[place].operatorIndex { runner.runOperator(index) }
          take(place)
        }
      }
    }
    return values
  }
}

extension String {
  /// A tensor's name as files can be called, and as blobs cut it.
  var dumpName: String {
    String(blobName.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
}
