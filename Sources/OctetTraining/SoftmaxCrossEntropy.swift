import Foundation

/// loss = −log softmax(logits)[label], and its gradient: softmax(logits) − one-hot(label).
package struct SoftmaxCrossEntropy {
  /// Sums over the images of a block.
  package struct Result: Sendable {
    package var loss = 0.0
    package var correctCount = 0
  }

  /// - Parameters:
  ///   - logits: `[classCount][16]`.
  ///   - gradient: `[classCount][16]`, written: times `scale`, and 0 in lanes from `count` on.
  ///   - count: how many of the lanes hold an image.
  static func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, count: Int, classCount: Int,
    scale: Float, gradient: UnsafeMutablePointer<Float>
  ) -> Result {
    let blockSize = TrainingNetwork.blockSize
    var result = Result()
    for lane in 0..<blockSize {
      guard lane < count else {
        for c in 0..<classCount { unsafe gradient[c * blockSize + lane] = 0 }
        continue
      }
      var largest = unsafe logits[lane]
      var best = 0
      for c in 1..<max(classCount, 1) where unsafe logits[c * blockSize + lane] > largest {
        largest = unsafe logits[c * blockSize + lane]
        best = c
      }
      var sum: Float = 0
      for c in 0..<classCount {
        let power = unsafe exp(logits[c * blockSize + lane] - largest)
        unsafe gradient[c * blockSize + lane] = power
        sum += power
      }
      let label = unsafe Int(labels[lane])
      let factor = scale / sum
      for c in 0..<classCount { unsafe gradient[c * blockSize + lane] *= factor }
      unsafe gradient[label * blockSize + lane] -= scale
      unsafe result.loss += Double(log(sum) - (logits[label * blockSize + lane] - largest))
      if best == label { result.correctCount += 1 }
    }
    return result
  }
}

/// −log softmax(logits)[label] of one image.
func crossEntropy(_ logits: ArraySlice<Float>, label: Int) -> Double {
  let largest = logits.max() ?? 0
  let sum = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
  return log(sum) - Double(logits[logits.startIndex + label] - largest)
}
