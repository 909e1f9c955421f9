/// Attributes of max and average pools.
public struct PoolAttributes: Sendable, Equatable {
  /// Rows and columns of a window.
  public var kernel: Extent
  /// Elements between neighbouring windows; at least 1.
  public var stride: Extent
  /// Elements between neighbours within a window; at least 1.
  public var dilation = Extent(1)
  /// Elements around the image; those of a max pool never win.
  public var padding = Padding()
  /// Average pool: padding counts as zeros in the divisor.
  public var countsPadding = false
  /// What is applied to the result.
  public var activation = Activation.none

  /// Windows without dilation and padding.
  public init(kernel: Extent, stride: Extent) {
    self.kernel = kernel
    self.stride = stride
  }
}

/// An operation over windows of an image.
protocol PoolDefinition: OperationDefinition {
  var attributes: PoolAttributes { get }
}

extension PoolDefinition {
  var inputCount: ClosedRange<Int> { 1...1 }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.pooled(attributes)]
  }
}

/// The windows of a pool, clipped to the image.
struct PoolWindows {
  let attributes: PoolAttributes
  let images, height, width, outputHeight, outputWidth: Int

  init(_ attributes: PoolAttributes, x: [Int], y: [Int]) {
    self.attributes = attributes
    images = x[0]
    height = x[1]
    width = x[2]
    outputHeight = y[1]
    outputWidth = y[2]
  }

  /// Calls `body` with the output pixel, the image's first pixel, and the rows and columns inside.
  @inline(__always)
  func forEach(_ body: (Int, Int, StrideTo<Int>, StrideTo<Int>) -> Void) {
    for image in 0..<images {
      for top in 0..<outputHeight {
        let rows = inside(
          first: top * attributes.stride.height - attributes.padding.top,
          kernel: attributes.kernel.height, dilation: attributes.dilation.height, limit: height)
        for left in 0..<outputWidth {
          let columns = inside(
            first: left * attributes.stride.width - attributes.padding.left,
            kernel: attributes.kernel.width, dilation: attributes.dilation.width, limit: width)
          body(
            (image * outputHeight + top) * outputWidth + left, image * height * width, rows,
            columns)
        }
      }
    }
  }

  /// The positions of a window along one axis that lie in `0..<limit`.
  private func inside(first: Int, kernel: Int, dilation: Int, limit: Int) -> StrideTo<Int> {
    let skipped = first < 0 ? (-first + dilation - 1) / dilation : 0
    let end = min(limit, first + (kernel - 1) * dilation + 1)
    return stride(from: first + skipped * dilation, to: end, by: dilation)
  }
}

extension StrideTo<Int> {
  var count: Int { underestimatedCount }
}
