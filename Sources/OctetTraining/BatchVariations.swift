import Foundation
import OctetData

/// The images of one step.
@safe struct TrainingBatch {
  // Safety: whoever makes one keeps what it points to until the step is over.
  let pixels: UnsafePointer<UInt8>
  let imageByteCount: Int
  let labels: UnsafePointer<UInt8>
  /// The places of the images among all, `count` of them.
  let indices: UnsafePointer<Int>
  let count: Int
  /// The number of the epoch, from 1.
  let epoch: Int

  init(
    pixels: UnsafePointer<UInt8>, imageByteCount: Int, labels: UnsafePointer<UInt8>,
    indices: UnsafePointer<Int>, count: Int, epoch: Int
  ) {
    unsafe self.pixels = pixels
    self.imageByteCount = imageByteCount
    unsafe self.labels = labels
    unsafe self.indices = indices
    self.count = count
    self.epoch = epoch
  }

  /// No images; the pointers go somewhere and are not read.
  init(placeholder: UnsafeMutablePointer<Float>) {
    let raw = UnsafeRawPointer(placeholder)
    unsafe self.init(
      pixels: raw.assumingMemoryBound(to: UInt8.self), imageByteCount: 0,
      labels: raw.assumingMemoryBound(to: UInt8.self),
      indices: raw.assumingMemoryBound(to: Int.self), count: 0, epoch: 0)
  }

  func target(at position: Int) -> ImageTarget {
    unsafe ImageTarget(label: labels[indices[position]])
  }
}

/// Varies and mixes the images of batches on the threads that learn from them.
///
/// Everything is drawn from the seed, the epoch and the index of the image, so that neither the
/// number of threads nor where a run was resumed changes anything.
@safe final class BatchVariations {
  // Safety: every worker has sixteen images' room of its own and one for the image mixed in.
  private let augmenters: [Augmenter]?
  private let mixup: Double
  private let seed: UInt64
  private let imageByteCount: Int
  private let bytes: UnsafeMutablePointer<UInt8>
  /// 0 … 15.
  private let order: UnsafeMutablePointer<Int>

  /// nil where the options leave images as they are.
  init?(_ options: TrainingOptions, _ images: Dataset, workerCount: Int) {
    guard !options.augmentation.isNothing || options.mixup > 0 else { return nil }
    mixup = options.mixup
    seed = options.seed
    imageByteCount = images.imageByteCount
    augmenters =
      options.augmentation.isNothing
      ? nil
      : (0..<workerCount).map { _ in
        Augmenter(
          options.augmentation, height: images.height, width: images.width,
          channelCount: images.channelCount, seed: options.seed)
      }
    let lanes = TrainingNetwork.blockSize
    unsafe bytes = .allocate(capacity: workerCount * (lanes + 1) * imageByteCount)
    unsafe bytes.initialize(repeating: 0, count: workerCount * (lanes + 1) * imageByteCount)
    unsafe order = .allocate(capacity: lanes)
    for lane in 0..<lanes { unsafe (order + lane).initialize(to: lane) }
  }

  deinit {
    unsafe bytes.deallocate()
    unsafe order.deallocate()
  }

  /// What the network is to say about the image at a position of the batch.
  func target(of batch: TrainingBatch, at position: Int) -> ImageTarget {
    var target = batch.target(at: position)
    if let mix = mix(batch, position) {
      target.other = batch.target(at: mix.other).label
      target.otherShare = mix.share
    }
    return target
  }

  /// Images `first ..< first + count` of the batch, and the order in which they lie there.
  func images(
    of batch: TrainingBatch, first: Int, count: Int, worker: Int
  ) -> (pixels: UnsafePointer<UInt8>, indices: UnsafePointer<Int>) {
    let lanes = TrainingNetwork.blockSize
    let room = unsafe bytes + worker * (lanes + 1) * imageByteCount
    for lane in 0..<count {
      let image = unsafe room + lane * imageByteCount
      unsafe vary(batch, first + lane, worker, into: image)
      guard let mix = mix(batch, first + lane) else { continue }
      let other = unsafe room + lanes * imageByteCount
      unsafe vary(batch, mix.other, worker, into: other)
      for i in 0..<imageByteCount {
        let value = unsafe Float(image[i]) + mix.share * (Float(other[i]) - Float(image[i]))
        unsafe image[i] = UInt8(value + 0.5)
      }
    }
    return unsafe (UnsafePointer(room), UnsafePointer(order))
  }

  private func vary(
    _ batch: TrainingBatch, _ position: Int, _ worker: Int,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    let index = unsafe batch.indices[position]
    let image = unsafe batch.pixels + index * imageByteCount
    if let augmenters {
      unsafe augmenters[worker].vary(image, index: index, epoch: batch.epoch, into: target)
    } else {
      unsafe target.update(from: image, count: imageByteCount)
    }
  }

  /// The image that is mixed into another, with its share, at most one half; nil where none is.
  private func mix(_ batch: TrainingBatch, _ position: Int) -> (other: Int, share: Float)? {
    guard mixup > 0 else { return nil }
    let index = unsafe batch.indices[position]
    var random = Augmenter.generator(seed: seed ^ 0x6d69_7875, epoch: batch.epoch, index: index)
    let other = random.next(below: batch.count)
    // Jöhnk 1964: two powers of uniform numbers, drawn again until their sum is at most 1.
    while true {
      let a = pow(random.nextUnit(), 1 / mixup)
      let b = pow(random.nextUnit(), 1 / mixup)
      guard a + b <= 1, a + b > 0 else { continue }
      let share = Float(min(a, b) / (a + b))
      return share > 0 ? (other, share) : nil
    }
  }
}
