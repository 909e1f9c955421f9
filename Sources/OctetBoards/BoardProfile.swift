import Foundation

/// What `octet board profile` reports: what each operator costs on a board, in emulation.
package struct BoardProfile: Encodable, Sendable {
  package var board: String
  /// The emulated processor, where the emulator has a choice.
  package var processor: String?
  package var macCount: Int
  package var instructionsPerInference: Int
  /// Modelled, on Cortex-M; nil elsewhere.
  package var cyclesPerInference: Int?
  package var operators: [OperatorInstructions]

  /// Nil when nothing was counted.
  package init?(_ result: BoardResult) {
    guard let instructions = result.instructionsPerInference else { return nil }
    board = result.firmware.board.name
    processor = result.firmware.board.emulatedProcessor
    macCount = result.operators.reduce(0) { $0 + $1.macCount }
    instructionsPerInference = instructions
    cyclesPerInference = result.cyclesPerInference
    operators = result.operators
  }

  /// A table, an operator a line, at most 80 columns wide.
  package var text: String {
    let whole = max(operators.reduce(0) { $0 + Self.cost($1) }, 1)
    var rows = [["multiply-adds", "instructions", "cycles", "a MAC", "share", "layer"]]
    let prefixCount = Self.sharedFolderCount(operators.map(\.name))
    for part in operators {
      let name = part.name.dropFirst(prefixCount)
      rows.append(row(part, "\(name) (\(part.operator))", of: whole))
    }
    let all = OperatorInstructions(
      name: "", operator: "", macCount: macCount, instructionCount: instructionsPerInference,
      cycleCount: cyclesPerInference)
    rows.append(row(all, "\(board)\(processor.map { ", \($0)" } ?? "")", of: Self.cost(all)))
    if cyclesPerInference == nil { for index in rows.indices { rows[index].remove(at: 2) } }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let figures = zip(row.dropLast(), widths).map { text, width in
        String(repeating: " ", count: width - text.count) + text
      }
      let line = (figures + [row[row.count - 1]]).joined(separator: "  ")
      return line.count > 80 ? line.prefix(79) + "…" : line
    }.joined(separator: "\n")
  }

  /// The characters up to the last slash that all names begin with.
  private static func sharedFolderCount(_ names: [String]) -> Int {
    guard let first = names.first, names.count > 1 else { return 0 }
    let shared = names.reduce(first) { $0.commonPrefix(with: $1) }
    return shared.lastIndex(of: "/").map { shared.distance(from: shared.startIndex, to: $0) + 1 }
      ?? 0
  }

  private func row(_ part: OperatorInstructions, _ name: String, of whole: Int) -> [String] {
    let cost = Self.cost(part)
    return [
      "\(part.macCount)", "\(part.instructionCount ?? 0)", part.cycleCount.map { "\($0)" } ?? "",
      part.macCount > 0 ? Self.tenths(10 * cost / part.macCount) : "–",
      Self.tenths(1000 * cost / whole) + " %", name,
    ]
  }

  /// Cycles, or instructions where there are none.
  private static func cost(_ part: OperatorInstructions) -> Int {
    part.cycleCount ?? part.instructionCount ?? 0
  }

  private static func tenths(_ number: Int) -> String { "\(number / 10).\(number % 10)" }
}
