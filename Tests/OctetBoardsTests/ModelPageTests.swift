import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// The page as text; `.ci/run` opens it in a browser.
@Suite(.enabled(if: isInstalled("swiftc"), "the Swift toolchain is not installed"))
struct ModelPageTests {
  private struct Contents: Decodable {
    var labels: [String]
    var pixelCodes: [[Int8]]?
    var arenaByteCount: Int
    var blob: Data
    var runtime: Data
  }

  private func contents(_ html: String) throws -> Contents {
    let start = try #require(html.range(of: #"<script type="application/json" id="model">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let json = html[start.upperBound..<end.lowerBound]
    return try JSONDecoder().decode(Contents.self, from: Data(json.utf8))
  }

  @Test("Holds the blob and a module that imports nothing and exports octet.h")
  func holdsAll() throws {
    let blob = try LeNet.perceptron()
    let codes = [[Int8]](repeating: [Int8](repeating: 7, count: 256), count: 1)
    let html = try ModelPage().html(blob, name: "net", pixelCodes: codes)
    #expect(html.contains("<title>net</title>"))
    #expect(!html.contains("{{"))
    #expect(!html.contains("src=") && !html.contains("href="))
    let contents = try contents(html)
    #expect([UInt8](contents.blob) == blob.bytes)
    #expect(contents.arenaByteCount == (try blob.model().arenaByteCount))
    #expect(contents.pixelCodes == codes)
    let module = [UInt8](contents.runtime)
    #expect(module.starts(with: [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
    // Section 2 would be the imports (WebAssembly core specification, 5.5).
    #expect(!sectionNumbers(module).contains(2))
    let text = String(decoding: module, as: UTF8.self)
    for name in ["octet_open", "octet_run_operator", "octet_operator_output_values", "memory"] {
      #expect(text.contains(name), "\(name) is not exported")
    }
  }

  @Test("A name cannot leave its place in the page")
  func escapesNames() throws {
    let evil = "</script><img onerror=alert(1)>"
    let html = try ModelPage().html(LeNet.perceptron(), name: evil, pixelCodes: nil)
    #expect(!html.contains("<img onerror"))
    #expect(html.components(separatedBy: "</script>").count == 3)
  }

  private func sectionNumbers(_ module: [UInt8]) -> [UInt8] {
    var numbers: [UInt8] = []
    var at = 8
    while at < module.count {
      numbers.append(module[at])
      at += 1
      var size = 0
      var shift = 0
      repeat {
        size |= Int(module[at] & 0x7f) << shift
        shift += 7
        at += 1
      } while module[at - 1] & 0x80 != 0
      at += size
    }
    return numbers
  }
}
