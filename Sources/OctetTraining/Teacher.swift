import Foundation

/// What another network makes of the images that are learnt from: the second half of a loss
/// (Hinton, Vinyals and Dean 2015).
///
/// With t the teacher's logits, z the network's, T the temperature and α the share:
///
///     loss = (1 − α) · loss by the labels + α · T² · KL(softmax(t / T) ‖ softmax(z / T))
///
/// T² keeps gradients of one size whatever the temperature.
package struct Teacher: Sendable {
  /// `[N, classes]`
  var logits: [Float]
  var share: Float
  var temperature: Float

  package init(logits: [Float], share: Float, temperature: Float) {
    (self.logits, self.share, self.temperature) = (logits, share, temperature)
  }

  /// Adds the teacher's part to the loss and the gradient of a block.
  ///
  /// - Parameters:
  ///   - outputs: the network's logits, `[classCount][16]`.
  ///   - images: the places of the block's images among all, `count` of them.
  ///   - scale: what gradients are multiplied by.
  ///   - gradient: `[classCount][16]`, by the labels alone; becomes that of the whole loss.
  ///   - result: the block's sums by the labels alone; the loss becomes the whole one.
  func teach(
    outputs: UnsafePointer<Float>, images: UnsafePointer<Int>, count: Int, classCount: Int,
    scale: Float, gradient: UnsafeMutablePointer<Float>, _ result: inout SoftmaxCrossEntropy.Result
  ) {
    let lanes = TrainingNetwork.blockSize
    var divergence = 0.0
    var own = [Float](repeating: 0, count: classCount)
    for lane in 0..<count {
      let first = unsafe images[lane] * classCount
      for c in 0..<classCount { unsafe own[c] = outputs[c * lanes + lane] }
      let logOwn = logSoftmax(own[...])
      let logTaught = logSoftmax(logits[first..<first + classCount])
      for c in 0..<classCount {
        let taught = exp(logTaught[c])
        divergence += Double(taught * (logTaught[c] - logOwn[c]))
        let difference = exp(logOwn[c]) - taught
        unsafe gradient[c * lanes + lane] =
          (1 - share) * gradient[c * lanes + lane] + share * temperature * scale * difference
      }
    }
    result.loss =
      Double(1 - share) * result.loss + Double(share * temperature * temperature) * divergence
  }

  /// log softmax(x / T)
  private func logSoftmax(_ values: ArraySlice<Float>) -> [Float] {
    let largest = values.max() ?? 0
    let scaled = values.map { ($0 - largest) / temperature }
    let sum = scaled.reduce(0) { $0 + exp($1) }
    let logarithm = log(sum)
    return scaled.map { $0 - logarithm }
  }
}
