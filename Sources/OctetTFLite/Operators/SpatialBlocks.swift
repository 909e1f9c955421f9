import OctetModel

/// DEPTH_TO_SPACE and SPACE_TO_DEPTH: blocks of pixels and channels change places; rows of blocks
/// are one transposition apart.
enum SpatialBlocks: TFLiteDefinition {
  private static let toSpace = TFLiteBuiltin(5, options: 94)
  private static let toDepth = TFLiteBuiltin(26, options: 19)
  static let builtins = [toSpace, toDepth]
  private static let size = FlatSlot<Int32>(0)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let isToSpace = call.kind == toSpace
    let block = try call[size]
    let x = try call.imageShape(0)
    guard (1...1 << 10).contains(block),
      isToSpace ? x[3] % (block * block) == 0 : x[1] % block == 0 && x[2] % block == 0
    else { throw call.broken("blocks of \(block) do not fit \(x)") }
    let (height, width) = isToSpace ? (x[1], x[2]) : (x[1] / block, x[2] / block)
    let depth = isToSpace ? x[3] / block : x[3] * block
    let given = try call.operand(0)
    let apart = [x[0] * height] + (isToSpace ? [width, block] : [block, width]) + [depth]
    let rows = try call.step(.reshape(apart), [given], "/rows")
    let moved = try call.step(.transpose([0, 2, 1, 3]), [rows], "/moved")
    try call.append(
      .reshape(
        isToSpace
          ? [x[0], height * block, width * block, depth / block]
          : [x[0], height, width, depth * block]), inputs: [moved])
  }
}
