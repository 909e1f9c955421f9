import Foundation
import OctetSystem

/// What `octet board run` reports, for machines (it encodes as the JSON object) and for people.
package struct BoardReport: Encodable, Sendable {
  package struct Difference: Encodable, Sendable {
    package var sampleIndex: Int
    package var operatorIndex: Int?
    package var name: String?
    package var checksum: UInt32?
    package var hostChecksum: UInt32?
    package var elements: [Element]

    package struct Element: Encodable, Sendable {
      package var index: Int
      package var value: Int8?
      package var hostValue: Int8
    }
  }

  package var board: String
  /// `user@name`, or nil when it was emulated.
  package var host: String?
  /// The emulated processor, where the emulator has a choice.
  package var processor: String?
  package var sampleCount: Int
  package var outputsMatchHost: Bool
  package var selfTestPassed: Bool
  package var instructionsPerInference: Int?
  /// Cycles by the tables of Arm's manuals, without waiting for memory; nil but on Cortex-M.
  package var cyclesPerInference: Int?
  package var operators: [OperatorInstructions]
  package var nanosecondsPerInference: Int?
  package var arenaByteCount: Int
  package var stackByteCount: Int
  /// No more than this can be used of the stack; nil on Linux.
  package var stackBoundByteCount: Int?
  /// Code and constants without the model and its prepared weights.
  package var textByteCount: Int
  /// Weights that the image holds beside those of the model.
  package var preparedByteCount: Int
  package var dataByteCount: Int
  /// Bytes of variables that start as zero or as anything, without the arena.
  package var bssByteCount: Int
  /// Arena, stack, data and bss together.
  package var ramByteCount: Int
  package var modelByteCount: Int
  package var firmwareFileByteCount: Int
  /// The outputs of the first samples, at most 16.
  package var outputs: [[Int8]]
  package var firstDifference: Difference?

  package init(_ result: BoardResult, host: String?) {
    let firmware = result.firmware
    board = firmware.board.name
    self.host = host
    sampleCount = result.sampleCount
    outputsMatchHost = result.outputsMatchHost
    selfTestPassed = result.selfTestPassed
    instructionsPerInference = result.instructionsPerInference
    cyclesPerInference = result.cyclesPerInference
    operators = result.operators
    processor = host == nil ? firmware.board.emulatedProcessor : nil
    nanosecondsPerInference = result.nanosecondsPerInference
    arenaByteCount = firmware.arenaByteCount
    stackByteCount = result.stackByteCount
    stackBoundByteCount = firmware.stackBoundByteCount
    textByteCount = firmware.textByteCount
    preparedByteCount = firmware.preparedByteCount
    dataByteCount = firmware.dataByteCount
    bssByteCount = firmware.bssByteCount
    ramByteCount = result.ramByteCount
    modelByteCount = firmware.modelByteCount
    firmwareFileByteCount = firmware.fileByteCount
    let count = result.sampleCount > 0 ? result.outputs.count / result.sampleCount : 0
    outputs = (0..<min(result.sampleCount, 16)).map { sample in
      result.outputs[sample * count..<(sample + 1) * count].map { Int8(bitPattern: $0) }
    }
    if let sample = result.differingSampleIndex {
      firstDifference = Difference(sampleIndex: sample, result.difference)
    }
  }

  /// How it ran, for a person; not part of the JSON object.
  private var place: String {
    if let host { return " at \(host.shown)" }
    return instructionsPerInference == nil ? "" : ", emulated"
  }

  package var text: String {
    var lines = [
      "\(board)\(place): \(sampleCount) "
        + "\(sampleCount == 1 ? "sample" : "samples"), outputs "
        + "\(outputsMatchHost ? "equal the host's" : "DIFFER from the host's"), self-test "
        + (selfTestPassed ? "passed" : "FAILED")
    ]
    if let instructionsPerInference {
      lines.append("instructions an inference  \(instructionsPerInference)")
      if let cyclesPerInference {
        lines.append("cycles an inference        \(cyclesPerInference), modelled")
      }
      for part in operators {
        let cycles = part.cycleCount.map { ", \($0) cycles" } ?? ""
        lines.append("  \(part.name.shown)  \(part.instructionCount ?? 0)\(cycles)")
      }
    }
    if let nanosecondsPerInference {
      lines.append("nanoseconds an inference   \(nanosecondsPerInference)")
    }
    for part in operators {
      if let time = part.nanoseconds { lines.append("  \(part.name.shown)  \(time) ns") }
      if let count = part.measuredCycleCount {
        lines.append("  \(part.name.shown)  \(count) cycles, measured")
      }
    }
    lines += [
      "RAM    \(ramByteCount) bytes: arena \(arenaByteCount), stack \(stackByteCount), "
        + "data \(dataByteCount), bss \(bssByteCount)",
      "flash  text \(textByteCount) bytes, prepared weights \(preparedByteCount), "
        + "model \(modelByteCount)",
    ]
    for (index, output) in outputs.enumerated() {
      lines.append("sample \(index): \(output.map(String.init).joined(separator: " "))")
    }
    if sampleCount > outputs.count { lines.append("and \(sampleCount - outputs.count) more") }
    return lines.joined(separator: "\n")
  }
}

