import Foundation
import OctetModel
import OctetReport

/// A way in which samples are prepared by mistake, undone: what the model would be fed with.
struct InputVariant: Sendable {
  var cause: DiffReport.Cause
  /// What is done to the samples, as a clause: `with the channels of its images reversed`.
  var text: String
  /// The values of the first input, made of those that the samples have.
  var change: @Sendable ([Float]) -> [Float]

  /// Those that fit samples.
  ///
  /// - Parameters:
  ///   - shape: of the model's input, channels last.
  ///   - arePixels: whether values are pixels, whose scale is another matter.
  static func all(shape: [Int], arePixels: Bool) -> [InputVariant] {
    orders(Array(shape.dropFirst())) + (arePixels ? [] : sizes)
  }

  // MARK: Sizes

  private static let sizes: [InputVariant] = {
    func size(_ text: String, _ change: @escaping @Sendable (Float) -> Float) -> InputVariant {
      .init(cause: .inputScale, text: text) { $0.map(change) }
    }
    return [
      size("divided by 255") { $0 / 255 },
      size("multiplied by 255") { $0 * 255 },
      size("divided by 127.5, less 1") { $0 / 127.5 - 1 },
      size("from −1…1 brought to 0…1") { ($0 + 1) / 2 },
      size("from 0…1 brought to −1…1") { 2 * $0 - 1 },
      size("from −1…1 brought to 0…255") { ($0 + 1) * 127.5 },
      size("less 128") { $0 - 128 },
      size("more by 128") { $0 + 128 },
      size("divided by 32768") { $0 / 32768 },
      size("multiplied by 32768") { $0 * 32768 },
      size("divided by 256") { $0 / 256 },
      size("with the other sign") { -$0 },
      normalized("MNIST's", [0.1307], [0.3081]),
      normalized("CIFAR-10's", [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
      normalized("ImageNet's", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
      .init(cause: .inputNormalization, text: "normalised to mean 0 and deviation 1 each") {
        values in
        let count = Float(max(values.count, 1))
        let mean = values.reduce(0, +) / count
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return values.map { ($0 - mean) / max(square.squareRoot(), 1e-6) }
      },
      .init(cause: .inputByteOrder, text: "with the bytes of each number reversed") { values in
        values.map { Float(bitPattern: $0.bitPattern.byteSwapped) }
      },
      .init(cause: .inputByteOrder, text: "with the two bytes of each whole number reversed") {
        values in
        values.map { value in
          guard value == value.rounded(), abs(value) < 65536 else { return value }
          return Float(Int16(truncatingIfNeeded: Int(value)).byteSwapped)
        }
      },
    ]
  }()

  private static func normalized(
    _ name: String, _ means: [Float], _ deviations: [Float]
  ) -> InputVariant {
    .init(cause: .inputNormalization, text: "less \(name) mean, over \(name) deviation") { values in
      values.indices.map {
        (values[$0] - means[$0 % means.count]) / deviations[$0 % means.count]
      }
    }
  }

  // MARK: Orders

  /// - Parameter shape: without the batch.
  private static func orders(_ shape: [Int]) -> [InputVariant] {
    guard shape.count == 3 else { return [] }
    let (height, width, channelCount) = (shape[0], shape[1], shape[2])
    var found: [InputVariant] = []
    func add(
      _ cause: DiffReport.Cause, _ text: String,
      _ source: (_ row: Int, _ column: Int, _ channel: Int) -> Int
    ) {
      let order = (0..<height * width * channelCount).map { index in
        source(index / channelCount / width, index / channelCount % width, index % channelCount)
      }
      guard order != Array(order.indices) else { return }
      found.append(
        .init(cause: cause, text: text) { values in
          values.count == order.count ? order.map { values[$0] } : values
        })
    }
    func place(_ row: Int, _ column: Int, _ channel: Int) -> Int {
      (row * width + column) * channelCount + channel
    }
    add(.inputChannelOrder, "with its channels reversed (RGB for BGR)") {
      place($0, $1, channelCount - 1 - $2)
    }
    add(.imageFlipped, "mirrored") { place($0, width - 1 - $1, $2) }
    add(.imageFlipped, "upside down") { place(height - 1 - $0, $1, $2) }
    add(.imageFlipped, "turned by 180°") { place(height - 1 - $0, width - 1 - $1, $2) }
    if height == width {
      add(.axisOrder, "with rows and columns exchanged") { place($1, $0, $2) }
      add(.imageFlipped, "turned by 90°") { place(width - 1 - $1, $0, $2) }
      add(.imageFlipped, "turned by 270°") { place($1, height - 1 - $0, $2) }
    }
    if channelCount > 1 {
      add(.axisOrder, "read as C, H, W and fed as H, W, C") {
        ($2 * height + $0) * width + $1
      }
      add(.axisOrder, "read as H, W, C and fed as C, H, W") {
        let index = place($0, $1, $2)
        return (index % (height * width)) * channelCount + index / (height * width)
      }
    }
    return found
  }
}
