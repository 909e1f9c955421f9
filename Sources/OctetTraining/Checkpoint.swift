import COctetFloatKernels
import Foundation
import OctetData
import OctetModel
import OctetReport

/// Where a training run stands, as the bytes of a file: all that the rest of the run depends on and
/// that cannot be made anew from the options and the images.
///
/// Layout, little-endian: the mark `RUNOCT01`; a length (8 bytes) and as many bytes of JSON (what
/// the run is, and its records); the arrays as float32, each `parameterCount` long; FNV-1a of all
/// before (8 bytes). `arrays` are parameters, first and second moments, the average where weights
/// are averaged, and the best weights where there are some.
struct Checkpoint {
  static let mark = Array("RUNOCT01".utf8)

  /// What must be the same when a run goes on.
  struct Identity: Codable, Equatable {
    /// The options that change the result, the graph and the images, each as a hash.
    var options, network, images: String
    var kernels: String
  }

  struct State: Codable {
    var identity: Identity
    var parameterCount: Int
    var hasAverage: Bool
    /// Whole epochs that are done, and steps within the next.
    var epochCount: Int
    var batchCount = 0
    /// The sums over those steps.
    var loss = 0.0
    var correctCount = 0
    /// The best epoch so far; 0 where there is none.
    var bestEpoch = 0
    var bestAccuracy = 0.0, bestLoss = 0.0
    var records: [TrainingCourse.Epoch] = []
    /// What was measured by layer; nil where nobody watched.
    var course: TrainingCourse?
    /// The sums over the steps since the last that was measured.
    var unmeasured: Sums?
    /// Nothing is left to do.
    var isFinished = false
  }

  struct Sums: Codable {
    var loss = 0.0
    var correctCount = 0, count = 0
  }

  var state: State
  var arrays: [[Float]]

  var bytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // Lengths of gradients may be.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Plain values, which always encode.
    let text = [UInt8]((try? encoder.encode(state)) ?? Data())
    var bytes = Self.mark + Self.bytes(UInt64(text.count)) + text
    bytes.reserveCapacity(bytes.count + arrays.count * state.parameterCount * 4 + 8)
    for array in arrays {
      unsafe array.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes + Self.bytes(Self.hash(bytes))
  }

  /// - Throws: a sentence that begins with a verb, about the file, when the bytes are none that
  ///   `bytes` made.
  init(_ bytes: [UInt8]) throws(TrainingError) {
    guard bytes.starts(with: Self.mark) else {
      throw .checkpoint("it is no checkpoint of a training run")
    }
    guard bytes.count >= 24, Self.number(bytes, bytes.count - 8) == Self.hash(bytes.dropLast(8))
    else { throw .checkpoint("it is damaged: its check sum is wrong") }
    let length = Self.number(bytes, 8)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard length <= bytes.count - 24,
      let state = try? decoder.decode(
        State.self, from: Data(bytes[16..<16 + Int(length)])),
      (0...1 << 31).contains(state.parameterCount)
    else { throw .checkpoint("it is of another version of Octet") }
    let arrayCount = 3 + (state.hasAverage ? 1 : 0) + (state.bestEpoch > 0 ? 1 : 0)
    let start = 16 + Int(length)
    guard bytes.count - 8 - start == arrayCount * state.parameterCount * 4 else {
      throw .checkpoint("it is of another version of Octet")
    }
    self.state = state
    arrays = (0..<arrayCount).map { index in
      let from = start + index * state.parameterCount * 4
      return unsafe [Float](unsafeUninitializedCapacity: state.parameterCount) { buffer, count in
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[from..<from + state.parameterCount * 4]))
        }
        count = state.parameterCount
      }
    }
  }

  init(state: State, arrays: [[Float]]) {
    self.state = state
    self.arrays = arrays
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func number(_ bytes: [UInt8], _ at: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * $1) }
  }

  static func hash(_ values: some Sequence<some FixedWidthInteger>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in values { hash = (hash ^ UInt64(truncatingIfNeeded: value)) &* 0x100_0000_01b3 }
    return hash
  }
}

extension Checkpoint.Identity {
  /// The identity of the run of a network over images with options, on this machine's kernels.
  init(_ network: TrainingNetwork, _ images: Dataset, _ validation: Dataset?, _ run: TrainingRun) {
    var options = run.options
    // They change the speed only.
    options.threadCount = 1
    func hash(_ text: String) -> String { String(Checkpoint.hash(text.utf8), radix: 16) }
    self.options = hash("\(options)")
    let graph = network.graph
    let shapes = graph.tensors.map { "\($0.name) \($0.shape)" }
    let nodes = graph.nodes.map { "\($0.name) \($0.operation) \($0.inputs) \($0.outputs)" }
    // Values decide where training begins with them.
    let values = network.parameters.map { segment in
      let isOwn = options.initialization == .keep || segment.start == .own
      guard isOwn, case .float(let values) = graph.tensors[segment.tensor].constant else {
        return "\(segment.isTrained) \(segment.start)"
      }
      return "\(segment.isTrained) \(Checkpoint.hash(values.lazy.map { UInt64($0.bitPattern) }))"
    }
    self.network = hash("\(shapes)\(nodes)\(graph.metadata.normalization as Any)\(values)")
    let sets = [images] + (validation.map { [$0] } ?? [])
    self.images = sets.map {
      String(Checkpoint.hash($0.pixels), radix: 16) + String(Checkpoint.hash($0.labels), radix: 16)
    }.joined()
    kernels = unsafe "\(run.runner.kernels.outputLimit) \(run.runner.kernels.pixelLimit)"
  }

  /// What differs between two runs, in words; nil where nothing does.
  func difference(from other: Checkpoint.Identity) -> String? {
    if options != other.options { return "other options" }
    if network != other.network { return "another network" }
    if images != other.images { return "other images" }
    return kernels != other.kernels ? "a processor with other vector instructions" : nil
  }
}

extension TrainingCourse.Epoch {
  init(_ record: EpochRecord) {
    self.init(
      epoch: record.epoch, trainLoss: record.trainLoss, trainAccuracy: record.trainAccuracy,
      validationLoss: record.validationLoss, validationAccuracy: record.validationAccuracy,
      seconds: record.seconds, imagesPerSecond: record.imagesPerSecond)
  }

  /// The public record, whose coding leaves out the validation loss.
  var record: EpochRecord {
    EpochRecord(
      epoch: epoch, trainLoss: trainLoss, trainAccuracy: trainAccuracy,
      validationLoss: validationLoss, validationAccuracy: validationAccuracy, seconds: seconds,
      imagesPerSecond: imagesPerSecond)
  }
}
