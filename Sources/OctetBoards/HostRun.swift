import OctetCompiler
import OctetRuntime
import OctetSystem

/// The same inferences on this machine: what the board's bytes must equal.
struct HostRun {
  let model: LoadedModel
  private let runner: LoadedModel.Runner

  init(_ blob: Blob) throws(BoardError) {
    do {
      model = try blob.model()
      runner = try model.makeRunner(backend: .portable)
    } catch let error as ModelError {
      throw .invalidModel("\(error)")
    } catch {
      throw .invalidModel("\(error)")
    }
  }

  /// Bytes of all inputs, end to end.
  var sampleByteCount: Int {
    (0..<model.inputCount).reduce(0) { $0 + model.input($1).byteCount }
  }

  var outputByteCount: Int {
    (0..<model.outputCount).reduce(0) { $0 + model.output($1).byteCount }
  }

  /// The input that the blob's self-test generates.
  func selfTestSample() -> [UInt8] {
    runner.fillInputsForSelfTest()
    return (0..<model.inputCount).flatMap { bytes(of: model.input($0)) }
  }

  /// The outputs of the samples in `inputs`, end to end.
  func outputs(_ inputs: [UInt8]) -> [UInt8] {
    var outputs: [UInt8] = []
    for start in stride(from: 0, to: inputs.count, by: sampleByteCount) {
      set(inputs[start..<start + sampleByteCount])
      runner.run()
      for index in 0..<model.outputCount { outputs += bytes(of: model.output(index)) }
    }
    return outputs
  }

  /// The first operator whose output differs from the board's.
  ///
  /// - Parameter trace: the outputs of all operators on the board, end to end.
  func firstDifference(_ sample: ArraySlice<UInt8>, trace: [UInt8]) -> OperatorDifference? {
    set(sample)
    var start = 0
    for index in 0..<model.operatorCount {
      runner.runOperator(index)
      let view = model.operator(index)
      let expected = (0..<view.outputCount).flatMap { bytes(of: view.output($0)) }
      let end = min(start + expected.count, trace.count)
      let actual = Array(trace[min(start, end)..<end])
      if actual != expected {
        return OperatorDifference(
          operatorIndex: index, name: view.name, expected: expected, actual: actual)
      }
      start = end
    }
    return nil
  }

  /// The checksums of what each operator reads and of what it makes.
  func checksums(_ sample: ArraySlice<UInt8>) -> [OperatorChecksums] {
    set(sample)
    return (0..<model.operatorCount).map { index in
      let view = model.operator(index)
      let inputs = view.activations.flatMap { bytes(of: $0) }
      runner.runOperator(index)
      let outputs = (0..<view.outputCount).flatMap { bytes(of: view.output($0)) }
      return OperatorChecksums(
        inputs: Checksum.value(of: inputs), outputs: Checksum.value(of: outputs))
    }
  }

  /// Runs the operators before `end`.
  func run(_ sample: ArraySlice<UInt8>, upTo end: Int) {
    set(sample)
    for index in 0..<end { runner.runOperator(index) }
  }

  private func set(_ sample: ArraySlice<UInt8>) {
    var next = sample.startIndex
    for index in 0..<model.inputCount {
      let end = next + model.input(index).byteCount
      let values = sample[next..<end].map { Int8(bitPattern: $0) }
      guard (try? runner.setInput(index, values.span)) != nil else {
        preconditionFailure("an input takes as many bytes as it has")
      }
      next = end
    }
  }

  func bytes(of tensor: TensorView) -> [UInt8] {
    runner.elements(of: tensor).map { UInt8(bitPattern: $0) }
  }
}

/// What an operator read and made, as CRC-32.
struct OperatorChecksums: Equatable {
  var inputs: UInt32
  var outputs: UInt32
}

extension OperatorView {
  /// The operands that are no constants.
  var activations: [TensorView] {
    (0..<inputCount).map { input($0) }.filter { !$0.isConstant }
  }
}

/// The first operator at which a board and the host part.
public struct OperatorDifference: Sendable, Equatable, CustomStringConvertible {
  /// Its place in the order of execution.
  public var operatorIndex: Int
  /// Its name in the blob.
  public var name: String
  /// The host's output and the board's.
  public var expected: [UInt8]
  /// The board's output; fewer bytes where its trace was cut off.
  public var actual: [UInt8]

  /// CRC-32 of the host's output.
  public var expectedChecksum: UInt32 { Self.checksum(expected) }
  /// CRC-32 of the board's output.
  public var actualChecksum: UInt32 { Self.checksum(actual) }

  /// The elements that differ.
  public var elements: [Int] {
    expected.indices.filter { !actual.indices.contains($0) || actual[$0] != expected[$0] }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    Checksum.value(of: bytes)
  }

  /// Name, checksums and the first values that differ, line by line.
  public var description: String {
    let different = elements
    var lines = [
      "operator \(operatorIndex) '\(name.shown)' is the first that differs: CRC "
        + "\(String(actualChecksum, radix: 16)), the host has "
        + "\(String(expectedChecksum, radix: 16)); \(different.count) of \(expected.count) values"
    ]
    for element in different.prefix(16) {
      let value =
        actual.indices.contains(element) ? "\(Int8(bitPattern: actual[element]))" : "missing"
      lines.append("  element \(element): \(value), host \(Int8(bitPattern: expected[element]))")
    }
    if different.count > 16 { lines.append("  and \(different.count - 16) more") }
    return lines.joined(separator: "\n")
  }
}
