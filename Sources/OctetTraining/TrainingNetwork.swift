import COctetFloatKernels
import Foundation
import OctetModel

/// A graph made ready for training: every operation as a step over a block of sixteen images.
///
/// Every image has a lane of each vector. A tensor `[1, H, W, C]` is a buffer `[H][W][C][16]`, the
/// sixteen images' values of one element side by side. So one 512-bit register (two of 256 bits,
/// four of 128) holds an element of all images, every operation vectorizes whatever its channel
/// count, and nothing is ever shuffled. All buffers lie in one block of memory, a `Workspace`, of
/// which every thread has its own. Parameters and their gradients are flat arrays in the layout of
/// `ParameterLayout`.
package final class TrainingNetwork: Sendable {
  package static let blockSize = 16

  let graph: Graph
  let steps: [any TrainingStep]
  /// `steps`, cut where an operation needs the whole batch; one stage for most networks.
  let stages: [TrainingStage]
  package let parameters: [ParameterSegment]
  /// Floats in a parameter array, a multiple of 16.
  package let parameterCount: Int
  let input: BlockBuffer
  let logits: BlockBuffer
  let logitsGradient: BlockBuffer
  package let classCount: Int
  /// Numbers that are learnt.
  let trainedCount: Int
  package let memory: MemoryLayoutPlan
  /// The values of each tensor that has a buffer of its own.
  let buffers: [TensorIndex: BlockBuffer]

  /// - Throws: `TrainingError.graph` when an operation has no backward pass here or its shapes do
  ///   not fit.
  package convenience init(_ graph: Graph) throws(TrainingError) {
    try self.init(TrainableGraph(graph))
  }

  /// - Throws: as with a graph alone.
  package init(_ network: TrainableGraph) throws(TrainingError) {
    var planner = TrainingPlanner(network)
    try planner.plan()
    graph = network.graph
    trainedCount = network.trainedCount
    steps = planner.steps
    stages = planner.stages()
    parameters = planner.parameters
    parameterCount = (planner.parameterCount + 15) / 16 * 16
    input = planner.input
    logits = planner.logits
    logitsGradient = planner.logitsGradient
    classCount = logits.count
    memory = planner.memory
    buffers = planner.buffers
  }

  /// The forward pass of a network in use; training goes in phases.
  func forward(_ context: StepContext) {
    for step in steps { step.forward(context) }
  }
}

/// A buffer of `count` elements of sixteen floats, `offset` such elements into the workspace.
struct BlockBuffer: Sendable {
  var offset: Int
  var count: Int
}

/// Hands out room in the workspace.
package struct MemoryLayoutPlan: Sendable {
  private(set) var elementCount = 0
  /// Room that every step may use while it runs, in elements.
  private(set) var scratchCount = 0

  mutating func allocate(_ count: Int) -> BlockBuffer {
    defer { elementCount += count }
    return BlockBuffer(offset: elementCount, count: count)
  }

  mutating func needScratch(_ count: Int) { scratchCount = max(scratchCount, count) }

  /// Bytes of one workspace, which holds a block of sixteen images.
  package var byteCount: Int { (elementCount + scratchCount) * TrainingNetwork.blockSize * 4 }

  /// Refuses what the machine has no memory for, before any of it is touched.
  ///
  /// - Parameters:
  ///   - isWholeBatch: every block of a batch needs a workspace, not every thread.
  ///   - available: bytes.
  package func requireRoom(
    for workspaceCount: Int, isWholeBatch: Bool, batchSize: Int,
    available: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) throws(TrainingError) {
    let (total, isTooLarge) = byteCount.multipliedReportingOverflow(by: workspaceCount)
    guard isTooLarge || total > available else { return }
    func gibibytes(_ count: Double) -> String {
      String((count / Double(1 << 30) * 10).rounded() / 10)
    }
    let needed = gibibytes(Double(byteCount) * Double(workspaceCount))
    let has = "this machine has \(gibibytes(Double(available)))"
    guard isWholeBatch else {
      throw .option(
        name: "threads",
        reason: "\(workspaceCount) threads need \(needed) GiB for this network, and \(has); "
          + "take fewer, or a smaller network")
    }
    let most = Int(available) / max(byteCount, 1) * TrainingNetwork.blockSize
    throw .option(
      name: "batch-size",
      reason: "batch normalization keeps all of a batch at once; \(batchSize) images need "
        + "\(needed) GiB, and \(has)"
        + (most > 0 ? "; take at most \(most)" : "; take a smaller network"))
  }
}

/// What a step works on.
@safe struct StepContext {
  // Safety: whoever makes one holds the memory that its network planned; every way to it hands
  // out a pointer and so is unsafe itself.
  let kernels: octet_float_kernels
  let memory: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  let parameters: UnsafePointer<Float>
  /// Where the gradients of the parameters go; every element is written.
  let gradients: UnsafeMutablePointer<Float>
  /// Which block of which batch is worked on; nil when the network is used, not trained.
  var place: BlockPlace?

  func pointer(_ buffer: BlockBuffer) -> UnsafeMutablePointer<Float> {
    unsafe memory + buffer.offset * TrainingNetwork.blockSize
  }

  func zero(_ buffer: BlockBuffer) {
    unsafe pointer(buffer).update(repeating: 0, count: buffer.count * TrainingNetwork.blockSize)
  }
}

/// One operation in both directions. Buffers are fixed when the network is planned.
protocol TrainingStep: Sendable {
  func forward(_ context: StepContext)
  func backward(_ context: StepContext)
}

/// Where a step's gradient with respect to its input goes. The first of a tensor's readers (in
/// the order of the backward pass) stores, the others add.
struct InputGradient: Sendable {
  var buffer: BlockBuffer
  var isFirst: Bool
}

/// The memory of one thread: 64-byte aligned, zero at first (the borders of padded buffers stay
/// zero).
@safe final class Workspace: @unchecked Sendable {
  // Safety: allocated in `init` as planned, freed in `deinit`.
  // Safety (of @unchecked): one thread at a time uses a workspace.
  let memory: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  init(_ plan: MemoryLayoutPlan) {
    unsafe memory = alignedFloats(plan.elementCount * TrainingNetwork.blockSize)
    unsafe scratch = alignedFloats(plan.scratchCount * TrainingNetwork.blockSize)
  }

  deinit {
    unsafe memory.deallocate()
    unsafe scratch.deallocate()
  }
}

/// Zeros at an address that is a multiple of 64. Much memory comes in large pages, where the system
/// has them: workspaces are walked with long steps.
func alignedFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  let byteCount = max(count, 16) * 4
  let page = 2 << 20
  let isLarge = byteCount >= 2 * page
  let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? page : 64)
  #if os(Linux)
    // Refused without harm.
    if isLarge { _ = unsafe madvise(raw, byteCount / page * page, MADV_HUGEPAGE) }
  #endif
  let result = unsafe raw.bindMemory(to: Float.self, capacity: max(count, 16))
  unsafe result.initialize(repeating: 0, count: max(count, 16))
  return unsafe result
}
