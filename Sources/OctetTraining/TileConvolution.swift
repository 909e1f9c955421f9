import COctetFloatKernels
import OctetModel

/// Winograd's way through a convolution of square windows of 3 or 5 taps with stride 1 (Lavin and
/// Gray 2015), for sixteen images.
///
/// The results of a tile of size × size pixels, size = 7 − taps, are polynomials that 6 × 6 points
/// determine. At each point weights and pixels are multiplied and summed over channels, a product
/// of matrices of its own: 36 products for a tile, where windows of 3 taps take 144 and those of 5
/// take 100. Tiles go in groups whose points stay in the second-level cache.
package struct TileConvolution: Sendable {
  /// Weights are stored `[taps][taps][inputs][outputs]`.
  package let taps, inputs, outputs: Int
  private let wide, narrow: TileImage

  /// nil where such windows are not those of the convolution.
  package init?(_ weights: ConvolutionWeights, _ geometry: ConvolutionGeometry) {
    let axes = [geometry.rows, geometry.columns]
    guard weights.groups == 1, weights.kernelHeight == weights.kernelWidth,
      weights.kernelHeight == 3 || weights.kernelHeight == 5,
      axes.allSatisfy({ $0.stride == 1 && $0.dilation == 1 })
    else { return nil }
    (taps, inputs, outputs) = (weights.kernelHeight, weights.inputs, weights.outputs)
    let (rows, columns) = (geometry.rows, geometry.columns)
    wide = TileImage(
      rowCount: rows.inputCount, columnCount: columns.inputCount, channelCount: inputs,
      rowPadding: rows.padding, columnPadding: columns.padding)
    narrow = TileImage(
      rowCount: rows.outputCount, columnCount: columns.outputCount, channelCount: outputs,
      rowPadding: taps - 1 - rows.padding, columnPadding: taps - 1 - columns.padding)
  }

  private var size: Int { Self.extent - taps + 1 }
  /// Weights of a row of U and sums, whole vectors.
  private var paddedOutputs: Int { (outputs + 15) / 16 * 16 }
  /// Floats from one point of the weights to the next; see `TileImage.point`.
  private var weightPoint: Int { (inputs * paddedOutputs / Self.lanes | 1) * Self.lanes }

  private static let extent = 6
  private static let pointCount = 36
  private static let lanes = TrainingNetwork.blockSize

  // MARK: Directions

  package enum Direction: Sendable { case gathered, spread }

  /// The product of one direction, as `WindowProduct` has it.
  package func run(
    _ direction: Direction, _ kernels: octet_float_kernels, scratch: UnsafeMutablePointer<Float>,
    source: UnsafePointer<Float>, w: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    relu: Bool, accumulates: Bool, target: UnsafeMutablePointer<Float>
  ) {
    let isSpread = direction == .spread
    let (from, to) = isSpread ? (narrow, wide) : (wide, narrow)
    let room = room(to)
    let points = unsafe scratch
    unsafe transformWeights(kernels, w, isFlipped: isSpread, into: points)
    let values = unsafe points + Self.pointCount * weightPoint
    let results = unsafe values + Self.pointCount * from.point(room)
    var product = Contraction(
      outputCount: to.channelCount, kCount: from.channelCount,
      wK: isSpread ? 1 : paddedOutputs, wJ: isSpread ? paddedOutputs : 1)
    product.block.xPixel = from.channelCount * Self.lanes
    product.block.yPixel = to.channelCount * Self.lanes
    forEachGroup(of: to) { tiles in
      product.pixelCount = tiles.count
      unsafe transform(kernels, tiles, from, to, room, source, into: values)
      for point in 0..<Self.pointCount {
        unsafe product.run(
          kernels, x: values + point * from.point(room), w: points + point * weightPoint,
          bias: nil, y: results + point * to.point(room))
      }
      for (position, tile) in tiles.enumerated() {
        var (place, offset) = to.target(
          tile, size: size, columnCount: tileCounts(to).columns, room: room)
        place.relu = relu ? 1 : 0
        place.accumulates = accumulates ? 1 : 0
        unsafe kernels.tile_outputs(
          &place, size, element(results, position * to.channelCount), bias,
          element(target, offset))
      }
    }
  }

  /// The gradients of the weights, as `Correlation` has them, stored.
  package func correlate(
    _ kernels: octet_float_kernels, scratch: UnsafeMutablePointer<Float>,
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    let room = room(narrow)
    let points = unsafe scratch
    let values = unsafe points + Self.pointCount * weightPoint
    let gradients = unsafe values + Self.pointCount * wide.point(room)
    let turned = unsafe gradients + Self.pointCount * narrow.point(room)
    // Lanes are summed, so the outputs lie side by side instead.
    var product = Contraction(outputCount: inputs, kCount: Self.lanes, wK: 1, wJ: Self.lanes)
    product.pixelCount = paddedOutputs / Self.lanes
    product.block.xA = Self.lanes * paddedOutputs
    product.block.xK = paddedOutputs
    product.block.xPixel = Self.lanes
    product.block.wA = inputs * Self.lanes
    product.block.yPixel = Self.lanes
    product.block.yJ = paddedOutputs
    forEachGroup(of: narrow) { tiles in
      product.block.aCount = tiles.count
      product.block.accumulates = tiles.lowerBound > 0 ? 1 : 0
      unsafe transform(kernels, tiles, wide, narrow, room, x, into: values)
      for (position, tile) in tiles.enumerated() {
        var (place, offset) = narrow.target(
          tile, size: size, columnCount: tileCounts(narrow).columns, room: room)
        unsafe kernels.tile_gradients(
          &place, size, element(dy, offset), element(gradients, position * outputs))
      }
      for point in 0..<Self.pointCount {
        let own = unsafe gradients + point * narrow.point(room)
        for position in 0..<tiles.count {
          for j in stride(from: 0, to: outputs, by: Self.lanes) {
            unsafe kernels.transpose(
              element(own, position * outputs + j), outputs - j,
              turned + position * Self.lanes * paddedOutputs + j, paddedOutputs)
          }
        }
        unsafe product.run(
          kernels, x: turned, w: values + point * wide.point(room), bias: nil,
          y: points + point * weightPoint)
      }
    }
    for k in 0..<inputs {
      unsafe kernels.tile_sums(
        taps, points + k * paddedOutputs, weightPoint, outputs, sums + k * outputs,
        inputs * outputs)
    }
  }

  private func transformWeights(
    _ kernels: octet_float_kernels, _ w: UnsafePointer<Float>, isFlipped: Bool,
    into points: UnsafeMutablePointer<Float>
  ) {
    for k in 0..<inputs {
      unsafe kernels.tile_weights(
        taps, w + k * outputs, inputs * outputs, outputs, isFlipped ? 1 : 0,
        points + k * paddedOutputs, weightPoint)
    }
  }

  /// What the results of some tiles depend on.
  private func transform(
    _ kernels: octet_float_kernels, _ tiles: Range<Int>, _ from: TileImage, _ to: TileImage,
    _ room: Int, _ source: UnsafePointer<Float>, into values: UnsafeMutablePointer<Float>
  ) {
    for (position, tile) in tiles.enumerated() {
      var (place, offset) = from.source(
        tile, size: size, extent: Self.extent, columnCount: tileCounts(to).columns, room: room)
      unsafe kernels.tile_inputs(
        &place, element(source, offset), element(values, position * from.channelCount))
    }
  }

  // MARK: Tiles

  private func tileCounts(_ image: TileImage) -> (rows: Int, columns: Int) {
    ((image.rowCount + size - 1) / size, (image.columnCount + size - 1) / size)
  }

  private func tileCount(_ image: TileImage) -> Int {
    tileCounts(image).rows * tileCounts(image).columns
  }

  /// The tiles of a group: as even as possible, at least four, a block of `contract`.
  private func room(_ image: TileImage) -> Int {
    let count = max(tileCount(image), 1)
    let most = max(4, Self.cachedVectors / (Self.pointCount * (inputs + outputs)))
    let groups = (count + most - 1) / most
    return (count + groups - 1) / groups
  }

  /// Vectors of values and results at all points of a group.
  private static let cachedVectors = 8192

  private func forEachGroup(of image: TileImage, _ body: (Range<Int>) -> Void) {
    let (count, room) = (tileCount(image), room(image))
    for first in stride(from: 0, to: count, by: room) { body(first..<min(first + room, count)) }
  }

  // MARK: Room and cost

  /// Elements of sixteen floats that a step needs as scratch.
  package var scratchCount: Int {
    let products = [wide, narrow].map { to in
      let room = room(to)
      return wide.point(room) + narrow.point(room)
    }
    let turned = room(narrow) * paddedOutputs
    return (Self.pointCount * (weightPoint + (products.max() ?? 0))) / Self.lanes + turned
  }

  /// Whether a direction goes faster this way, in vectors that are multiplied and added.
  ///
  /// - Parameter direction: nil for the gradients of weights.
  package func isFaster(_ direction: Direction?, _ geometry: ConvolutionGeometry) -> Bool {
    let pairs = [geometry.rows, geometry.columns].map { axis in
      (0..<taps).reduce(0) { $0 + axis.outputs(of: $1).count }
    }
    let direct = pairs[0] * pairs[1] * inputs * outputs
    let tiles = tileCount(direction == .spread ? wide : narrow)
    let transforms = Self.transformCost * (inputs + outputs)
    var each = Self.pointCount * inputs * outputs + transforms
    if direction == nil {
      each = Self.pointCount * weightPoint + transforms + Self.turnCost * outputs
    }
    return 5 * (tiles * each + Self.weightCost * weightPoint) < 4 * direct
  }

  /// What the values of a channel of a tile take, what turning them takes, and what a weight does.
  private static let transformCost = 200, turnCost = 100, weightCost = 20
}

