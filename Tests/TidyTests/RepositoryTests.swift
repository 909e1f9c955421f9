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

  /// C is for what Swift cannot name, the instructions of each architecture: so many lines, neither
  /// blank nor comments, have its leaves, and next to none is anything else.
  @Test func kernelsInCStayFew() {
    let leaves = [
      // Assembly of Arm's cores without vectors, a third of all.
      "octet_core.h": 317, "octet_windows.h": 62, "octet_results.h": 124,
      "octet_prepared.h": 121, "octet_narrow.h": 36, "octet_connect.h": 66,
      "octet_wide.h": 44, "octet_neon.h": 94, "octet_mve.h": 90, "octet_rvv.h": 100,
      "octet_rows.h": 20,
      // AVX2 and AVX-512, and their use in float.
      "x86_convolution.h": 56, "x86_words.h": 46, "x86_int8.h": 180, "x86_int16.h": 98,
      "x86_layer.h": 27, "x86_vectors.h": 20, "x86_avx2.c": 57, "x86_avx512.c": 61,
      "x86_avx2_int16.c": 24, "x86_avx512_int16.c": 25, "octet_x86.h": 87, "float_blocks.h": 125,
      "float_kernels.c": 75,
      "float_elements.h": 195, "float_tiles.h": 240, "float_windows.h": 245,
      "octet_float_kernels.h": 150,
      // What training in int8 does to every element.
      "octet_integers.h": 30,
    ]
    var others = 0
    for file in Repository.files(in: ["Sources"], endingIn: ["c", "h"]) {
      let count = file.lines.filter { line in
        let text = line.drop { $0 == " " }
        return !text.isEmpty && !text.hasPrefix("//")
      }.count
      let name = file.path.split(separator: "/").last.map(String.init) ?? ""
      if let bound = leaves[name] {
        #expect(count <= bound, "\(count) lines in \(name)")
      } else {
        others += count
      }
    }
    #expect(others <= 19, "\(others) other lines of C in Sources")
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
