import Foundation
import Testing

/// The page on operators says what the code does.
@Suite struct OperatorTableTests {
  static let page = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources/OctetRuntime/OctetRuntime.docc/Operators.md")

  @Test func pageIsGenerated() throws {
    let expected = try OperatorTable.markdown()
    if ProcessInfo.processInfo.environment["OCTET_WRITE_OPERATORS"] == "1" {
      try expected.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let actual = try? String(contentsOf: Self.page, encoding: .utf8)
    if actual != expected {
      print("Operators.md should be (OCTET_WRITE_OPERATORS=1 writes it):\n\(expected)")
    }
    #expect(actual == expected)
  }
}
