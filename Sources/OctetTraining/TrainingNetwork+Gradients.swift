import COctetFloatKernels
import OctetData
import OctetModel

extension TrainingNetwork {
  /// The mean loss over a few images with its gradient for every constant, by the graph's own
  /// weights: one step's work without the update, for tests and for looking into a network.
  package func lossAndGradients(
    _ images: Dataset, loss function: Loss = .crossEntropy, smoothing: Float = 0,
    kernels: octet_float_kernels
  ) throws(TrainingError) -> (loss: Double, gradients: [TensorIndex: [Float]]) {
    let runner = try unsafe BlockRunner(self, kernels: kernels)
    try runner.check(images)
    let workspace = Workspace(memory)
    let parameters = unsafe alignedFloats(parameterCount)
    let gradient = unsafe alignedFloats(parameterCount)
    let total = unsafe alignedFloats(parameterCount)
    defer {
      unsafe parameters.deallocate()
      unsafe gradient.deallocate()
      unsafe total.deallocate()
    }
    unsafe load(into: parameters)
    let context = unsafe StepContext(
      kernels: kernels, memory: workspace.memory, scratch: workspace.scratch,
      parameters: parameters, gradients: gradient)
    var loss = 0.0
    for first in stride(from: 0, to: images.count, by: Self.blockSize) {
      let count = min(Self.blockSize, images.count - first)
      unsafe images.pixels.withUnsafeBufferPointer { pixels in
        guard let pixels = pixels.baseAddress else { return }
        unsafe runner.forward(
          context, pixels: pixels, imageByteCount: images.imageByteCount,
          indices: Array(first..<first + count), count: count)
      }
      let targets = images.labels[first..<first + count].map { ImageTarget(label: $0) }
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe loss +=
          function.evaluate(
            outputs: context.pointer(logits), targets: targets, smoothing: smoothing,
            classCount: classCount, scale: 1 / Float(images.count),
            gradient: context.pointer(logitsGradient)
          ).loss
      }
      backward(context)
      unsafe BlockKernels.add(parameterCount / Self.blockSize, total, gradient, into: total)
    }
    let pairs = self.parameters.map { unsafe ($0.tensor, values(of: $0, in: total)) }
    return (loss / Double(images.count), Dictionary(uniqueKeysWithValues: pairs))
  }
}
