import OctetModel
import OctetReport

/// The order in which another runtime has a tensor's elements.
enum DumpLayout: String {
  case same
  /// The channels before rows and columns.
  case channelsFirst

  /// The order by the shape or by what the dump says; nil where both are possible.
  static func of(_ tensor: DumpFolder.Tensor, ownShape: [Int]) -> DumpLayout? {
    guard let first = moved(ownShape) else { return .same }
    switch tensor.layout?.uppercased() {
    case "NHWC": return .same
    case "NCHW": return .channelsFirst
    default: break
    }
    let count = ownShape.reduce(1, *)
    guard tensor.shape.reduce(1, *) == tensor.values.count, !tensor.shape.isEmpty else {
      return nil
    }
    let samples = tensor.values.count / max(count, 1)
    func sizes(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }
    let theirs = sizes(tensor.shape)
    func fits(_ shape: [Int]) -> Bool {
      theirs == sizes([samples] + shape) || theirs == sizes(shape)
    }
    switch (fits(ownShape), fits(first)) {
    case (true, false): return .same
    case (false, true): return .channelsFirst
    default: return nil
    }
  }

  /// The shape with the channels first; nil where that is no other order.
  private static func moved(_ shape: [Int]) -> [Int]? {
    guard shape.count >= 3, let channels = shape.last, channels > 1 else { return nil }
    let (height, width) = (shape[shape.count - 3], shape[shape.count - 2])
    return height * width > 1 ? shape.dropLast(3) + [channels, height, width] : nil
  }

  /// The values in Octet's order.
  func reordered(_ values: [Float], ownShape shape: [Int]) -> [Float] {
    guard self == .channelsFirst, Self.moved(shape) != nil, let channels = shape.last else {
      return values
    }
    let area = shape[shape.count - 3] * shape[shape.count - 2]
    let block = area * channels
    return values.indices.map { index in
      let (start, inside) = (index / block * block, index % block)
      return values[start + inside % channels * area + inside / channels]
    }
  }
}

/// Finds the place of the model for each tensor of a dump.
struct DumpMatching {
  let model: DiffModel
  /// Octet's values by place, samples end to end.
  let values: [[Float]]
  let sampleCount: Int

  /// A tensor of the dump with its values in Octet's order and in real numbers.
  struct Pair {
    var tensor: DumpFolder.Tensor
    var reals: [Float]
    var layout: DumpLayout
    var isByName: Bool
  }

  /// Values that are looked at to tell tensors apart.
  private static let likenessCount = 512
  private static let alignmentLimit = 1 << 18

  /// The pairs by place.
  func pairs(_ tensors: [DumpFolder.Tensor]) throws(AgainstError) -> [Int: Pair] {
    var pairs: [Int: Pair] = [:]
    var rest: [DumpFolder.Tensor] = []
    let byName = Dictionary(
      grouping: model.places.indices, by: { model.places[$0].tensorName.dumpName })
    let byLayer = Dictionary(grouping: model.places.indices, by: { model.places[$0].name.dumpName })
    for tensor in tensors {
      let name = tensor.name.dumpName
      let found = byName[name] ?? byLayer[name] ?? []
      guard found.count == 1, pairs[found[0]] == nil else {
        rest.append(tensor)
        continue
      }
      let needed = values[found[0]].count
      guard tensor.values.count == needed else {
        throw .dump(
          path: tensor.path,
          problem: "'\(tensor.name)' has \(tensor.values.count) values, and Octet's "
            + "'\(model.places[found[0]].name)' has \(needed) in \(sampleCount) samples")
      }
      pairs[found[0]] = pair(tensor, found[0], isByName: true)
    }
    let places = model.places.indices.filter { pairs[$0] == nil && $0 > 0 }
    for (place, index) in align(places, rest) {
      pairs[place] = pair(rest[index], place, isByName: false)
    }
    return pairs
  }

