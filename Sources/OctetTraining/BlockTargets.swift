/// What the network is to say about an image: one class, or two with their shares where images were
/// mixed.
struct ImageTarget: Equatable {
  var label: UInt8
  /// The class of the image that was mixed in, with its share, below one half.
  var other: UInt8 = 0
  var otherShare: Float = 0
}

extension Loss {
  /// The loss of a block and its gradient; of the same shapes as in `SoftmaxCrossEntropy`.
  ///
  /// - Parameter smoothing: the share of every target that is spread over all classes.
  func evaluate(
    outputs: UnsafePointer<Float>, targets: UnsafeBufferPointer<ImageTarget>, smoothing: Float,
    classCount: Int, scale: Float, gradient: UnsafeMutablePointer<Float>
  ) -> SoftmaxCrossEntropy.Result {
    let blockSize = TrainingNetwork.blockSize
    return unsafe withUnsafeTemporaryAllocation(
      of: Float.self, capacity: classCount * blockSize
    ) { values in
      guard let base = values.baseAddress else { return .init() }
      unsafe base.initialize(repeating: smoothing / Float(classCount), count: values.count)
      for lane in 0..<targets.count {
        let target = unsafe targets[lane]
        let share = target.otherShare
        unsafe base[Int(target.label) * blockSize + lane] += (1 - smoothing) * (1 - share)
        if share > 0 {
          unsafe base[Int(target.other) * blockSize + lane] += (1 - smoothing) * share
        }
      }
      switch self {
      case .crossEntropy:
        return unsafe SoftmaxCrossEntropy.evaluate(
          logits: outputs, targets: base, count: targets.count, classCount: classCount,
          scale: scale, gradient: gradient)
      case .squaredError:
        return unsafe SquaredError.evaluate(
          outputs: outputs, targets: base, count: targets.count, classCount: classCount,
          scale: scale, gradient: gradient)
      }
    }
  }
}
