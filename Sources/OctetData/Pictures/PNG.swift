/// PNG (W3C, third edition; ISO/IEC 15948): every colour type, bit depth, filter and interlace.
///
/// Grey pictures give 1 channel, colour and palette pictures 3. Values of 16 bits are rounded to
/// 8, those below 8 bits spread over 0 … 255. **Transparency is laid on black**, the background
/// of MNIST's digits: an alpha channel, a palette's alpha, or a transparent colour. Gamma and
/// colour profiles are left out. Every chunk's CRC and the data's check sum are compared.
package enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
}

/// How a row's bytes are foretold from those to the left and above (9.2 of the specification).
enum PNGFilter: UInt8, CaseIterable {
  case none, sub, up, average, paeth

  func predict(left: UInt8, up: UInt8, corner: UInt8) -> UInt8 {
    switch self {
    case .none: return 0
    case .sub: return left
    case .up: return up
    case .average: return UInt8((Int(left) + Int(up)) / 2)
    case .paeth:
      let estimate = Int(left) + Int(up) - Int(corner)
      let toLeft = abs(estimate - Int(left))
      let toUp = abs(estimate - Int(up))
      let toCorner = abs(estimate - Int(corner))
      if toLeft <= toUp && toLeft <= toCorner { return left }
      return toUp <= toCorner ? up : corner
    }
  }
}
