import OctetCompiler
import OctetEvaluation
import OctetModel

/// How one model takes samples.
struct SampleEncoder: Sendable {
  private let data: DiffData
  /// For images.
  private let pixels: PixelEncoder?
  /// The sample's input for each of the model's.
  private let order: [Int]
  /// A blob's inputs.
  private let views: [TensorView]
  /// What is done to the first input of each sample, to try it out; of images an order alone.
  var variant: InputVariant?

  /// - Parameters:
  ///   - order: the sample's input for each of the model's.
  ///   - normalization: of images.
  init(_ model: DiffModel, _ data: DiffData, order: [Int], normalization: Normalization?) {
    self.data = data
    self.order = order
    let loaded = model.loaded
    views = loaded.map { loaded in (0..<loaded.inputCount).map { loaded.input($0) } } ?? []
    pixels = data.images.map { images in
      loaded.map {
        PixelEncoder(
          channelCount: images.channelCount, normalization: $0.normalization, input: $0.input(0))
      } ?? PixelEncoder(channelCount: images.channelCount, normalization: normalization)
    }
  }

  /// Writes an input's real values.
  func encode(_ sample: Int, input: Int, into target: UnsafeMutableBufferPointer<Float>) {
    switch data.content {
    case .images(let images):
      unsafe pixels?.encode(images.pixelSlice(sample), into: target)
    case .tensors(let tensors):
      unsafe tensors.copy(sample: sample, input: order[input], to: target)
    }
    guard let variant, input == 0 else { return }
    for (index, value) in unsafe variant.change(Array(target)).prefix(target.count).enumerated() {
      unsafe target[index] = value
    }
  }

  /// Writes an input's codes as bytes, two each of int16, of a blob.
  func encode(_ sample: Int, input: Int, into target: UnsafeMutableBufferPointer<Int8>) {
    switch data.content {
    case .images(let images):
      unsafe pixels?.encode(images.pixelSlice(sample), into: target)
      guard let variant, input == 0 else { return }
      let view = views[input]
      // An order alone: each value keeps its code.
      unsafe view.write(variant.change(view.reals(UnsafeBufferPointer(target))), into: target)
    case .tensors(let tensors):
      var reals = tensors.values(sample: sample, input: order[input])
      if let variant, input == 0 { reals = variant.change(reals) }
      unsafe views[input].write(reals, into: target)
    }
  }

  /// An input's real values.
  func reals(_ sample: Int, input: Int, count: Int) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      unsafe encode(
        sample, input: input, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initializedCount = count
    }
  }
}
