import Foundation
import OctetData
import Testing

/// JPEG pictures where libturbojpeg is installed, and the sentence where it is not. The files were
/// written by Pillow (quality 90, no subsampling), and read by it for the pixels.
@Suite struct JPEGTests {
  private static let greyFile =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsN"
    + "DhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAEAAQBAREA/8QAFAABAAAAAAAAAAAAAAAA"
    + "AAAACP/EABsQAAAHAQAAAAAAAAAAAAAAAAACBAUGEySx/9oACAEBAAA/AA4kgrPQXPwf/9k="
  private static let greyPixels: [UInt8] = [
    0, 3, 7, 9, 16, 19, 23, 26, 32, 35, 39, 41, 47, 50, 53, 56,
  ]
  private static let colourFile =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsN"
    + "DhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQU"
    + "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAEAAQDAREAAhEBAxEB/8QA"
    + "FAABAAAAAAAAAAAAAAAAAAAABv/EABkQAAEFAAAAAAAAAAAAAAAAAAACAwQRMv/EABUBAQEAAAAAAAAA"
    + "AAAAAAAAAAcI/8QAHBEAAQMFAAAAAAAAAAAAAAAAAAIDBAUREjEy/9oADAMBAAIRAxEAPwBWua7egCTD"
    + "Ztoj5qiwseT/2Q=="
  private static let colourPixels: [UInt8] = [
    0, 253, 40, 3, 251, 41, 5, 248, 42, 8, 247, 44, 14, 239, 47, 17,
    237, 49, 19, 235, 50, 23, 232, 52, 34, 220, 57, 35, 220, 57, 38, 216,
    60, 41, 214, 62, 46, 208, 63, 49, 206, 65, 51, 203, 66, 54, 201, 68,
  ]
  private static let cmykFile =
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhc"
    + "TkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgABAAEBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAA"
    + "AAAAAAAAAAAAAAb/xAAbEAABBQEBAAAAAAAAAAAAAAAAAgMEETIBMf/aAA4EQwBNAFkASwAAPwBUqU7e"
    + "gomK1WRD11d+ipUp29H/2Q=="

  private static func bytes(_ text: String) throws -> [UInt8] {
    [UInt8](try #require(Data(base64Encoded: text)))
  }

  private static func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try Image.decode(bytes, path: "a.jpg")
      return ""
    } catch { return "\(error)" }
  }

  @Test func pixelsAreThoseOfPillow() throws {
    for (text, pixels, count) in [
      (Self.greyFile, Self.greyPixels, 1), (Self.colourFile, Self.colourPixels, 3),
    ] {
      let bytes = try Self.bytes(text)
      guard Image.readsJPEG else {
        #expect(Self.message(bytes).contains("install the package libturbojpeg0"))
        continue
      }
      let image = try Image.decode(bytes, path: "a.jpg")
      #expect(image.height == 4 && image.width == 4 && image.channelCount == count)
      #expect(image.pixels == pixels)
    }
  }

  @Test func whatIsDamagedIsRefused() throws {
    let bytes = try Self.bytes(Self.colourFile)
    for count in stride(from: 3, to: bytes.count - 2, by: 7) {
      #expect(Self.message([UInt8](bytes.prefix(count))).hasPrefix("'a.jpg'"), "\(count) bytes")
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var damaged = bytes
      damaged[Int.random(in: 3..<bytes.count, using: &generator)] ^= UInt8.random(in: 1...255)
      _ = Self.message(damaged)
    }
    if Image.readsJPEG {
      #expect(try Self.message(Self.bytes(Self.cmykFile)).contains("CMYK"))
    }
  }
}
