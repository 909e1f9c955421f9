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
  /// y = max(x, 0).
  static func relu(
    _ count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
  ) {
    unsafe maskByReLU(count, y: x, dy: x, dx: y)
  }

  /// dx = dy where y > 0, else 0.
  static func maskByReLU(
    _ count: Int, y: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>
  ) {
    let (y, dy, dx) = unsafe (elements(y), elements(dy), elements(dx))
    for i in 0..<count { unsafe dx[i] = Lanes().replacing(with: dy[i], where: y[i] .> Lanes()) }
  }

  static func add(
    _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into sum: UnsafeMutablePointer<Float>
  ) {
    let (a, b, sum) = unsafe (elements(a), elements(b), elements(sum))
    for i in 0..<count { unsafe sum[i] = a[i] + b[i] }
  }

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

  /// totals[c] = Σ over the pixels and sixteen lanes of x[pixel][c].
  static func sumPixels(
    _ pixelCount: Int, channelCount: Int, _ x: UnsafePointer<Float>,
    into totals: UnsafeMutablePointer<Float>
  ) {
    let x = unsafe elements(x)
    for c in 0..<channelCount {
      var lanes = Lanes()
      for pixel in 0..<pixelCount { unsafe lanes += x[pixel * channelCount + c] }
      unsafe withUnsafeBytes(of: &lanes) { lanes in
        guard let lanes = lanes.baseAddress else { return }
        unsafe sum(1, lanes.assumingMemoryBound(to: Float.self), into: totals + c)
      }
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
