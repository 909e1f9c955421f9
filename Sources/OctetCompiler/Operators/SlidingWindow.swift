import OctetModel
import OctetRuntime

/// How a kernel slides over an image.
struct SlidingWindow {
  var kernel: Extent
  var stride: Extent
  var dilation: Extent
  var padding: Padding

  func words<Word: WindowWord>() -> ParameterWords<Word> {
    [
      .strideHeight: .value(stride.height), .strideWidth: .value(stride.width),
      .dilationHeight: .value(dilation.height), .dilationWidth: .value(dilation.width),
      .paddingTop: .value(padding.top), .paddingLeft: .value(padding.left),
      .kernelHeight: .value(kernel.height), .kernelWidth: .value(kernel.width),
    ]
  }
}

/// The words of operators whose kernel slides.
protocol WindowWord: ParameterWord {
  static var strideHeight: Self { get }
  static var strideWidth: Self { get }
  static var dilationHeight: Self { get }
  static var dilationWidth: Self { get }
  static var paddingTop: Self { get }
  static var paddingLeft: Self { get }
  static var kernelHeight: Self { get }
  static var kernelWidth: Self { get }
}

extension BlobReader {
  /// The padding after the image `x` follows from the number of windows, `y`: as much as the last
  /// one reads.
  func window<Word: WindowWord>(
    _ view: OperatorView, _: Word.Type, from x: [Int], to y: [Int]
  ) -> SlidingWindow {
    let kernel = extent(view, Word.kernelHeight, Word.kernelWidth)
    let stride = extent(view, Word.strideHeight, Word.strideWidth)
    let dilation = extent(view, Word.dilationHeight, Word.dilationWidth)
    let (top, left) = (word(view, Word.paddingTop), word(view, Word.paddingLeft))
    let bottom = (y[1] - 1) * stride.height + (kernel.height - 1) * dilation.height + 1 - top - x[1]
    let right = (y[2] - 1) * stride.width + (kernel.width - 1) * dilation.width + 1 - left - x[2]
    return SlidingWindow(
      kernel: kernel, stride: stride, dilation: dilation,
      padding: Padding(top: top, left: left, bottom: max(0, bottom), right: max(0, right)))
  }

  func extent<Word: ParameterWord>(
    _ view: OperatorView, _ height: Word, _ width: Word
  ) -> Extent {
    Extent(height: word(view, height), width: word(view, width))
  }

  /// The operator's input with four dimensions; leading ones come and go in a blob.
  mutating func image(_ view: OperatorView) -> TensorIndex {
    let shape = input(view).shape
    if shape.count == 4 { return view.inputTensorIndex(0) }
    return reshaped(view, shape.fourDimensions, suffix: "/image", node: "/image")
  }

  /// The operator's input in another shape.
  mutating func reshaped(
    _ view: OperatorView, _ shape: [Int], suffix: String, node: String
  ) -> TensorIndex {
    var tensor = input(view)
    tensor.name += suffix
    tensor.shape = shape
    tensor.constant = nil
    let index = add(tensor)
    append(
      view, .reshape(shape), suffix: node, inputs: [view.inputTensorIndex(0)], outputs: [index])
    return index
  }
}
