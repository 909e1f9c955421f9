import OctetRuntime

/// What an operator of a blob is of a layer that is computed in bands.
public enum OperatorBand: Sendable, Equatable {
  /// Rows from `firstRow` on of the `height` rows of operator `layer` of the model before it was
  /// cut into bands.
  case rows(layer: Int, firstRow: Int, height: Int)
  /// It shows, keeps or brings together rows.
  case helper
}

extension Blob {
  /// The operators that are bands, or bring some together, as the lines behind the sections of a
  /// valid blob have it; lines that say nothing are left out.
  public var bands: [Int: OperatorBand] {
    let pairs = noteLines.compactMap { line -> (Int, OperatorBand)? in
      switch LoweredOperator.Layer(text: line.text) {
      case .band(let layer, let firstRow, let height):
        (line.operator, .rows(layer: layer, firstRow: firstRow, height: height))
      case .helper: (line.operator, .helper)
      case nil: nil
      }
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// The same model with whole layers, which computes the same bytes in a larger arena; nil when
  /// nothing is in bands.
  ///
  /// It is proven on the self-test's input: each band's bytes are those rows of the whole layer.
  ///
  /// - Throws: `rejected` when the blob is not valid, `invalid` when its lines say something else
  ///   than its operators.
  public func unbanded() throws(CompilerError) -> Blob? {
    let bands = bands
    if bands.isEmpty { return nil }
    let model: LoadedModel
    do {
      model = try self.model()
    } catch {
      throw .rejected(error)
    }
    let unbanding = try Unbanding(model, bands)
    let whole = try Compiler.assemble(unbanding.result).blob
    try unbanding.prove(whole)
    return whole
  }
}

/// Puts bands together again.
private struct Unbanding {
  /// A tensor of the blob, as what it is of the model before.
  private enum Source: Equatable {
    case tensor(Int)
    case layer(Int)
  }

  private let model: LoadedModel
  private let bytes: [UInt8]
  private let removed: [Int: RemovedChannels]
  private(set) var result = LoweredModel()
  private var sources: [Int: Source] = [:]
  /// New tensors.
  private var tensors: [Int: Int] = [:]
  private var layerTensors: [Int: Int] = [:]
  /// Bands by layer, in order, that are not written yet.
  private var waiting: [Int: [Band]] = [:]
  /// The same of all layers, for the proof, and the new operator of each.
  private var written: [Int: [Band]] = [:]
  private var operators: [Int: Int] = [:]

  private struct Band {
    var index: Int
    var firstRow: Int
    var rowCount: Int
    var height: Int
    var inputs: [Source]
  }

  init(_ model: LoadedModel, _ bands: [Int: OperatorBand]) throws(CompilerError) {
    self.model = model
    bytes = model.blob.bytes
    removed = model.blob.removedChannels
    let origins = model.blob.origins
    result.arithmetic = model.blob.arithmetic
    result.metadata.labels = model.labels
    result.metadata.normalization = model.normalization
    for index in 0..<model.inputCount { result.inputs.append(try tensor(model.input(index).index)) }
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      let inputs = (0..<view.inputCount).map { source(view.inputTensorIndex($0)) }
      let output = view.outputTensorIndex(0)
      switch bands[index] {
      case .helper: sources[output] = inputs[0]
      case .rows(let layer, let firstRow, let height):
        sources[output] = .layer(layer)
        waiting[layer, default: []].append(
          Band(
            index: index, firstRow: firstRow, rowCount: view.output(0).dimension(1),
            height: height, inputs: inputs))
      case nil:
        try writeLayers(origins)
        var operands: [Int] = []
        for input in inputs { operands.append(try tensor(input)) }
        var outputs: [Int] = []
        for position in 0..<view.outputCount {
          outputs.append(try tensor(view.outputTensorIndex(position)))
        }
        try append(view, inputs: operands, outputs: outputs, origins[index])
      }
    }
    try writeLayers(origins)
    for index in 0..<model.outputCount {
      result.outputs.append(try tensor(source(model.output(index).index)))
    }
  }

  private func source(_ tensor: Int) -> Source { sources[tensor] ?? .tensor(tensor) }

  private mutating func tensor(_ source: Source) throws(CompilerError) -> Int {
    switch source {
    case .tensor(let index): return try tensor(index)
    case .layer(let layer):
      guard let tensor = layerTensors[layer] else { throw contradiction("layer \(layer)") }
      return tensor
    }
  }

  private mutating func tensor(_ index: Int) throws(CompilerError) -> Int {
    if let known = tensors[index] { return known }
    result.tensors.append(lowered(model.tensor(index)))
    tensors[index] = result.tensors.count - 1
    return result.tensors.count - 1
  }

  /// The same with the channels that it lost, as the blob says it.
  private func lowered(_ view: TensorView) -> LoweredTensor {
    var tensor = LoweredTensor(view, of: bytes)
    tensor.removed = removed[view.index]
    return tensor
  }

  private mutating func append(
    _ view: OperatorView, inputs: [Int], outputs: [Int], _ origin: Origin?
  ) throws(CompilerError) {
    guard var lowered = LoweredOperator(view, of: bytes, inputs: inputs, outputs: outputs) else {
      throw contradiction(view.name)
    }
    lowered.origin = origin
    result.operators.append(lowered)
  }

  /// The layers whose bands have been met, in their order.
  private mutating func writeLayers(_ origins: [Int: Origin]) throws(CompilerError) {
    for (layer, bands) in waiting.sorted(by: { $0.key < $1.key }) {
      let view = model.operator(bands[0].index)
      // Rows that nothing reads are in no band.
      let height = bands[0].height
      var end = 0
      for band in bands {
        let other = model.operator(band.index)
        guard band.firstRow >= end, band.height == height, band.inputs == bands[0].inputs,
          other.kind == view.kind,
          layerTensors[layer] == nil
        else { throw contradiction(view.name) }
        end = band.firstRow + band.rowCount
      }
      guard bands[0].firstRow == 0, end <= height else { throw contradiction(view.name) }
      var operands: [Int] = []
      for input in bands[0].inputs { operands.append(try tensor(input)) }
      var output = lowered(view.output(0))
      guard output.shape.count == 4 else { throw contradiction(view.name) }
      output.shape[1] = height
      result.tensors.append(output)
      layerTensors[layer] = result.tensors.count - 1
      try append(
        view, inputs: operands, outputs: [result.tensors.count - 1], origins[bands[0].index])
      let last = result.operators.count - 1
      let top = RowWindow(parametersOf: result.operators[last]).padding
      result.operators[last] = result.operators[last].band(rowCount: height, padding: top)
      operators[layer] = last
      written[layer] = bands
    }
    waiting = [:]
  }

  private func contradiction(_ name: String) -> CompilerError {
    .invalid(node: name, reason: "the blob says that it is in bands that it does not have")
  }

  // MARK: The proof

  /// Throws unless each band's bytes are its rows of the whole layer, and all outputs are equal, on
  /// the self-test's input.
  func prove(_ whole: Blob) throws(CompilerError) {
    let wholeModel = try Compiler.validated(whole.bytes)
    let runners = try [wholeModel, model].map { model throws(CompilerError) in
      try Compiler.runner(model, .portable)
    }
    for runner in runners { runner.fillInputsForSelfTest() }
    let layers = Dictionary(uniqueKeysWithValues: operators.map { ($0.value, $0.key) })
    var results: [Int: [Int8]] = [:]
    for index in 0..<wholeModel.operatorCount {
      runners[0].runOperator(index)
      if let layer = layers[index] {
        results[layer] = runners[0].elements(of: wholeModel.operator(index).output(0))
      }
    }
    var rows: [Int: (layer: Int, firstRow: Int)] = [:]
    for (layer, bands) in written {
      for band in bands { rows[band.index] = (layer, band.firstRow) }
    }
    for index in 0..<model.operatorCount {
      runners[1].runOperator(index)
      guard let band = rows[index], let result = results[band.layer] else { continue }
      let output = model.operator(index).output(0)
      let start = band.firstRow * (output.elementCount / output.dimension(1))
      guard start + output.elementCount <= result.count,
        runners[1].elements(of: output).elementsEqual(result[start..<start + output.elementCount])
      else { throw contradiction(model.operator(index).name) }
    }
    for index in 0..<model.outputCount where runners[0].output(index) != runners[1].output(index) {
      throw contradiction(model.output(index).name)
    }
  }
}