/// An image that is cut into tiles, or seen by them.
private struct TileImage: Sendable {
  var rowCount, columnCount, channelCount: Int
  /// How far before the image the first tile begins that is seen.
  var rowPadding, columnPadding: Int

  /// Floats from one point of a group of tiles to the next: an odd number of vectors, so that the
  /// points of one element do not all fall on one set of a cache.
  func point(_ room: Int) -> Int { (room * channelCount | 1) * TrainingNetwork.blockSize }

  /// What a tile of the other image sees, and its first element.
  func source(
    _ tile: Int, size: Int, extent: Int, columnCount: Int, room: Int
  ) -> (octet_tile, offset: Int) {
    let (row, column) = tile.quotientAndRemainder(dividingBy: columnCount)
    return place(
      row: row * size - rowPadding, column: column * size - columnPadding, extent, room)
  }

  /// A tile of this image, and its first element.
  func target(_ tile: Int, size: Int, columnCount: Int, room: Int) -> (octet_tile, offset: Int) {
    let (row, column) = tile.quotientAndRemainder(dividingBy: columnCount)
    return place(row: row * size, column: column * size, size, room)
  }

  private func place(
    row: Int, column: Int, _ extent: Int, _ room: Int
  ) -> (octet_tile, offset: Int) {
    let lanes = TrainingNetwork.blockSize
    var tile = octet_tile()
    tile.channels = channelCount
    tile.pixel = channelCount * lanes
    tile.row = columnCount * tile.pixel
    tile.point = point(room)
    (tile.firstRow, tile.endRow) = (max(0, -row), min(extent, rowCount - row))
    (tile.firstColumn, tile.endColumn) = (max(0, -column), min(extent, columnCount - column))
    return (tile, (row * columnCount + column) * channelCount)
  }
}
