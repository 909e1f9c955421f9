import COctetFloatKernels
import OctetData
import OctetModel

/// Loads sixteen images into a workspace and runs a network over them.
@safe struct BlockRunner: Sendable {
  // Safety: `kernels` are functions of this program.
  let network: TrainingNetwork
  let kernels: octet_float_kernels
  /// Pixel to real input: pixel · scale[c] + offset[c]; one of each serves all channels.
  private let scale, offset: [Float]

  init(
    _ network: TrainingNetwork, kernels: octet_float_kernels = unsafe FloatKernels.best
  ) throws(TrainingError) {
    self.network = network
    unsafe self.kernels = kernels
    let shape = network.graph.tensors[network.graph.inputs[0]].shape
    let mean = network.graph.metadata.normalization?.mean ?? [0]
    let deviation = network.graph.metadata.normalization?.standardDeviation ?? [1]
    // Of an image its channels; a flat input may hold any number of them.
    let fits =
      shape.count == 4
      ? mean.count == shape[3] : shape.elementCount % max(mean.count, 1) == 0
    guard mean.count == deviation.count, mean.count == 1 || (fits && !mean.isEmpty),
      deviation.allSatisfy({ $0.isFinite && $0 > 0 }), mean.allSatisfy(\.isFinite)
    else {
      throw .graph(
        node: network.graph.name,
        reason: "the normalization has \(mean.count) means and \(deviation.count) deviations; it "
          + "needs one of each, or one for each channel, and deviations above 0")
    }
    scale = deviation.map { 1 / (255 * $0) }
    offset = zip(mean, deviation).map { -$0 / $1 }
  }

  /// - Throws: when there are not as many pixels as the labels' images have, when the images are
  ///   not of the network's input size, or when a label is no class of it.
  func check(_ images: Dataset) throws(TrainingError) {
    let shape = network.graph.tensors[network.graph.inputs[0]].shape
    let size = [1, images.height, images.width, images.channelCount]
    guard shape == size || shape == [1, images.imageByteCount] else {
      throw .data("images are \(size.dropFirst()), the network wants \(shape.dropFirst())")
    }
    guard images.pixels.count == images.count * images.imageByteCount else {
      throw .data(
        "\(images.pixels.count) pixels are not \(images.count) images of "
          + "\(images.height)×\(images.width)×\(images.channelCount); check the dimensions")
    }
    if let label = images.labels.first(where: { $0 >= network.classCount }) {
      throw .data("label \(label) is none of the network's \(network.classCount) classes")
    }
  }

  /// A use of the network: forward over images that `load` takes.
  func forward(
    _ context: StepContext, pixels: UnsafePointer<UInt8>, imageByteCount: Int,
    indices: UnsafePointer<Int>, count: Int
  ) {
    unsafe load(
      context, pixels: pixels, imageByteCount: imageByteCount, indices: indices, count: count)
    network.forward(context)
  }

  /// Puts the images at `indices[0 ..< count]`, at most 16, into the input. The other lanes repeat
  /// the first image.
  func load(
    _ context: StepContext, pixels: UnsafePointer<UInt8>, imageByteCount: Int,
    indices: UnsafePointer<Int>, count: Int
  ) {
    unsafe withUnsafeTemporaryAllocation(
      of: UnsafePointer<UInt8>.self, capacity: TrainingNetwork.blockSize
    ) { images in
      for lane in 0..<TrainingNetwork.blockSize {
        unsafe images[lane] = pixels + indices[lane < count ? lane : 0] * imageByteCount
      }
      unsafe scale.withUnsafeBufferPointer { scale in
        unsafe offset.withUnsafeBufferPointer { offset in
          unsafe BlockKernels.load(
            images, count: imageByteCount, scale: scale, offset: offset,
            into: context.pointer(network.input))
        }
      }
    }
  }
}
