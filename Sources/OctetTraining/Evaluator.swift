import COctetFloatKernels
import OctetData
import OctetModel

/// Runs a float graph over many images, sixteen at a time on every thread.
///
/// The graph may hold what `Trainer` can train. An image's logits do not depend on the images
/// beside it.
@safe public final class Evaluator: PooledWork, @unchecked Sendable {
  // Safety: parameters and logits are the evaluator\'s own, or the caller\'s for one evaluation.
  // Safety (of @unchecked): one evaluation at a time; workers write to places of their own.
  private let network: TrainingNetwork
  private let runner: BlockRunner
  private let pool: WorkerPool
  private let workspaces: [Workspace]
  private let ownParameters: UnsafeMutablePointer<Float>

  private var parameters: UnsafePointer<Float>
  private var images: Dataset?
  private var indices: [Int] = []
  private var logits: UnsafeMutablePointer<Float>

  /// How well a network does.
  public struct Result: Sendable, Equatable {
    /// The share of images whose largest logit is that of their label; of equal ones the first.
    public var accuracy: Double
    /// Mean cross-entropy in nats.
    public var loss: Double
  }

  /// - Throws: when the graph holds an operation that the trainer does not know.
  public convenience init(
    _ graph: Graph, threadCount: Int = TrainingOptions().threadCount
  ) throws(TrainingError) {
    let network = try TrainingNetwork(graph)
    try unsafe self.init(network: network, threadCount: threadCount, kernels: FloatKernels.best)
  }

  package init(
    network: TrainingNetwork, threadCount: Int, kernels: octet_float_kernels
  ) throws(TrainingError) {
    self.network = network
    runner = try unsafe BlockRunner(network, kernels: kernels)
    let workerCount = min(max(threadCount, 1), 1024)
    pool = WorkerPool(workerCount: workerCount)
    workspaces = (0..<workerCount).map { _ in Workspace(network.memory) }
    unsafe ownParameters = alignedFloats(network.parameterCount)
    unsafe network.load(into: ownParameters)
    unsafe parameters = UnsafePointer(ownParameters)
    unsafe logits = ownParameters
  }

  deinit {
    pool.stop()
    unsafe ownParameters.deallocate()
  }

  /// - Throws: when the images are not of the graph's input size.
  public func accuracy(_ images: Dataset) throws(TrainingError) -> Double {
    try runner.check(images)
    return unsafe judge(images, parameters: ownParameters).result.accuracy
  }

  /// - Throws: when the images are not of the graph's input size.
  public func evaluate(_ images: Dataset) throws(TrainingError) -> Result {
    try runner.check(images)
    return unsafe judge(images, parameters: ownParameters).result
  }

  /// `[N, classes]`: the graph's output (before the softmax, if it ends in one) for every image.
  ///
  /// - Throws: when the images are not of the graph's input size.
  public func logits(_ images: Dataset) throws(TrainingError) -> [Float] {
    try runner.check(images)
    return unsafe run(images, parameters: ownParameters)
  }

  /// How well it does, and the logits by which that is judged.
  func judge(
    _ images: Dataset, parameters: UnsafePointer<Float>
  ) -> (result: Result, logits: [Float]) {
    let logits = unsafe run(images, parameters: parameters)
    let classCount = network.classCount
    var correctCount = 0
    var loss = 0.0
    for (index, label) in images.labels.enumerated() {
      let row = logits[index * classCount..<(index + 1) * classCount]
      var best = row.startIndex
      for candidate in row.indices where row[candidate] > row[best] { best = candidate }
      if best - row.startIndex == Int(label) { correctCount += 1 }
      loss += crossEntropy(row, label: Int(label))
    }
    let count = Double(max(images.count, 1))
    return (Result(accuracy: Double(correctCount) / count, loss: loss / count), logits)
  }

  private func run(_ images: Dataset, parameters: UnsafePointer<Float>) -> [Float] {
    if indices.count < images.count { indices = Array(0..<images.count) }
    self.images = images
    unsafe self.parameters = parameters
    defer { self.images = nil }
    let count = images.count * network.classCount
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      initializedCount = count
      guard let base = buffer.baseAddress, count > 0 else { return }
      unsafe base.initialize(repeating: 0, count: count)
      unsafe logits = base
      pool.run(self, phase: 0, count: (images.count + 15) / TrainingNetwork.blockSize)
    }
  }

  func perform(phase: Int, worker: Int, index: Int) {
    guard let images else { return }
    let blockSize = TrainingNetwork.blockSize
    let first = index * blockSize
    let count = min(blockSize, images.count - first)
    let context = unsafe StepContext(
      kernels: runner.kernels, memory: workspaces[worker].memory,
      scratch: workspaces[worker].scratch, parameters: parameters,
      gradients: workspaces[worker].scratch)
    unsafe images.pixels.withUnsafeBufferPointer { pixels in
      unsafe indices.withUnsafeBufferPointer { indices in
        guard let pixels = pixels.baseAddress, let indices = indices.baseAddress else { return }
        unsafe runner.forward(
          context, pixels: pixels, imageByteCount: images.imageByteCount,
          indices: indices + first, count: count)
      }
    }
    let result = unsafe context.pointer(network.logits)
    for lane in 0..<count {
      for c in 0..<network.classCount {
        unsafe logits[(first + lane) * network.classCount + c] = result[c * blockSize + lane]
      }
    }
  }
}
