import Foundation
import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

@Suite struct SwiftExportTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../..").standardized

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  private static func digits() throws -> Blob {
    Blob(
      try Data(
        contentsOf: root.appendingPathComponent(
          "Firmware/Examples/LinuxSwift/Sources/Models/digits.oct")))
  }

  @Test("Every kind of operator has its function, which generated source calls")
  func everyKindIsCallable() throws {
    let functions = try Self.text("Sources/OctetLinkedModel/LinkedModel+Operators.swift")
    for kind in OperatorKind.allCases {
      #expect(functions.contains("public borrowing func \(kind.name)(_ index: Int)"))
    }
  }

  @Test("The type has the model's shapes, and calls its operators in order")
  func writesTheType() throws {
    let blob = try Self.digits()
    let model = try blob.model()
    let text = try SwiftExport.text(blob, name: "digits")
    #expect(text.contains("public enum Digits {"))
    #expect(text.contains("predict(_ input: borrowing [784 of Int8]) -> [10 of Int8]"))
    #expect(text.contains("arenaByteCount: Int { \(model.arenaByteCount) }"))
    #expect(text.contains("inputScale: Float { \(model.input(0).scale) }"))
    for index in 0..<model.operatorCount {
      #expect(text.contains("model.\(model.operator(index).kindName)(\(index))"))
    }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 || $0.contains("base64") })
  }

  @Test(
    "Names of types are Swift's, and none that the source itself uses",
    arguments: [
      ("my-model", "MyModel"), ("9-lives", "Model9Lives"), ("int8", "Int8Model"),
      ("self", "SelfModel"), ("größe", "GrE"), ("...", "Model"),
    ])
  func namesTypes(_ name: String, _ type: String) throws {
    let text = try SwiftExport.text(try Self.digits(), name: name)
    #expect(text.contains("public enum \(type) {"))
  }

  @Test("The article's blocks are the examples' files")
  func theArticleIsTrue() throws {
    let article = try Self.text("Sources/OctetRuntime/OctetRuntime.docc/InYourFirmware.md")
    for path in [
      "LinuxSwift/Package.swift", "LinuxSwift/Sources/App/Main.swift",
      "EmbeddedSwift/Package.swift", "EmbeddedSwift/toolset.json",
      "EmbeddedSwift/Sources/App/Main.swift", "Browser/index.html",
    ] {
      let file = try Self.text("Firmware/Examples/\(path)")
      #expect(article.contains("\n\(file)```\n"), "\(path) is not in the article")
    }
  }
}
