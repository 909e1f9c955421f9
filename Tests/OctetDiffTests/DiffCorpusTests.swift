import Foundation
import OctetONNX
import TestComparisons
import Testing

@Suite struct DiffCorpusTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["OCTET_MAKE_CORPUS"] != nil))
  func makeTinyLeNet() throws {
    let bytes = try ONNXWriter.write(DiffCorpus.train())
    try Data(bytes).write(to: DiffCorpus.file)
  }
}
