import Foundation

/// loss = −Σ target · log softmax(logits), and its gradient: softmax(logits) − target.
package struct SoftmaxCrossEntropy {
  /// Sums over the images of a block.
  package struct Result: Sendable {
    package var loss = 0.0
    package var correctCount = 0
  }

  /// - Parameters:
  ///   - logits: `[classCount][16]`.
  ///   - targets: `[classCount][16]`, of every image adding up to 1.
  ///   - gradient: `[classCount][16]`, written: times `scale`, and 0 in lanes from `count` on.
  ///   - count: how many of the lanes hold an image.
  static func evaluate(
    logits: UnsafePointer<Float>, targets: UnsafePointer<Float>, count: Int, classCount: Int,
    scale: Float, gradient: UnsafeMutablePointer<Float>
  ) -> Result {
    let blockSize = TrainingNetwork.blockSize
    var result = Result()
    for lane in 0..<blockSize {
      guard lane < count else {
        for c in 0..<classCount { unsafe gradient[c * blockSize + lane] = 0 }
        continue
      }
      let best = unsafe largest(logits + lane, classCount: classCount)
      let largest = unsafe logits[best * blockSize + lane]
      var sum: Float = 0
      for c in 0..<classCount {
        let power = unsafe exp(logits[c * blockSize + lane] - largest)
        unsafe gradient[c * blockSize + lane] = power
        sum += power
      }
      let factor = scale / sum
      for c in 0..<classCount {
        let target = unsafe targets[c * blockSize + lane]
        let power = unsafe gradient[c * blockSize + lane]
        unsafe gradient[c * blockSize + lane] = power * factor - scale * target
        if target > 0 {
          let logit = unsafe logits[c * blockSize + lane] - largest
          result.loss += Double(target) * Double(log(sum) - logit)
        }
      }
      if unsafe best == self.largest(targets + lane, classCount: classCount) {
        result.correctCount += 1
      }
    }
    return result
  }

  /// The first of an image's largest values.
  static func largest(_ values: UnsafePointer<Float>, classCount: Int) -> Int {
    var best = 0
    for c in 1..<max(classCount, 1)
    where unsafe values[c * TrainingNetwork.blockSize]
      > values[best * TrainingNetwork.blockSize]
    {
      best = c
    }
    return best
  }
}

/// loss = the mean over the classes of (output − target)², and its gradient.
enum SquaredError {
  /// The parameters are those of `SoftmaxCrossEntropy.evaluate`.
  static func evaluate(
    outputs: UnsafePointer<Float>, targets: UnsafePointer<Float>, count: Int, classCount: Int,
    scale: Float, gradient: UnsafeMutablePointer<Float>
  ) -> SoftmaxCrossEntropy.Result {
    let blockSize = TrainingNetwork.blockSize
    var result = SoftmaxCrossEntropy.Result()
    let share = 1 / Float(classCount)
    for lane in 0..<blockSize {
      for c in 0..<classCount {
        let error = unsafe outputs[c * blockSize + lane] - targets[c * blockSize + lane]
        unsafe gradient[c * blockSize + lane] = lane < count ? 2 * error * share * scale : 0
        if lane < count { result.loss += Double(error * error * share) }
      }
      guard lane < count else { continue }
      let best = unsafe SoftmaxCrossEntropy.largest(outputs + lane, classCount: classCount)
      if unsafe best == SoftmaxCrossEntropy.largest(targets + lane, classCount: classCount) {
        result.correctCount += 1
      }
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
