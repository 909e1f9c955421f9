import Foundation
import Testing

/// `octet board` where nothing is compiled: names, folders and sizes that are wrong.
@Suite struct BoardVerbTests {
  /// Folders beside the workshop's blob: a board that is not JSON, one without a script, and none.
  private static func makeBoards() async throws {
    let folder = try await Workshop.shared.folder()
    let files = [
      ("broken-board/board.json", "{"), ("typo-board/board.json", #"{"family": "Toaster"}"#),
      ("empty-board/nothing", ""),
    ]
    for (path, text) in files {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  @Test(
    "A board or a size that is wrong has its status and its sentence",
    arguments: [
      ("build --board cortex-m99 m.oct -o out", 64, "nor a folder; did you mean 'cortex-m"),
      ("build --board ./none m.oct -o out", 66, "none is no board: it needs a board.json"),
      ("build --board empty-board m.oct -o out", 66, "empty-board is no board: it needs"),
      ("build --board broken-board m.oct -o out", 65, "broken-board/board.json: it is not JSON"),
      (
        "build --board typo-board m.oct -o out", 65,
        "typo-board/board.json: 'family' is \"Toaster\""
      ),
      ("library --board ./none -o out", 66, "none is no board"),
      ("build --board cortex-m4 --flash 0 m.oct -o out", 64, "'0' is not a number of bytes from 1"),
      ("build --board cortex-m4 --ram 4G m.oct -o out", 64, "'4G' is not a number of bytes from 1"),
      ("build --board linux-armv7 --ram 64K m.oct -o out", 64, "has no flash and RAM of its own"),
      ("run --board wasm32 --flash 1M m.oct", 64, "wasm32 has no flash and RAM of its own size"),
      (
        "run --board cortex-m4 --ram 100 m.oct", 65, "larger than all of the RAM, 100 bytes. A part"
      ),
      ("run --board cortex-m4 --flash 1K m.oct", 65, "larger than all of the flash, 1024 bytes."),
      ("profile --board wasm32 m.oct", 64, "counts in QEMU, which does not run wasm32"),
    ])
  func refuses(line: String, status: Int32, text: String) async throws {
    try await Self.makeBoards()
    let run = try await workshop("board \(line)")
    #expect(run.status == status, "\(run.stderr)")
    #expect(run.stderr.contains(text), "\(run.stderr)")
    #expect(run.stdout.isEmpty)
  }
}
