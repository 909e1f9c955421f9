import COctetFloatKernels
import OctetData
import OctetModel

extension TrainingNetwork {
  /// The mean loss over a few images with its gradient for every constant, by the graph's own
  /// weights: one step's work without the update, for tests and for looking into a network.
  ///
  /// - Parameter teacher: whose scores of these images are part of the loss.
  package func lossAndGradients(
    _ images: Dataset, loss function: Loss = .crossEntropy, smoothing: Float = 0,
    teacher: Teacher? = nil, kernels: octet_float_kernels
  ) throws(TrainingError) -> (loss: Double, gradients: [TensorIndex: [Float]]) {
    let runner = try unsafe BlockRunner(self, kernels: kernels)
    try runner.check(images)
    let blockCount = (images.count + 15) / Self.blockSize
    let workspaces = (0..<blockCount).map { _ in Workspace(memory) }
    let parameters = unsafe alignedFloats(parameterCount)
    let gradients = unsafe alignedFloats(parameterCount * blockCount)
    let peers = UnsafeMutablePointer<UnsafeMutablePointer<Float>>.allocate(capacity: blockCount)
    defer {
      unsafe parameters.deallocate()
      unsafe gradients.deallocate()
      unsafe peers.deallocate()
    }
    for (index, workspace) in workspaces.enumerated() {
      unsafe (peers + index).initialize(to: workspace.memory)
    }
    unsafe load(into: parameters)
    var loss = 0.0
    for phase in 0..<phaseCount {
      for (index, workspace) in workspaces.enumerated() {
        let first = index * Self.blockSize
        let count = min(Self.blockSize, images.count - first)
        let context = unsafe StepContext(
          kernels: kernels, memory: workspace.memory, scratch: workspace.scratch,
          parameters: parameters, gradients: gradients + index * parameterCount,
          place: BlockPlace(
            index: index, imageCount: images.count, step: 1, seed: 1, peers: peers))
        perform(phase: phase, context) {
          load(context, runner, images, first..<first + count)
        } judge: {
          let targets = images.labels[first..<first + count].map { ImageTarget(label: $0) }
          unsafe targets.withUnsafeBufferPointer { targets in
            var result = unsafe function.evaluate(
              outputs: context.pointer(logits), targets: targets, smoothing: smoothing,
              classCount: classCount, scale: 1 / Float(images.count),
              gradient: context.pointer(logitsGradient))
            if let teacher {
              unsafe Array(first..<first + count).withUnsafeBufferPointer { places in
                guard let places = places.baseAddress else { return }
                unsafe teacher.teach(
                  outputs: context.pointer(logits), images: places, count: count,
                  classCount: classCount, scale: 1 / Float(images.count),
                  gradient: context.pointer(logitsGradient), &result)
              }
            }
            loss += result.loss
          }
        }
      }
    }
    for index in 1..<max(blockCount, 1) {
      unsafe kernels.add(
        parameterCount / Self.blockSize, gradients, gradients + index * parameterCount,
        0, gradients)
    }
    let pairs = self.parameters.map { unsafe ($0.tensor, values(of: $0, in: gradients)) }
    return (loss / Double(images.count), Dictionary(uniqueKeysWithValues: pairs))
  }

  private func load(
    _ context: StepContext, _ runner: BlockRunner, _ images: Dataset, _ range: Range<Int>
  ) {
    unsafe images.pixels.withUnsafeBufferPointer { pixels in
      guard let pixels = pixels.baseAddress else { return }
      unsafe runner.load(
        context, pixels: pixels, imageByteCount: images.imageByteCount, indices: Array(range),
        count: range.count)
    }
  }
}
