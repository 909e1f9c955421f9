import OctetCompiler
import OctetModel
import OctetReport

/// Turns 8-bit pixels into a model's input: one table look-up a pixel.
package struct PixelEncoder: Sendable {
  /// The real values of pixels 0…255, for each channel.
  private let reals: [[Float]]
  /// The same as codes of the int8 input; none for one of int16.
  package let codes: [[Int8]]
  /// The same as codes of the int16 input.
  private let wideCodes: [[Int16]]
  private let channelCount: Int

  /// - Parameters:
  ///   - normalization: 0 and 1 where nil; one channel's values serve all channels.
  ///   - input: the input of codes; nil when only real values are wanted.
  package init(
    channelCount: Int, normalization: Normalization?, input: TensorView? = nil
  ) {
    self.channelCount = channelCount
    let reals = (0..<channelCount).map { channel in
      let (mean, deviation) = normalization?.of(channel) ?? (0, 1)
      return (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
    self.reals = reals
    guard let input, input.isInt16 else {
      codes = input.map { input in reals.map { $0.map(input.code) } } ?? []
      wideCodes = []
      return
    }
    codes = []
    wideCodes = reals.map { $0.map(input.code16) }
  }

  /// Writes the real values of H·W·C pixels.
  package func encode(_ pixels: ArraySlice<UInt8>, into target: UnsafeMutableBufferPointer<Float>) {
    unsafe write(pixels, into: target, from: reals)
  }

  /// Writes the codes of H·W·C pixels; of int16 to memory of twice as many bytes, aligned.
  package func encode(_ pixels: ArraySlice<UInt8>, into target: UnsafeMutableBufferPointer<Int8>) {
    if !wideCodes.isEmpty {
      return unsafe UnsafeMutableRawBufferPointer(target).withMemoryRebound(to: Int16.self) {
        unsafe write(pixels, into: $0, from: wideCodes)
      }
    }
    unsafe write(pixels, into: target, from: codes)
  }

  private func write<Value>(
    _ pixels: ArraySlice<UInt8>, into target: UnsafeMutableBufferPointer<Value>,
    from tables: [[Value]]
  ) {
    unsafe pixels.withUnsafeBufferPointer { source in
      let count = min(source.count, target.count)
      if channelCount == 1 {
        unsafe tables[0].withUnsafeBufferPointer { table in
          for index in 0..<count { unsafe target[index] = unsafe table[Int(source[index])] }
        }
      } else {
        for index in 0..<count {
          unsafe target[index] = unsafe tables[index % channelCount][Int(source[index])]
        }
      }
    }
  }
}

extension Normalization {
  /// A channel's mean and deviation; the last serve channels beyond them, 0 and 1 where there are
  /// none.
  package func of(_ channel: Int) -> (mean: Float, deviation: Float) {
    guard let mean = mean.indices.contains(channel) ? mean[channel] : mean.last,
      let deviation = standardDeviation.indices.contains(channel)
        ? standardDeviation[channel] : standardDeviation.last
    else { return (0, 1) }
    return (mean, deviation)
  }
}
