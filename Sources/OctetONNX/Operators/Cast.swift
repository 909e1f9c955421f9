import OctetModel

extension ONNXOperator {
  static let cast = ONNXOperator(
    "Cast", "CastLike", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.cast(node) })
}

extension ONNXImporter {
  /// Cast, and CastLike, which takes the element type of its second input.
  mutating func cast(_ view: ONNXNodeView) throws(ImportFailure) {
    let isLike = view.operatorName == "CastLike"
    let target = isLike ? try view.input(1).elementType : try view.castTarget()
    var x = try view.input(0)
    let isWide = { (type: ONNXElementType) in type == .float || type == .double }
    if target == x.elementType || isWide(target) && isWide(x.elementType) {
      // Doubles are computed as floats.
      x.elementType = target
      return hold(x, as: view.node.outputs[0])
    }
    try requireOwnElements(x)
    var attributes = CastAttributes(target.elementType)
    attributes.saturates = try view.integer("saturate", 1) != 0
    attributes.powerRounding = try view.powerRounding()
    try unary(view, .cast(attributes))
  }
}
