import OctetModel
import OctetReport

/// Orders of a layer's weights that people and exporters mix up.
struct WeightOrders {
  typealias Order = (cause: DiffReport.Cause, text: String, order: [Int])

  /// Each as indices into the reference's weights, one for each of the candidate's.
  let all: [Order]

  init(_ pair: WeightPair) {
    let shape = pair.shape
    var found: [Order] = []
    func add(_ cause: DiffReport.Cause, _ text: String, _ position: ([Int]) -> [Int]) {
      found.append((cause, text, Self.order(shape, position)))
    }
    func reversed(_ axes: [Int]) -> ([Int]) -> [Int] {
      { indices in
        indices.indices.map { axes.contains($0) ? shape[$0] - 1 - indices[$0] : indices[$0] }
      }
    }
    if shape.count == 2 {
      add(.flattenOrder, "the weights of each row stand in reverse order", reversed([1]))
    }
    if shape.count == 4, shape[1] > 1 || shape[2] > 1 {
      add(
        .filtersFlipped, "its filters are turned by 180°: both axes are reversed",
        reversed([1, 2]))
      add(.filtersFlipped, "its filters are upside down", reversed([1]))
      add(.filtersFlipped, "its filters are mirrored", reversed([2]))
      if shape[1] == shape[2] {
        add(.weightsTransposed, "its filters are transposed: rows and columns are exchanged") {
          [$0[0], $0[2], $0[1], $0[3]]
        }
        add(.filtersFlipped, "its filters are turned by 90°") {
          [$0[0], shape[2] - 1 - $0[2], $0[1], $0[3]]
        }
        add(.filtersFlipped, "its filters are turned by 270°") {
          [$0[0], $0[2], shape[1] - 1 - $0[1], $0[3]]
        }
      }
    }
    if shape.count == 4, pair.axis == 0, shape[3] > 1 {
      add(
        .inputChannelsPermuted,
        "its input channels stand in reverse order" + (shape[3] == 3 ? " (BGR for RGB)" : ""),
        reversed([3]))
      if shape[1] > 1 || shape[2] > 1 {
        add(.filtersFlipped, "its filters are reversed along every axis", reversed([1, 2, 3]))
      }
    }
    found += Self.misread(shape) + Self.flattenings(pair) + Self.displaced(pair)
    all = found
  }

  /// Weights that are read a few elements too early or too late, or by twos the other way round.
  private static func displaced(_ pair: WeightPair) -> [Order] {
    let count = pair.own.count
    guard count >= 16 else { return [] }
    // By whole rows it is the channels that are exchanged.
    let row = pair.axis == 0 ? max(count / pair.channelCount, 1) : count
    var found: [Order] = []
    for distance in [1, 2, 3, 4, 8, 16] where 4 * distance <= count && distance % row != 0 {
      for shift in [distance, -distance] {
        let elements = distance == 1 ? "element" : "elements"
        let side = shift > 0 ? "late" : "early"
        found.append(
          (
            DiffReport.Cause.weightsShifted,
            "its weights are read \(distance) \(elements) too \(side)",
            (0..<count).map { ($0 + shift + count) % count }
          ))
      }
    }
    if count % 2 == 0 {
      let order: [Int] = (0..<count).map { $0 ^ 1 }
      found.append(
        (DiffReport.Cause.halvesExchanged, "each two neighbouring weights are exchanged", order))
    }
    return found
  }

  private static func order(_ shape: [Int], _ position: ([Int]) -> [Int]) -> [Int] {
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    return (0..<shape.elementCount).map { index in
      let indices = shape.indices.map { index / strides[$0] % shape[$0] }
      return zip(position(indices), strides).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The weights written in one order of axes and read in another.
  private static func misread(_ shape: [Int]) -> [Order] {
    guard (2...4).contains(shape.count), shape.count(where: { $0 > 1 }) > 1 else { return [] }
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    var seen: Set<[Int]> = [Array(0..<shape.elementCount)]
    var found: [Order] = []
    for axes in shape.indices.orders where axes != Array(shape.indices) {
      let written = axes.map { shape[$0] }
      let steps = written.indices.map { written[($0 + 1)...].reduce(1, *) }
      let order = (0..<shape.elementCount).map { index in
        axes.indices.reduce(0) { $0 + index / steps[$1] % written[$1] * strides[axes[$1]] }
      }
      guard seen.insert(order).inserted else { continue }
      let names = shape.count == 2 ? ["O", "I"] : ["O", "H", "W", "I"]
      let text = axes.map { names.count > $0 ? names[$0] : "\($0)" }.joined(separator: ", ")
      found.append(
        (
          .weightsTransposed,
          shape.count == 2
            ? "its weights are transposed: they stand as I, O and are read as O, I"
            : "its weights stand in the order \(text) and are read as O, H, W, I", order
        ))
    }
    return found
  }

  /// The columns of a layer that reads a flattened image.
  private static func flattenings(_ pair: WeightPair) -> [Order] {
    guard let image = pair.image, pair.shape.count == 2, image.elementCount == pair.shape[1]
    else { return [] }
    let (strides, columns) = (
      image.indices.map { image[($0 + 1)...].reduce(1, *) }, pair.shape[1]
    )
    var found: [Order] = []
    let names = ["H", "W", "C"]
    for axes in (0..<3).orders where axes != [0, 1, 2] {
      let text = axes.map { names[$0] }.joined(separator: ", ")
      let written = axes.map { image[$0] }
      let steps = written.indices.map { written[($0 + 1)...].reduce(1, *) }
      let source = (0..<columns).map { column in
        axes.indices.reduce(0) { $0 + column / steps[$1] % written[$1] * strides[axes[$1]] }
      }
      found.append(
        (
          .flattenOrder,
          "its columns stand in the order \(text) of the image that it reads, which is flattened "
            + "as H, W, C",
          (0..<pair.own.count).map { $0 / columns * columns + source[$0 % columns] }
        ))
    }
    return found
  }
}
