import Foundation
import OctetCompiler
import OctetRuntime
import Testing

/// Blobs that octet wrote when the format's version was 2: of the operators whose words changed.
@Suite struct PreviousVersionTests {
  static let softmax = """
    T0NUOAIAYAAAAQAAaN4+LGAAAACwAAAA3AAAANAAAADkAAAA8AAAAAIAAQABAAEABAAAAAMAAAAMAAAAEAAA\
    AAAMAAAAAAAAAAAAAAAAAAAAcH4M8AAAAAAAAAAAAAAAAAAAAAAMAAABAAAAAQAAAAACAAAGAAAA29INPUUC\
    AAAAAAAAAwAAAAAAAAAADAAAAQAAAAEAAAAAAgAABgAAAAAAgDuAAgAAAAABAAYAAAAGAAEBAgAAAAAAAAAD\
    AAAAAAAAAAAAAAD85xKWAAAAAGTMRmMVAAAAAf///wAAAQAAAAEAdDEAdDAAdDEAAAAAAAAAAAAAAAAAAAAA\
    AAAAAA==
    """
  static let logarithm = """
    T0NUOAIAYAAQAQAAvUMMBWAAAACwAAAA5AAAANAAAADsAAAAAAEAAAIAAQABAAEABAAAAAUAAAAMAAAAEAAA\
    AAAMAAAAAAAAAAAAAAAAAAAAcH4MAAEAAAAAAAAAAAAAAAAAAAAMAAABAAAAAQAAAAACAAAGAAAAurGIPFoC\
    AAAAAAAAAwAAAAAAAAAADAAAAQAAAAEAAAAAAgAABgAAAAAAgD1/AgAAAAABAAYAAAAWAAEBAgAAAAAAAAAF\
    AAAAAAAAAAAAAACNQ5chAAAAAADdWEQVAAAAAf///2/W23fs////AAABAAAAAQB0MQB0MAB0MQAAAAAAAAAA\
    AAAAAAAAAAAAAAAAAAAAAAAAAAA=
    """

  @Test("Blobs of the version before run, with the bytes of then", arguments: [softmax, logarithm])
  func runs(text: String) throws {
    let model = try Self.blob(text).model()
    for backend in Backend.available {
      #expect(try model.makeRunner(backend: backend).selfTest() == nil, "\(backend)")
    }
  }

  @Test("A record with the words of the other version is refused")
  func refusesMixture() throws {
    var bytes = Array(try #require(Data(base64Encoded: Self.softmax)))
    bytes[4] = 3
    var crc = Checksum()
    for index in 12..<16 { bytes[index] = 0 }
    unsafe bytes.withUnsafeBytes {
      if let base = $0.baseAddress { unsafe crc.update(base, count: $0.count) }
    }
    for index in 0..<4 {
      bytes[12 + index] = UInt8(truncatingIfNeeded: crc.value >> (8 * UInt32(index)))
    }
    let blob = Blob(bytes)
    #expect(throws: ModelError.self) { _ = try blob.model() }
  }

  private static func blob(_ text: String) throws -> Blob {
    Blob(Array(try #require(Data(base64Encoded: text))))
  }
}
