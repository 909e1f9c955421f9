import Foundation
import OctetData
import OctetReport

/// Small pictures of numbers, as PNG: many pixels in few bytes.
enum ValueMap {
  /// Values from dark blue by green to yellow: the order is seen in grey and without red or green.
  private static let ramp: [(Double, Double, Double)] = [
    (20, 24, 62), (43, 71, 120), (34, 121, 128), (76, 168, 104), (191, 206, 71), (253, 240, 150),
  ]
  /// Differences from blue by white to orange.
  private static let poles: [(Double, Double, Double)] = [
    (21, 82, 150), (140, 183, 222), (250, 250, 247), (240, 176, 112), (166, 72, 6),
  ]

  /// - Parameter values: `width` a row, 0…1 on the colours' way.
  static func element(
    _ values: [Double], width: Int, isDifference: Bool, label: String
  ) -> Markup {
    element(
      pixels: values.flatMap { color($0, isDifference ? poles : ramp) }, width: width,
      height: values.count / max(1, width), label: label)
  }

  /// - Parameter values: as above; at least one row.
  static func image(_ values: [Double], width: Int, isDifference: Bool = false) -> Image {
    Image(
      height: values.count / width, width: width, channelCount: 3,
      pixels: values.flatMap { color($0, isDifference ? poles : ramp) })
  }

  /// - Parameter pixels: red, green, blue of each, row by row.
  static func element(pixels: [UInt8], width: Int, height: Int, label: String) -> Markup {
    guard width > 0, height > 0, pixels.count == 3 * width * height else { return "" }
    return element(
      Image(height: height, width: width, channelCount: 3, pixels: pixels), label: label)
  }

  static func element(_ image: Image, label: String) -> Markup {
    let data = Data(PNG.encode(image)).base64EncodedString()
    return """
      <img class="map" src="data:image/png;base64,\(data)" width="\(image.width)" \
      height="\(image.height)" alt="\(label)" loading="lazy"/>
      """
  }

  private static func color(_ value: Double, _ stops: [(Double, Double, Double)]) -> [UInt8] {
    let place = min(max(value.isFinite ? value : 0, 0), 1) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let share = place - Double(index)
    let (a, b) = (stops[index], stops[index + 1])
    return [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map {
      UInt8(min(255, max(0, ($0.0 + share * ($0.1 - $0.0)).rounded())))
    }
  }

  /// Bytes on the way from black to white, and signed bytes on the way between the poles.
  static func share(_ byte: UInt8) -> Double { Double(byte) / 255 }
  static func differenceShare(_ byte: UInt8) -> Double {
    (Double(Int8(bitPattern: byte)) + 127) / 254
  }
}
