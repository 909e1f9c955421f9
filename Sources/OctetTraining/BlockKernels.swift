/// An element of all sixteen images.
typealias Lanes = SIMD16<Float>

/// A block's buffer by its elements; such buffers are aligned to 64 bytes.
@inline(__always)
func elements(_ pointer: UnsafePointer<Float>) -> UnsafePointer<Lanes> {
  unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: Lanes.self)
}

@inline(__always)
func elements(_ pointer: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Lanes> {
  unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Lanes.self)
}

/// What goes element by element over the buffers of a block; results may overwrite an operand.
/// `count` is in elements.
enum BlockKernels {
  /// totals[i] = the sum of the sixteen lanes of x[i].
  static func sum(
    _ count: Int, _ x: UnsafePointer<Float>, into totals: UnsafeMutablePointer<Float>
  ) {
    let quarters = unsafe UnsafeRawPointer(x).assumingMemoryBound(to: SIMD4<Float>.self)
    for i in 0..<count {
      let x = unsafe quarters + 4 * i
      let four = unsafe (x[0] + x[2]) + (x[1] + x[3])
      unsafe totals[i] = (four[0] + four[2]) + (four[1] + four[3])
    }
  }

  /// Sixteen images of `count` bytes into lanes: y[i][lane] = images[lane][i] · scale[c] +
  /// offset[c], with a scale and an offset for each channel.
  static func load(
    _ images: UnsafeMutableBufferPointer<UnsafePointer<UInt8>>, count: Int,
    scale: UnsafeBufferPointer<Float>, offset: UnsafeBufferPointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    guard let images = images.baseAddress else { return }
    let y = unsafe elements(y)
    var channel = 0
    for i in 0..<count {
      var bytes = SIMD16<UInt8>()
      for lane in 0..<TrainingNetwork.blockSize { bytes[lane] = unsafe images[lane][i] }
      unsafe y[i] = Lanes(bytes) * scale[channel] + offset[channel]
      channel = channel + 1 == scale.count ? 0 : channel + 1
    }
  }
}