extension BoardReport.Difference {
  init(sampleIndex: Int, _ difference: OperatorDifference?) {
    self.sampleIndex = sampleIndex
    operatorIndex = difference?.operatorIndex
    name = difference?.name
    checksum = difference?.actualChecksum
    hostChecksum = difference?.expectedChecksum
    elements = (difference?.elements ?? []).prefix(64).map { index in
      .init(
        index: index,
        value: difference.flatMap {
          $0.actual.indices.contains(index) ? Int8(bitPattern: $0.actual[index]) : nil
        },
        hostValue: Int8(bitPattern: difference?.expected[index] ?? 0))
    }
  }
}

extension BoardResult {
  /// Whether the board did what the host does, and the emulator counted it.
  package var isGood: Bool { outputsMatchHost && selfTestPassed && countFailure == nil }

  /// The sentence for a person when something differs or is missing.
  package var failure: String {
    guard let differingSampleIndex else {
      return selfTestPassed ? countFailure ?? "" : "the self-test failed on the board"
    }
    let place = "sample \(differingSampleIndex) differs from the host"
    guard let difference else {
      return "\(place), but when it ran again with all operators' outputs, none differed"
    }
    return "\(place)\n\(difference)"
  }
}

/// What `octet board build` reports.
package struct BoardBuildReport: Encodable, Sendable {
  package var board: String
  package var elf: String
  package var binary: String?
  package var map: String
  package var textByteCount: Int
  package var preparedByteCount: Int
  package var dataByteCount: Int
  package var bssByteCount: Int
  package var arenaByteCount: Int
  /// What the stack can need; nil on Linux.
  package var stackBoundByteCount: Int?
  package var modelByteCount: Int
  package var firmwareFileByteCount: Int

  package init(_ firmware: Firmware) {
    board = firmware.board.name
    elf = firmware.elf.path
    binary = firmware.binary?.path
    map = firmware.map.path
    textByteCount = firmware.textByteCount
    preparedByteCount = firmware.preparedByteCount
    dataByteCount = firmware.dataByteCount
    bssByteCount = firmware.bssByteCount
    arenaByteCount = firmware.arenaByteCount
    stackBoundByteCount = firmware.stackBoundByteCount
    modelByteCount = firmware.modelByteCount
    firmwareFileByteCount = firmware.fileByteCount
  }

  package var text: String {
    let stack = stackBoundByteCount.map { "stack at most \($0), " } ?? ""
    return """
      \(elf)
      \(map)
      text \(textByteCount), prepared weights \(preparedByteCount), data \(dataByteCount), \
      bss \(bssByteCount), arena \(arenaByteCount), \(stack)model \(modelByteCount) bytes
      """
  }
}

/// What `octet board list` reports.
package struct BoardList: Encodable, Sendable {
  package struct Entry: Encodable, Sendable {
    package var name: String
    package var summary: String
    package var needs: String
    package var canBeEmulatedHere: Bool
  }

  package var boards: [Entry]

  /// - Throws: `BoardError` without Octet's sources, or with a damaged board.
  package init() throws(BoardError) {
    boards = try Board.builtIn().map {
      Entry(
        name: $0.name, summary: $0.summary, needs: $0.needs,
        canBeEmulatedHere: $0.canBeEmulatedHere)
    }
  }

  package var text: String {
    boards.map {
      "\($0.name.padding(toLength: 16, withPad: " ", startingAt: 0))\($0.summary)\n"
        + "                needs \($0.needs); its emulator is "
        + ($0.canBeEmulatedHere ? "here" : "not here")
    }.joined(separator: "\n")
  }
}

extension Board {
  /// Whether the emulator, or what runs its images, is installed on this machine.
  package var canBeEmulatedHere: Bool {
    guard let program = emulator.first else { return false }
    return (try? Command.find(program, remedy: "")) != nil
  }
}
