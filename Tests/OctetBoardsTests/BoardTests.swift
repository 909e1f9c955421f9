import Foundation
import OctetBoards
import OctetCompiler
import OctetRuntime
import Testing

struct BoardTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..")

  @Test("Every board has its folder, all of the same shape", arguments: Board.all)
  func hasFolder(board: Board) throws {
    let folder = root.appendingPathComponent("Firmware/Boards/\(board.name)")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let script = board.family == .wasi ? [] : ["board.ld"]
    // A board may have programs that run its images.
    #expect(files.filter { !$0.hasSuffix(".mjs") } == ["board.json"] + script + ["toolset.json"])
    #expect(!board.emulator.isEmpty)
    #expect(!board.summary.isEmpty)
  }

  @Test("Every operator can be selected for firmware", arguments: OperatorKind.allCases)
  func canSelect(kind: OperatorKind) throws {
    let file = root.appendingPathComponent("Sources/OctetRuntime/Operators/Operator.swift")
    let text = try String(contentsOf: file, encoding: .utf8)
    let lines = "#if !OCTET_SELECT || \(kind.compileCondition)\n      case .\(kind):"
    #expect(text.contains(lines))
  }

  @Test("An unknown board is named, and where the list is")
  func unknown() {
    let error = #expect(throws: BoardError.self) { try Board.named("cortex-m99") }
    #expect(
      error?.description
        == "there is no board 'cortex-m99'; 'octet board list' shows those that there are")
  }

  @Test("The list says what each board needs")
  func list() throws {
    let text = try BoardList().text
    #expect(Board.all.map(\.name) == Board.names)
    #expect(Board.all.count >= 15)
    for board in Board.all { #expect(text.contains(board.name)) }
    #expect(text.contains("package qemu-system-arm"))
  }

  @Test("One number has one meaning, in Swift and in both C headers")
  func sharesErrorCodes() throws {
    func constants(_ path: String, _ prefix: String) throws -> [String: Int] {
      let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
      let expression = try Regex(
        "\\b\(prefix)([A-Z_]+)\\s(?:= )?(\\d+)\\b", as: (Substring, Substring, Substring).self)
      return Dictionary(
        text.matches(of: expression).map { (String($0.output.1), Int($0.output.2) ?? 0) },
        uniquingKeysWith: { first, _ in first })
    }
    let codes = ErrorCode.allCases
    func name(_ code: some Any) -> String {
      "\(code)".map { $0.isUppercase ? "_\($0)" : $0.uppercased() }.joined()
    }
    let names = Dictionary(
      ModelError.Cause.allCases.map { (name($0), Int($0.rawValue)) }
        + codes.map { (name($0), Int($0.rawValue)) },
      uniquingKeysWith: { _, code in code })
    let library = try constants("Firmware/CLibrary/include/octet.h", "OCTET_ERROR_")
      .merging(
        try constants("Firmware/CLibrary/include/octet_update.h", "OCTET_ERROR_"),
        uniquingKeysWith: { $0 + $1 * 1000 })
    let firmware = try constants("Firmware/Sources/Board/include/board.h", "BOARD_ERROR_")
    #expect(library.count == 20)
    #expect(firmware.count == 3)
    for (name, value) in library.merging(firmware, uniquingKeysWith: { $0 + $1 * 1000 }) {
      #expect(names[name] == value, "\(name)")
    }
    // Every code has a text, and no cause of a damaged blob has another's number.
    let causes = ModelError.Cause.allCases.map(\.rawValue)
    #expect(Set(causes).isDisjoint(with: codes.map(\.rawValue)))
    #expect(causes.allSatisfy { (1...96).contains($0) })
    for code in 0...300 {
      let isKnown = causes.contains { $0 == code } || codes.contains { $0.rawValue == code }
      #expect((ErrorCode.text(of: code) != nil) == isKnown, "\(code)")
    }
    #expect(Set(codes.map { "\($0.text)" }).count == codes.count)
  }

  @Test("One Swift version is asked for, everywhere")
  func asksForOneVersion() throws {
    for (path, sentence) in [
      ("README.md", "(https://www.swift.org/install/linux/) VERSION or later"),
      ("Package.swift", "// swift-tools-version: VERSION\n"),
      ("Firmware/Package.swift", "// swift-tools-version: VERSION\n"),
    ] {
      let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
      #expect(
        text.contains(
          sentence.replacingOccurrences(of: "VERSION", with: Toolchain.oldestVersion)), "\(path)")
    }
  }
}
