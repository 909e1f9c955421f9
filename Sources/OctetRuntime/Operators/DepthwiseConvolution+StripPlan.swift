// How DepthwiseConvolution+Strips.swift divides a layer.
// Planners ask for its memory on any machine.

/// How the kernel divides a layer, and its scratch memory.
struct DepthwiseStrips {
  let rows: Window
  let columns: Window
  /// Outputs of each channel.
  let multiplier: Int
  let channels: Int
  /// Pixels of a group, and bytes of a pixel in the buffer.
  let groupCount: Int
  let pixelByteCount: Int
  /// Columns of a strip.
  let count: Int
  /// Places in the buffer of the columns that are a stride apart.
  let phaseCount: Int

  /// Bytes that a strip is made to fit into.
  private static let usualByteCount = 4096

  /// Nil where another kernel is faster, and for shapes without room for vectors.
  ///
  /// - Parameter turnsColumns: whether an image of one column is taken as one of one row.
  init?(_ layer: DepthwiseConvolution, turnsColumns: Bool) {
    let (input, output) = (layer.input, layer.output)
    guard Self.isFaster(layer) else { return nil }
    multiplier = output.channels / input.channels
    channels = output.channels
    (rows, columns) =
      turnsColumns && layer.isColumn
      ? (layer.columns, layer.rows) : (layer.rows, layer.columns)
    groupCount = (15 &+ channels) / channels
    pixelByteCount = min(channels, 16)
    guard columns.output >= groupCount, columns.stride <= 8, rows.kernel <= 64,
      columns.kernel <= 64, columns.dilation <= 64
    else { return nil }
    let columnByteCount = rows.kernel &* columns.stride &* pixelByteCount
    let fixed = Self.byteCount(columns, rows, groupCount &* pixelByteCount, groupCount > 1)
    let room = (Self.usualByteCount &- fixed) / columnByteCount
    let reach = (columns.kernel &- 1) &* columns.dilation / columns.stride &+ 1
    count = max(groupCount, min(columns.output, room &- reach))
    phaseCount = count &+ reach
    guard byteCount <= 4 &* Self.usualByteCount else { return nil }
  }

  /// Whether the layer has few channels, or several outputs of each.
  static func isFaster(_ layer: DepthwiseConvolution) -> Bool {
    let (input, output) = (layer.input, layer.output)
    return input.elementCount >= 16 && (output.channels < 16 || output.channels > input.channels)
  }

  /// Whether the input is read before outputs are written that may take its place.
  func isOrdered(_ layer: DepthwiseConvolution) -> Bool {
    let isTurned = columns.output != layer.columns.output
    return !isTurned || count == columns.output && channels <= 16
  }

  /// Lanes of a group.
  var laneCount: Int { groupCount &* pixelByteCount }
  var tapCount: Int { rows.kernel &* columns.kernel }
  /// Bytes of the buffer's rows.
  var rowByteCount: Int { columns.stride &* phaseCount &* pixelByteCount }
  /// Bytes before the buffer.
  var tableByteCount: Int { Self.byteCount(columns, rows, laneCount, groupCount > 1) }
  var byteCount: Int { tableByteCount &+ rows.kernel &* rowByteCount &+ 16 }

  /// Bytes of the channels' indices, of the taps' places and, where they are copied, of weights and
  /// constants.
  private static func byteCount(
    _ columns: Window, _ rows: Window, _ laneCount: Int, _ hasCopies: Bool
  ) -> Int {
    let taps = rows.kernel &* columns.kernel
    return 16 &+ 4 &* taps &+ (hasCopies ? (taps &+ 9) &* laneCount : 0)
  }
}
