import Foundation
import OctetCompiler
import OctetSystem

/// Runs firmware, in the emulator or on a Linux board by ssh, and compares it with the host.
public struct BoardRunner {
  /// What is run.
  public let firmware: Firmware
  /// `user@name` of a Linux board; nil to emulate.
  public var host: String?

  /// Instructions are counted over as many samples; counting slows the emulator down.
  private static let countedSampleCount = 4
  /// An operator's time is the median of as many samples.
  private static let timedSampleCount = 9

  /// - Parameter host: `user@name` of a Linux board; nil to emulate.
  /// - Throws: `notRemote` for a host and firmware that is not for Linux.
  public init(_ firmware: Firmware, host: String? = nil) throws(BoardError) {
    if host != nil, firmware.board.family != .linux { throw .notRemote(firmware.board.name) }
    self.firmware = firmware
    self.host = host
  }

  /// Builds, runs and compares.
  ///
  /// - Parameter keep: is given the firmware after it ran, which is removed afterwards.
  public static func buildAndRun(
    _ blob: Blob, on board: Board, inputs: [UInt8]?, host: String? = nil,
    keep: (Firmware) throws -> Void = { _ in }
  ) throws -> BoardResult {
    try buildAndRun(blob, with: BoardBuilder(board), inputs: inputs, host: host, keep: keep)
  }

  /// The same with a builder that may have been told more.
  public static func buildAndRun(
    _ blob: Blob, with builder: BoardBuilder, inputs: [UInt8]?, host: String? = nil,
    keep: (Firmware) throws -> Void = { _ in }
  ) throws -> BoardResult {
    try withTemporaryFolder { folder in
      let firmware = try builder.build(blob, into: folder)
      let result = try BoardRunner(firmware, host: host).run(blob, inputs: inputs)
      try keep(firmware)
      return result
    }
  }

  /// Runs the self-test, then `inputs` (samples end to end; nil: the self-test's own sample).
  public func run(_ blob: Blob, inputs: [UInt8]?) throws(BoardError) -> BoardResult {
    let reference = try HostRun(blob)
    let sampleByteCount = reference.sampleByteCount
    let inputs = inputs ?? reference.selfTestSample()
    guard !inputs.isEmpty, inputs.count % sampleByteCount == 0 else {
      throw .inputByteCount(inputs.count, needed: sampleByteCount)
    }
    let machine = try machine()
    defer { machine.close() }
    let selfTest = try machine.run(inputs: nil)
    let run = try machine.run(inputs: inputs)
    let expected = reference.outputs(inputs)
    var result = BoardResult(
      firmware: firmware, sampleCount: run.report.sampleCount, outputs: run.outputs,
      outputsMatchHost: run.outputs == expected, selfTestPassed: selfTest.report.passedSelfTest,
      stackByteCount: max(selfTest.report.stackByteCount, run.report.stackByteCount))
    if host == nil, firmware.board.isCounted {
      do {
        try count(inputs, reference, on: machine, into: &result)
      } catch .notCounted(let command, let output) {
        result.countFailure = BoardError.notCounted(command: command, output: output).description
      }
    }
    if host != nil || !firmware.board.isCounted {
      try time(inputs, reference, on: machine, into: &result)
      if firmware.board.family != .bareMetal {
        result.nanosecondsPerInference = run.report.nanoseconds
      }
    }
    if !result.outputsMatchHost {
      let index = firstDifferingSample(run.outputs, expected, reference.outputByteCount)
      let start = min(index, inputs.count / sampleByteCount - 1) * sampleByteCount
      let sample = inputs[start..<start + sampleByteCount]
      let traced = try machine.run(inputs: Array(sample), isTracing: true)
      result.differingSampleIndex = index
      result.difference = reference.firstDifference(sample, trace: traced.trace)
    }
    return result
  }

  /// Counts what an inference executes, and each of its operators.
  private func count(
    _ inputs: [UInt8], _ reference: HostRun, on machine: any Machine, into result: inout BoardResult
  ) throws(BoardError) {
    let byteCount = reference.sampleByteCount
    let sampleCount = min(Self.countedSampleCount, inputs.count / byteCount)
    let counts = try machine.counts(
      sampleCount, inputs: Array(inputs.prefix(sampleCount * byteCount)), isTracing: false)
    let operators = try machine.counts(
      reference.model.operatorCount, inputs: Array(inputs.prefix(byteCount)), isTracing: true)
    result.instructionsPerInference =
      counts.reduce(0) { $0 + $1.instructionCount } / counts.count
    let cycles = counts.compactMap(\.cycleCount)
    if cycles.count == counts.count {
      result.cyclesPerInference = cycles.reduce(0, +) / cycles.count
    }
    let parts = zip(0..<reference.model.operatorCount, operators).map { index, count in
      let view = reference.model.operator(index)
      return OperatorInstructions(
        name: view.name, operator: view.kindName, macCount: view.macCount,
        instructionCount: count.instructionCount, cycleCount: count.cycleCount)
    }
    result.operators = joined(parts, reference.model.blob.bands)
  }

