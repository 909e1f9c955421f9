import Foundation
import OctetBoards
import OctetRuntime
import Testing

struct BoardTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..")

  @Test("Every board has its folder, all of the same shape", arguments: Board.all)
  func hasFolder(board: Board) throws {
    let folder = root.appendingPathComponent("Firmware/Boards/\(board.name)")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files == ["board.ld", "toolset.json"])
  }

  @Test("Every operator can be selected for firmware", arguments: OperatorKind.allCases)
  func canSelect(kind: OperatorKind) throws {
    let file = root.appendingPathComponent("Sources/OctetRuntime/Operators/Operator.swift")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("#if !OCTET_SELECT || OCTET_\("\(kind)".uppercased())\n"))
  }

  @Test("An unknown board is named, and where the list is")
  func unknown() {
    let error = #expect(throws: BoardError.self) { try Board.named("cortex-m99") }
    #expect(
      error?.description
        == "there is no board 'cortex-m99'; 'octet board list' shows those that there are")
  }

  @Test("The list says what each board needs")
  func list() {
    let text = BoardList().text
    for board in Board.all { #expect(text.contains(board.name)) }
    #expect(text.contains("package qemu-system-arm"))
  }
}
