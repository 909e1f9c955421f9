import OctetRuntime

/// The real numbers that int8 codes stand for: `scale · (code − zeroPoint)`.
struct Grid {
  let scale: Float
  let zeroPoint: Int32
  /// Whether a number halfway between two codes gets the even one, as in ONNX, and not the one
  /// farther from zero, as in TensorFlow Lite.
  let tiesToEven: Bool

  func real(_ code: Int8) -> Float { scale * Self.float(Int32(code) &- zeroPoint) }

  /// A whole number below 2²² as a real one: it fills the last bits of 1.5 · 2²³. `Float(_:)` of an
  /// integer brings code along that could allocate.
  private static func float(_ whole: Int32) -> Float {
    Float(bitPattern: 0x4B40_0000 &+ UInt32(bitPattern: whole)) - 0x1.8p23
  }

  /// The code of a real number as `octet run` has it. In arithmetic alone, as functions of libm may
  /// not be there.
  func code(_ real: Float) -> Int8 {
    let steps = real / scale
    if steps.isNaN { return clamped(0) }
    // More than the codes are apart, and exact as an integer.
    if steps >= 512 { return 127 }
    if steps <= -512 { return -128 }
    var whole = Int32(steps)
    let rest = steps - Self.float(whole)  // Exact, as both are multiples of the last bit of `steps`.
    let magnitude = rest.magnitude
    if magnitude > 0.5 || (magnitude == 0.5 && (!tiesToEven || whole & 1 != 0)) {
      whole &+= rest < 0 ? -1 : 1
    }
    return clamped(whole)
  }

  private func clamped(_ steps: Int32) -> Int8 {
    Int8(truncatingIfNeeded: max(-128, min(127, steps &+ zeroPoint)))
  }
}

extension BlobView {
  func grid(ofInput index: Int) -> Grid { grid(input(index)) }
  func grid(ofOutput index: Int) -> Grid { grid(output(index)) }

  private func grid(_ tensor: TensorRecord) -> Grid {
    Grid(scale: tensor.scale, zeroPoint: tensor.zeroPoint, tiesToEven: arithmetic == 1)
  }
}
