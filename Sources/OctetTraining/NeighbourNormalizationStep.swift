import COctetFloatKernels
import OctetModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// y = x · s^−β with s = bias + α / size · Σ x² over `size` neighbouring channels (Krizhevsky et
/// al. 2012).
struct NeighbourNormalizationStep: TrainingStep {
  var input, output: BlockBuffer
  /// s of every element.
  var sums: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?
  var channelCount, size: Int
  var alpha, beta, bias: Float

  private var before: Int { (size - 1) / 2 }
  private var after: Int { size / 2 }

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    let sums = unsafe elements(context.pointer(sums))
    for pixel in stride(from: 0, to: input.count, by: channelCount) {
      for c in 0..<channelCount {
        var sum = Lanes()
        for k in max(0, c - before)...min(channelCount - 1, c + after) {
          let value = unsafe x[pixel + k]
          sum += value * value
        }
        let total = bias + alpha / Float(size) * sum
        unsafe sums[pixel + c] = total
        unsafe y[pixel + c] = x[pixel + c] * power(total)
      }
    }
  }

  /// dx[c] = dy[c] · s[c]^−β − 2αβ / size · x[c] · Σ dy[k] · y[k] / s[k], over those k whose
  /// neighbour c is.
  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    let sums = unsafe elements(context.pointer(sums))
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    let ratios = unsafe elements(context.scratch)
    let factor = 2 * alpha * beta / Float(size)
    for pixel in stride(from: 0, to: input.count, by: channelCount) {
      for c in 0..<channelCount {
        unsafe ratios[c] = dy[pixel + c] * y[pixel + c] / sums[pixel + c]
      }
      for c in 0..<channelCount {
        var sum = Lanes()
        for k in max(0, c - after)...min(channelCount - 1, c + before) {
          unsafe sum += ratios[k]
        }
        let value = unsafe dy[pixel + c] * power(sums[pixel + c]) - factor * x[pixel + c] * sum
        unsafe dx[pixel + c] = inputGradient.isFirst ? value : dx[pixel + c] + value
      }
    }
  }

  /// s^−β; the usual 0.75 by two square roots.
  @inline(__always)
  private func power(_ s: Lanes) -> Lanes {
    if beta == 0.75 {
      let root = octet_square_root(s)
      return 1 / (root * octet_square_root(root))
    }
    var result = Lanes()
    for lane in 0..<16 { result[lane] = powf(s[lane], -beta) }
    return result
  }
}
