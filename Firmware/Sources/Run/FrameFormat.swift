/// How a frame's pixels lie in memory.
enum FrameFormat: CaseIterable {
  case gray, rgb, bgr, yuyv, uyvy, nv12, i420

  var name: StaticString {
    switch self {
    case .gray: "gray"
    case .rgb: "rgb"
    case .bgr: "bgr"
    case .yuyv: "yuyv"
    case .uyvy: "uyvy"
    case .nv12: "nv12"
    case .i420: "i420"
    }
  }

  /// V4L2's four letters, the first in the lowest byte.
  var fourCC: UInt32 {
    switch self {
    case .gray: 0x5945_5247  // GREY
    case .rgb: 0x3342_4752  // RGB3
    case .bgr: 0x3352_4742  // BGR3
    case .yuyv: 0x5659_5559  // YUYV
    case .uyvy: 0x5956_5955  // UYVY
    case .nv12: 0x3231_564E  // NV12
    case .i420: 0x3231_5559  // YU12
    }
  }

  /// Bytes of a row of the first plane, when rows follow one another.
  func stride(width: Int) -> Int {
    switch self {
    case .gray, .nv12, .i420: width
    case .rgb, .bgr: 3 * width
    case .yuyv, .uyvy: 2 * ((width + 1) / 2 * 2)
    }
  }

  func byteCount(width: Int, height: Int, stride: Int) -> Int {
    switch self {
    case .gray, .rgb, .bgr, .yuyv, .uyvy: stride * height
    // Chroma has half the rows: pairs of nv12 as wide as luma, the two planes of i420 half as wide.
    case .nv12: stride * height + (stride + 1) / 2 * 2 * ((height + 1) / 2)
    case .i420: stride * height + 2 * ((stride + 1) / 2) * ((height + 1) / 2)
    }
  }

  /// The picture of a frame: 1 channel of `gray`, else 3.
  ///
  /// - Parameter frame: at least `byteCount(width:height:stride:)` bytes.
  func image(
    _ frame: UnsafeRawBufferPointer, width: Int, height: Int, stride: Int
  ) -> Image {
    let channelCount = self == .gray ? 1 : 3
    var pixels = [UInt8]()
    pixels.reserveCapacity(height * width * channelCount)
    let chromaStride = (stride + 1) / 2
    let chroma = stride * height
    for y in 0..<height {
      let row = y * stride
      for x in 0..<width {
        switch self {
        case .gray: unsafe pixels.append(frame[row + x])
        case .rgb:
          for channel in 0..<3 { unsafe pixels.append(frame[row + 3 * x + channel]) }
        case .bgr:
          for channel in 0..<3 { unsafe pixels.append(frame[row + 3 * x + 2 - channel]) }
        case .yuyv:
          let pair = row + x / 2 * 4
          unsafe Self.append(
            luma: frame[row + 2 * x], blue: frame[pair + 1], red: frame[pair + 3], to: &pixels)
        case .uyvy:
          let pair = row + x / 2 * 4
          unsafe Self.append(
            luma: frame[row + 2 * x + 1], blue: frame[pair], red: frame[pair + 2], to: &pixels)
        case .nv12:
          let pair = chroma + y / 2 * (2 * chromaStride) + x / 2 * 2
          unsafe Self.append(
            luma: frame[row + x], blue: frame[pair], red: frame[pair + 1], to: &pixels)
        case .i420:
          let blue = chroma + y / 2 * chromaStride + x / 2
          let red = blue + chromaStride * ((height + 1) / 2)
          unsafe Self.append(luma: frame[row + x], blue: frame[blue], red: frame[red], to: &pixels)
        }
      }
    }
    return Image(height: height, width: width, channelCount: channelCount, pixels: pixels)
  }

  /// ITU-R BT.601 of limited range, V4L2's default, in 16-bit fixed point.
  private static func append(luma: UInt8, blue: UInt8, red: UInt8, to pixels: inout [UInt8]) {
    let base = 76309 * (Int(luma) - 16) + 32768
    let (u, v) = (Int(blue) - 128, Int(red) - 128)
    pixels.append(UInt8(clamping: (base + 104_597 * v) >> 16))
    pixels.append(UInt8(clamping: (base - 25675 * u - 53279 * v) >> 16))
    pixels.append(UInt8(clamping: (base + 132_201 * u) >> 16))
  }
}
