import COctetFloatKernels
import OctetData
import OctetModel

extension QuantizedTrainer {
  /// The network that is trained.
  package var network: TrainableGraph { coded.network }

  /// What the network computes before it is trained: for each activation with a buffer of its own
  /// the codes of each image.
  ///
  /// - Parameter images: 16 at most.
  package func codes(of images: Dataset) throws(TrainingError) -> [TensorIndex: [[Int8]]] {
    let network = try TrainingNetwork(coded.network)
    let runner = try unsafe BlockRunner(network, kernels: FloatKernels.best)
    try runner.check(images)
    let workspace = Workspace(network.memory)
    let parameters = unsafe alignedFloats(network.parameterCount)
    defer { unsafe parameters.deallocate() }
    unsafe network.load(into: parameters)
    let context = unsafe StepContext(
      kernels: runner.kernels, memory: workspace.memory, scratch: workspace.scratch,
      parameters: parameters, gradients: workspace.scratch)
    let count = min(images.count, TrainingNetwork.blockSize)
    let places = Array(0..<count)
    unsafe images.pixels.withUnsafeBufferPointer { pixels in
      unsafe places.withUnsafeBufferPointer { places in
        guard let pixels = pixels.baseAddress, let places = places.baseAddress else { return }
        unsafe runner.forward(
          context, pixels: pixels, imageByteCount: images.imageByteCount, indices: places,
          count: count)
      }
    }
    var result: [TensorIndex: [[Int8]]] = [:]
    for (tensor, grid) in coded.grids {
      guard let buffer = network.buffers[tensor] else { continue }
      let values = unsafe context.pointer(buffer)
      result[tensor] = (0..<count).map { lane in
        (0..<buffer.count).map { index in
          let code = unsafe values[index * TrainingNetwork.blockSize + lane]
          return Int8(Int32(code) + grid.zeroPoint)
        }
      }
    }
    return result
  }
}