  /// Each layer once: its bands added up, and in one line what brings their rows together.
  private func joined(
    _ parts: [OperatorInstructions], _ bands: [Int: OperatorBand]
  ) -> [OperatorInstructions] {
    var layers: [OperatorInstructions] = []
    var places: [Int: Int] = [:]
    for (index, part) in parts.enumerated() {
      let key: Int
      switch bands[index] {
      case nil:
        layers.append(part)
        continue
      case .helper: key = -1
      case .rows(let layer, _, _): key = layer
      }
      guard let place = places[key] else {
        places[key] = layers.count
        layers.append(part)
        if key < 0 {
          layers[layers.count - 1].name = "rows of bands"
          layers[layers.count - 1].operator = "kept and brought together"
        }
        continue
      }
      layers[place].macCount += part.macCount
      layers[place].instructionCount = layers[place].instructionCount.flatMap { count in
        part.instructionCount.map { count + $0 }
      }
      layers[place].cycleCount = layers[place].cycleCount.flatMap { cycles in
        part.cycleCount.map { cycles + $0 }
      }
    }
    return layers
  }

  /// Takes the board's own times of each operator.
  private func time(
    _ inputs: [UInt8], _ reference: HostRun, on machine: any Machine, into result: inout BoardResult
  ) throws(BoardError) {
    let byteCount = reference.sampleByteCount
    let sampleCount = Self.timedSampleCount
    let operatorCount = reference.model.operatorCount
    // The first again where there are fewer.
    let samples = (0..<sampleCount).flatMap { index in
      let start = index % (inputs.count / byteCount) * byteCount
      return inputs[start..<start + byteCount]
    }
    let times = try machine.run(inputs: samples, isTracing: true).times
    guard times.count == sampleCount * operatorCount else { return }
    let isBareMetal = firmware.board.family == .bareMetal
    result.operators = (0..<operatorCount).map { index in
      let view = reference.model.operator(index)
      let known = (0..<sampleCount).compactMap { times[$0 * operatorCount + index] }.sorted()
      let median = known.isEmpty ? nil : known[known.count / 2]
      return OperatorInstructions(
        name: view.name, operator: view.kindName, macCount: view.macCount,
        measuredCycleCount: isBareMetal ? median : nil, nanoseconds: isBareMetal ? nil : median)
    }
  }

  private func firstDifferingSample(_ a: [UInt8], _ b: [UInt8], _ byteCount: Int) -> Int {
    let shared = min(a.count, b.count)
    return ((0..<shared).first { a[$0] != b[$0] } ?? shared) / max(byteCount, 1)
  }

  private func machine() throws(BoardError) -> any Machine {
    if let host { return try RemoteMachine(firmware, host: host) }
    return try EmulatedMachine(firmware)
  }
}

/// Something that executes firmware.
package protocol Machine {
  /// - Parameter inputs: samples end to end; nil: the self-test.
  func attempt(inputs: [UInt8]?, isTracing: Bool) throws(BoardError) -> MachineRun

  /// What each inference executes, or when tracing each operator, so many as are expected; none on
  /// hardware, where nothing counts.
  func counts(
    _ expected: Int, inputs: [UInt8], isTracing: Bool
  ) throws(BoardError) -> [ExecutionCount]

  /// What firmware wrote that did not end as it should; empty where nothing is known of it.
  func partialOutputs() -> [UInt8]

  /// Removes its files.
  func close()
}

extension Machine {
  /// What the firmware left.
  ///
  /// - Throws: also `stackExhausted`, since such results are void.
  package func run(inputs: [UInt8]?, isTracing: Bool = false) throws(BoardError) -> MachineRun {
    let run = try attempt(inputs: inputs, isTracing: isTracing)
    if let error = run.report.stackError { throw error }
    return run
  }
}

/// What firmware left behind.
package struct MachineRun {
  package var report: FirmwareReport
  package var outputs: [UInt8]
  package var trace: [UInt8]
  /// The time of each operator of each traced sample, in nanoseconds or on bare metal in cycles;
  /// nil where its clock could not tell.
  package var times: [Int?]

  /// The files of the seam, by the names that the firmware uses.
  enum File {
    static let input = "input.raw"
    static let output = "output.raw"
    static let report = "report.raw"
    static let trace = "trace.raw"
    static let times = "times.raw"
    static let all = [input, output, report, trace, times]
  }

  /// Reads them from `folder`; `text` is what the firmware printed.
  init(folder: URL, command: Command, text: String) throws(BoardError) {
    guard let bytes = try? folder.appendingPathComponent(File.report).read(),
      let report = FirmwareReport(bytes)
    else { throw .runFailed(command: command.line, output: text) }
    try report.requireSuccess(text)
    self.report = report
    outputs = (try? folder.appendingPathComponent(File.output).read()) ?? []
    trace = (try? folder.appendingPathComponent(File.trace).read()) ?? []
    let bytes64 = (try? folder.appendingPathComponent(File.times).read()) ?? []
    times = stride(from: 0, to: bytes64.count - 7, by: 8).map { start in
      let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes64[start + $1]) << (8 * $1) }
      return Int(exactly: value)
    }
  }
}

/// Runs `body` with an empty folder of its own, which is removed afterwards, whatever ends this
/// process.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = try makeTemporaryFolder()
  defer { folder.remove() }
  return try body(folder.url)
}

func makeTemporaryFolder() throws(BoardError) -> TemporaryFolder {
  do throws(SystemError) {
    return try TemporaryFolder()
  } catch {
    throw .file(
      path: FileManager.default.temporaryDirectory.path,
      problem: "a temporary folder cannot be made: \(error)")
  }
}

extension TemporaryFolder {
  var url: URL { URL(fileURLWithPath: path) }
}
