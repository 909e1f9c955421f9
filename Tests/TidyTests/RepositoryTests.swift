import Foundation
import Testing

/// Rules about which files there are.
@Suite struct RepositoryTests {
  static let operators = Repository.files(in: [OperatorFiles.folder], endingIn: ["swift"])
    // `Convolution+AVX2.swift` is a further kernel of `Convolution`.
    .map { String($0.name.dropLast(".swift".count)) }.filter { !$0.contains("+") }

  @Test(.enabled(if: !operators.isEmpty, "there are no operators yet"))
  func everyOperatorHasItsOracleAndTests() {
    var violations: [String] = []
    for name in Self.operators where !OperatorFiles.shared.contains(name) {
      for counterpart in OperatorFiles.counterparts {
        let tested = OperatorFiles.tested[name] ?? name
        let path = "\(counterpart.folder)/\(tested)\(counterpart.suffix)"
        if !Repository.exists(path) { violations.append("\(name).swift has no \(path)") }
      }
    }
    expectNone(violations)
  }

  @Test func noPackageDependencies() throws {
    for path in ["Package.swift", "Firmware/Package.swift"] where Repository.exists(path) {
      let url = Repository.root.appendingPathComponent(path)
      let tokens = SourceText(try String(contentsOf: url, encoding: .utf8)).tokens.map(\.text)
      for index in tokens.indices where tokens[index...].starts(with: [".", "package", "("]) {
        // Firmware may name the package around it, and only by path.
        let isNested = path != "Package.swift" && tokens[index...].dropFirst(3).contains("path")
        #expect(isNested, "\(path) has a package dependency")
      }
    }
  }

  /// C is for what Swift cannot name: in all kernels together about 1,100 lines that are neither
  /// blank nor comments. A third of them are the assembly of cores without vectors. Leaves that
  /// name the instructions of one architecture have a file and a bound of their own.
  @Test func kernelsInCStayFew() {
    var (assembly, others) = (0, 0)
    let leaves = ["octet_mve.h", "octet_rvv.h", "octet_rows.h"]
    for file in Repository.files(in: ["Sources"], endingIn: ["c", "h"]) {
      let count = file.lines.filter { line in
        let text = line.drop { $0 == " " }
        return !text.isEmpty && !text.hasPrefix("//")
      }.count
      if let leaf = leaves.first(where: { file.path.hasSuffix("/\($0)") }) {
        #expect(count <= 120, "\(count) lines in \(leaf)")
      } else if file.path.hasSuffix("octet_core.h") { assembly += count } else { others += count }
    }
    #expect(assembly <= 386, "\(assembly) lines in octet_core.h")
    #expect(others <= 714, "\(others) other lines of C in Sources")
  }

  @Test(.enabled(if: Repository.tracked != nil, "needs a git checkout"))
  func trackedFilesAreSmall() throws {
    var violations: [String] = []
    for path in try #require(Repository.tracked) {
      let url = Repository.root.appendingPathComponent(path)
      guard let size = try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize else { continue }
      if size > 512 << 10 { violations.append("\(path): \(size) bytes; at most 512 KiB") }
    }
    expectNone(violations)
  }

  @Test(.enabled(if: Repository.tracked != nil, "needs a git checkout"))
  func theTopLevelIsAsAgreed() throws {
    let agreed: Set<Substring> = [
      "Package.swift", "Sources", "Tests", "Tools", "Firmware", "README.md", "LICENSE",
    ]
    let top = Set(try #require(Repository.tracked).compactMap { $0.split(separator: "/").first })
    expectNone(top.filter { !agreed.contains($0) && !$0.hasPrefix(".") }.map { "\($0)" })
  }
}