  private func pair(_ tensor: DumpFolder.Tensor, _ place: Int, isByName: Bool) -> Pair {
    let shape = ownShape(place)
    func reals(_ layout: DumpLayout) -> [Float] {
      tensor.reals(
        layout.reordered(tensor.values, ownShape: shape), codes: model.codes(place))
    }
    if shape == model.places[place].shape, let layout = DumpLayout.of(tensor, ownShape: shape) {
      return Pair(tensor: tensor, reals: reals(layout), layout: layout, isByName: isByName)
    }
    // Where the shape does not tell, the order that fits better.
    let (same, moved) = (reals(.same), reals(.channelsFirst))
    let isMoved = likeness(moved, place) > likeness(same, place) + 1e-6
    return Pair(
      tensor: tensor, reals: isMoved ? moved : same, layout: isMoved ? .channelsFirst : .same,
      isByName: isByName)
  }

  /// The shape at a place; of a line that rows, columns and channels were put into, theirs: another
  /// order of those is another order of the line.
  private func ownShape(_ place: Int) -> [Int] {
    let shape = model.places[place].shape
    let sources = model.sources(of: place)
    guard shape.count(where: { $0 != 1 }) <= 1, sources.count == 1, let other = sources[0].place
    else { return shape }
    let before = model.places[other].shape
    let isMoved = before.count >= 3 && before.elementCount == shape.elementCount
    // Only where nothing is computed on the way.
    return isMoved && values[other] == values[place] ? before : shape
  }

  /// Pairs in the order of both that are most alike in all: places and indices of tensors.
  private func align(
    _ places: [Int], _ tensors: [DumpFolder.Tensor]
  ) -> [(place: Int, index: Int)] {
    guard !places.isEmpty, !tensors.isEmpty,
      places.count * tensors.count <= Self.alignmentLimit
    else { return [] }
    let width = tensors.count + 1
    var best = [Double](repeating: 0, count: (places.count + 1) * width)
    for (row, place) in places.enumerated() {
      for (column, tensor) in tensors.enumerated() {
        let skip = max(best[row * width + column + 1], best[(row + 1) * width + column])
        let together = best[row * width + column] + price(place, tensor)
        best[(row + 1) * width + column + 1] = max(skip, together)
      }
    }
    var found: [(place: Int, index: Int)] = []
    var (row, column) = (places.count, tensors.count)
    while row > 0, column > 0 {
      let value = best[row * width + column]
      if value == best[row * width + column - 1] {
        column -= 1
      } else if value == best[(row - 1) * width + column] {
        row -= 1
      } else {
        found.append((places[row - 1], column - 1))
        (row, column) = (row - 1, column - 1)
      }
    }
    return found.reversed()
  }

  /// How much a pair is worth: 0 where the two cannot be one.
  private func price(_ place: Int, _ tensor: DumpFolder.Tensor) -> Double {
    guard tensor.values.count == values[place].count else { return 0 }
    let pair = pair(tensor, place, isByName: false)
    return 0.5 + likeness(pair.reals, place)
  }

  /// The correlation of some values with Octet's, 0 where there is none.
  private func likeness(_ reals: [Float], _ place: Int) -> Double {
    let own = values[place]
    let step = max(1, own.count / Self.likenessCount)
    let indices = stride(from: 0, to: min(own.count, reals.count), by: step)
    let pairs = indices.map { (Double(own[$0]), Double(reals[$0])) }.filter { $0.1.isFinite }
    guard pairs.count > 1 else { return 0 }
    let (a, b) = (
      pairs.reduce(0) { $0 + $1.0 } / Double(pairs.count),
      pairs.reduce(0) { $0 + $1.1 } / Double(pairs.count)
    )
    let (aa, bb, ab) = pairs.reduce((0.0, 0.0, 0.0)) { sums, pair in
      let (x, y) = (pair.0 - a, pair.1 - b)
      return (sums.0 + x * x, sums.1 + y * y, sums.2 + x * y)
    }
    return aa > 0 && bb > 0 ? max(0, ab / (aa * bb).squareRoot()) : 0
  }
}

extension DiffModel {
  /// The codes at a place; nil in a float model.
  func codes(_ place: Int) -> Against.Codes? { view(place).map { Against.Codes($0) } }
}
