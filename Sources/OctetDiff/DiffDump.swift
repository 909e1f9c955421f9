import Foundation
import OctetCompiler
import OctetEvaluation
import OctetReport

/// What `index.json` of a dump says: the tensors behind every figure, for checks by others.
struct DumpIndex: Encodable {
  struct Layer: Encodable {
    var name: String
    var shape: [Int]
    var scale: Float
    var zeroPoint: Int
    /// Scores are judged where they can be seen.
    var isScores: Bool
    /// float32, samples end to end: the reference as it runs.
    var floatFile: String
    /// int8 or int16, as the name ends (or float32 of a float candidate), the candidate as it runs.
    var candidateFile: String
    /// float32 over the local samples: the operator with int8 weights on the exact input, on the
    /// rounded input, on the clamped input; then its int8 result, dequantized.
    var weightedFile: String?
    var roundedFile: String?
    var clampedFile: String?
    var localFile: String?
    /// The same before it is rounded, with the reference's weights: where that is a blob.
    var exactFile: String?
  }

  var sampleIndices: [Int]
  /// Positions within `sampleIndices`.
  var localPositions: [Int]
  /// Absent without labels.
  var labels: [Int]?
  var layers: [Layer]
}

extension Diff {
  /// Bytes that a dump may have.
  private static let dumpByteLimit = 1 << 31

  /// The values of every layer in both models, for all images of this run, by file name.
  public func dump() throws -> [String: [UInt8]] {
    let elementCount = layers.reduce(0) { $0 + self.candidate.places[$1].elementCount }
    guard indices.count * elementCount * 5 < Self.dumpByteLimit else {
      throw ReportError.countMismatch(
        what: "bytes of a dump are too many (use --samples)", expected: Self.dumpByteLimit,
        actual: indices.count * elementCount * 5)
    }
    let context = try makeContext()
    let reference = try DiffMachine(reference, encoder: referenceEncoder, keepsReals: true)
    let candidate = try DiffMachine(candidate, encoder: candidateEncoder, keepsReals: false)
    let runner = try self.candidate.loaded?.makeRunner()
    let probes = layers.map { makeProbe($0, runner) }
    var files: [String: [UInt8]] = [:]
    var index = dumpIndex(context, probes)
    for (position, sample) in indices.enumerated() {
      reference.run(sample)
      candidate.run(sample) { place in
        guard let layer = layers.firstIndex(of: place) else { return }
        let name = index.layers[layer].candidateFile
        if self.candidate.isFloat {
          unsafe candidate.withReals(place) {
            unsafe files[name, default: []] += $0.littleEndianBytes
          }
        } else {
          unsafe candidate.withCodes(place) {
            unsafe files[name, default: []] += $0.map { UInt8(bitPattern: $0) }
          }
        }
      }
      for (layer, place) in layers.enumerated() {
        guard let twin = twins[place] else { continue }
        unsafe reference.withReals(twin) {
          unsafe files[index.layers[layer].floatFile, default: []] += $0.littleEndianBytes
        }
      }
      guard sample % localStride == 0 else { continue }
      index.localPositions.append(position)
      for (layer, probe) in zip(index.layers, probes) {
        guard let probe else { continue }
        probe.run(reference, isSplitting: probe.canSplit)
        for (name, values) in [
          (layer.localFile, probe.result), (layer.weightedFile, probe.withWeights),
          (layer.roundedFile, probe.withRounding), (layer.clampedFile, probe.withClipping),
          (layer.exactFile, probe.withReference),
        ] {
          guard let name else { continue }
          files[name, default: []] += values.littleEndianBytes
        }
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    files["index.json"] = Array(try encoder.encode(index))
    return files
  }

  private func dumpIndex(_ context: DiffContext, _ probes: [LocalProbe?]) -> DumpIndex {
    let layers = context.layers.enumerated().map { position, facts in
      let stem = "\(position < 10 ? "0" : "")\(position)"
      var layer = DumpIndex.Layer(
        name: facts.name, shape: facts.shape, scale: facts.scale, zeroPoint: facts.zeroPoint,
        isScores: facts.isScores, floatFile: stem + ".float.f32",
        candidateFile: stem + ".candidate."
          + (candidate.view(self.layers[position])?.suffix ?? "f32"))
      guard let probe = probes[position] else { return layer }
      layer.localFile = stem + ".local.f32"
      if probe.canSplit {
        layer.weightedFile = stem + ".weighted.f32"
        layer.roundedFile = stem + ".rounded.f32"
        layer.clampedFile = stem + ".clamped.f32"
        if probe.hasReference { layer.exactFile = stem + ".exact.f32" }
      }
      return layer
    }
    return DumpIndex(
      sampleIndices: indices, localPositions: [],
      labels: data.classes.map { classes in indices.map { classes[$0] } },
      layers: layers)
  }

  /// Why the local error at a place cannot be taken apart; nil where it can, and where there is
  /// no operator of a blob.
  func splitNote(_ place: Int, _ runner: LoadedModel.Runner?) -> String? {
    guard candidate.loaded != nil, let index = candidate.places[place].operatorIndex else {
      return nil
    }
    if let refusal = candidate.refusals[index] { return refusal }
    guard let probe = makeProbe(place, runner) else {
      return "what it reads is not in the reference"
    }
    return probe.canSplit ? nil : "it cannot be computed in real numbers"
  }

  /// Runs the operator at a place alone; nil where it cannot be cut out.
  func makeProbe(_ place: Int, _ runner: LoadedModel.Runner?) -> LocalProbe? {
    LocalProbe(self, place: place, runner: runner)
  }
}
