import Foundation
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel

/// What both runtimes are fed with: real numbers, in Octet's order of elements.
package struct AgainstInputs {
  /// Where they come from.
  package enum Kind: String, Sendable {
    case dump
    case data
    case generated
  }

  package var kind: Kind
  package var sampleCount: Int
  /// For each input the samples, end to end.
  package var values: [[Float]]

  func sample(_ index: Int, of port: Int) -> [Float] {
    let count = values[port].count / max(sampleCount, 1)
    return Array(values[port][index * count..<(index + 1) * count])
  }

  /// The bytes of a sample's codes.
  func codes(_ index: Int, of port: Int, _ tensor: Against.Port) -> [Int8] {
    tensor.codes?.bytes(sample(index, of: port)) ?? []
  }
}

extension Against {
  /// The inputs that a dump holds; nil where it holds none.
  package func inputs(in dump: DumpFolder) throws(AgainstError) -> AgainstInputs? {
    let given = dump.tensors.filter { $0.role == .input }
    var found: [DumpFolder.Tensor] = []
    for (index, port) in ports.enumerated() {
      let named = dump.tensors.first {
        ($0.role ?? .input) == .input && $0.name.dumpName == port.name.dumpName
      }
      if let tensor = named ?? (given.count == ports.count ? given[index] : nil) {
        found.append(tensor)
      }
    }
    if found.isEmpty, given.isEmpty { return nil }
    guard found.count == ports.count else {
      throw .dump(
        path: dump.path,
        problem: "it has inputs \(given.map { "'\($0.name)'" }.joined(separator: ", ")), and the "
          + "model takes \(ports.map { "'\($0.name)'" }.joined(separator: ", "))")
    }
    var sampleCount: Int?
    var values: [[Float]] = []
    for (port, tensor) in zip(ports, found) {
      let count = port.elementCount
      guard count > 0, tensor.values.count % count == 0, !tensor.values.isEmpty else {
        throw .dump(
          path: tensor.path,
          problem: "the input '\(tensor.name)' has \(tensor.values.count) values, and a sample of "
            + "'\(port.name)' has \(count)")
      }
      let samples = tensor.values.count / count
      guard samples == sampleCount ?? samples else {
        throw .dump(
          path: tensor.path,
          problem:
            "the input '\(tensor.name)' has \(samples) samples, another one \(sampleCount ?? 0)")
      }
      sampleCount = samples
      let layout = DumpLayout.of(tensor, ownShape: port.shape) ?? .same
      let ordered = layout.reordered(tensor.values, ownShape: port.shape)
      guard ordered.allSatisfy(\.isFinite) else {
        throw .dump(
          path: tensor.path, problem: "the input '\(tensor.name)' has values that are no numbers")
      }
      values.append(tensor.reals(ordered, codes: port.codes))
    }
    return AgainstInputs(kind: .dump, sampleCount: sampleCount ?? 0, values: values)
  }

  /// Images, as the model takes their pixels.
  package func inputs(_ data: Dataset, count: Int) throws -> AgainstInputs {
    try requireImages(data, fit: try model.inputShape())
    let encoder = PixelEncoder(
      channelCount: data.channelCount, normalization: model.normalization,
      input: model.loaded?.input(0))
    let samples = min(count, data.count)
    var values: [Float] = []
    for index in 0..<samples {
      values += reals(data.pixelSlice(index), encoder)
    }
    return AgainstInputs(kind: .data, sampleCount: samples, values: [values])
  }

  /// The codes of all inputs, sample after sample, as boards take them.
  package func codes(_ inputs: AgainstInputs) -> [UInt8] {
    (0..<inputs.sampleCount).flatMap { sample in
      ports.indices.flatMap { port in
        inputs.codes(sample, of: port, ports[port]).map { UInt8(bitPattern: $0) }
      }
    }
  }

  private func reals(_ pixels: ArraySlice<UInt8>, _ encoder: PixelEncoder) -> [Float] {
    let count = ports[0].elementCount
    guard let codes = ports[0].codes, let view = model.loaded?.input(0) else {
      return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
        unsafe encoder.encode(pixels, into: buffer)
        initializedCount = count
      }
    }
    let byteCount = count * (codes.isInt16 ? 2 : 1)
    let bytes = unsafe [Int8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      unsafe encoder.encode(pixels, into: buffer)
      initializedCount = byteCount
    }
    return view.reals(bytes)
  }

  /// Numbers that look like chance and are always the same: every code, or −1…1.
  package func generatedInputs(count: Int) -> AgainstInputs {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24)
    }
    let values = ports.map { port in
      (0..<port.elementCount * count).map { _ in
        guard let codes = port.codes else { return next() * 2 - 1 }
        let code =
          codes.isInt16 ? Int(next() * 65_535.99) - 32_768 : Int(next() * 255.99) - 128
        return codes.scale * Float(code - codes.zeroPoint)
      }
    }
    return AgainstInputs(kind: .generated, sampleCount: count, values: values)
  }
}

extension DumpFolder.Tensor {
  /// Real numbers of `values`, which stand in the file.
  ///
  /// - Parameter codes: of the tensor in Octet, for a dump that does not say its own.
  func reals(_ values: [Float], codes: Against.Codes?) -> [Float] {
    guard isInteger else { return values }
    if let scale { return values.map { scale * ($0 - Float(zeroPoint)) } }
    guard let codes else { return values }
    return values.map { codes.scale * ($0 - Float(codes.zeroPoint)) }
  }
}
