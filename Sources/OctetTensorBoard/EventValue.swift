import Foundation
import OctetONNX
import OctetReport

/// What one tag of a summary has in one step.
package struct EventValue {
  /// The name in TensorBoard; what stands before the first slash is its group.
  package var tag: String
  package var content: Content

  package enum Content {
    case scalar(Double)
    /// A PNG file of a picture of 1 or 3 channels.
    case picture(png: [UInt8], height: Int, width: Int, channelCount: Int)
    /// Numbers, of which the file gets the bins; those that are not finite are left out.
    case histogram([Float])
    /// Markdown.
    case text(String)
  }

  package init(_ tag: String, _ content: Content) {
    self.tag = tag
    self.content = content
  }

  /// A tag of a layer, whose name may hold slashes of its own.
  package init(_ group: String, layer: String, _ content: Content) {
    self.init("\(group)/\(layer.replacing("/", with: "."))", content)
  }

  private static let binCount = 30

  /// The fields of `Summary.Value`.
  func write(to value: inout ProtobufWriter) {
    value.string(1, tag)
    switch content {
    case .scalar(let number): value.float(2, Float(number))
    case .picture(let png, let height, let width, let channelCount):
      value.message(4) { image in
        image.integer(1, Int64(height))
        image.integer(2, Int64(width))
        image.integer(3, Int64(channelCount))
        image.data(4, png)
      }
    case .histogram(let numbers): value.message(5) { Self.write(numbers, to: &$0) }
    case .text(let text):
      // A tensor of one string, which the plugin of that name shows.
      value.message(8) { tensor in
        tensor.integer(1, 7)
        tensor.message(2) { _ in }
        tensor.string(8, text)
      }
      value.message(9) { metadata in
        metadata.message(1) { $0.string(1, "text") }
      }
    }
  }

  /// `HistogramProto`: bins of equal width from the least to the largest number.
  private static func write(_ numbers: [Float], to message: inout ProtobufWriter) {
    let finite = numbers.lazy.filter(\.isFinite).map(Double.init)
    let (lower, upper) = (finite.min() ?? 0, finite.max() ?? 0)
    var histogram = Histogram(
      lower...(upper > lower ? upper : lower + max(abs(lower), 1) * 1e-6), binCount: binCount)
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for number in finite {
      histogram.add(number)
      count += 1
      sum += number
      squares += number * number
    }
    for (field, number) in zip(1..., [lower, upper, count, sum, squares]) {
      message.double(field, number)
    }
    let width = (histogram.upper - histogram.lower) / Double(binCount)
    message.doubles(
      6, (1...binCount).map { $0 == binCount ? histogram.upper : lower + width * Double($0) })
    message.doubles(7, histogram.counts.map(Double.init))
  }
}
