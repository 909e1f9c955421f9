/// What operators of two inputs share: shapes that broadcast as in NumPy, and the walk over them.
struct Broadcast {
  let a: TensorRecord
  let b: TensorRecord
  let output: TensorRecord
  let view: OperatorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    a = view.operand(0)
    b = view.operand(1)
    output = view.result(0)
  }

  /// Each dimension of the output is that of both inputs, or of the one that is not 1.
  func validate() throws(ModelError) {
    for axis in 0..<4 {
      let (x, y) = (a.dimension(axis), b.dimension(axis))
      try view.require((x == y || x == 1 || y == 1) && output.dimension(axis) == max(x, y))
    }
  }

  /// 0 (in place) for an input of the output's shape; nil for one that is repeated and must stay.
  func overlapDistance(input index: Int) -> Int? {
    view.operand(index).hasSameShape(as: output) ? 0 : nil
  }

  /// Writes `body` of each pair of elements, in the output's order.
  @inline(__always)
  func run<Element: TensorElement>(
    _ context: OperatorContext, _ body: (Int32, Int32) -> Element
  ) {
    let x = unsafe context.input(0, as: Element.self)
    let y = unsafe context.input(1, as: Element.self)
    let target = unsafe context.output(0, as: Element.self)
    if a.hasSameShape(as: b) {
      for index in 0..<output.elementCount {
        unsafe target[index] = body(Int32(x[index]), Int32(y[index]))
      }
      return
    }
    let xs = Self.strides(of: a)
    let ys = Self.strides(of: b)
    var next = 0
    for n in 0..<output.batch {
      for h in 0..<output.height {
        for w in 0..<output.width {
          let xRow = unsafe x + (n &* xs.n &+ h &* xs.h &+ w &* xs.w)
          let yRow = unsafe y + (n &* ys.n &+ h &* ys.h &+ w &* ys.w)
          for c in 0..<output.channels {
            unsafe target[next &+ c] = body(Int32(xRow[c &* xs.c]), Int32(yRow[c &* ys.c]))
          }
          next &+= output.channels
        }
      }
    }
  }

  /// Row-major strides, 0 along axes that are repeated.
  static func strides(of tensor: TensorRecord) -> PerAxis {
    var strides = tensor.strides
    for axis in 0..<4 where tensor.dimension(axis) == 1 { strides[axis] = 0 }
    return strides
  }
}
