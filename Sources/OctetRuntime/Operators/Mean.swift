/// The mean over some of the axes.
///
/// As TensorFlow Lite: the sum of `x − zero point`, requantized by
/// `input scale / (output scale · count)`.
package struct Mean: Operator {
  package static let parameterCount = 3
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// Bit k is set when axis k of N, H, W, C is averaged over.
    case axes
    /// A multiplier from `multiplier(_:dividedBy:)`.
    case multiplier
    case shift
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  private func isReduced(_ axis: Int) -> Bool { view.parameter(Word.axes) & (1 << axis) != 0 }

  func validate() throws(ModelError) {
    try view.require(parameter: Word.axes, in: 0...15)
    // Division by the count leaves less than 2³⁰.
    try view.require(parameter: Word.multiplier, in: 0...Int32.max)
    try view.require(parameter: Word.shift, in: -31...30)
    var kept = 1
    for axis in 0..<4 where !isReduced(axis) { kept &*= input.dimension(axis) }
    // |sum| ≤ 255 · count, or of int16 2¹⁵ · count, so int32 holds it.
    try view.require(
      kept == output.elementCount
        && input.elementCount / kept < (input.isInt16 ? 1 << 16 : 1 << 23))
  }

  func run(_ context: OperatorContext) {
    if output.isInt16 { return runOnInt16(context) }
    let source = unsafe context.input(0)
    let target = unsafe context.output(0)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let strides = input.strides
    let (kept, reduced) = extents
    let count = Int32(truncatingIfNeeded: input.elementCount / output.elementCount)
    let offset = input.zeroPoint &* count
    func store(_ sum: Int32, at index: Int) {
      unsafe target[index] = clamp(
        requantize(sum &- offset, by) &+ output.zeroPoint, -128, 127)
    }
    var next = 0
    for n in 0..<kept.n {
      for h in 0..<kept.h {
        for w in 0..<kept.w {
          let start = n &* strides.n &+ h &* strides.h &+ w &* strides.w
          var c = 0
          #if arch(x86_64) || arch(arm64)
            // Not where channels themselves are averaged: then one is kept.
            while c &+ 8 <= kept.c {
              let sums = unsafe Self.sumsOfEight(
                source + start + c, extents: reduced, strides: strides)
              for lane in 0..<8 { store(sums[lane], at: next &+ c &+ lane) }
              c &+= 8
            }
          #endif
          while c < kept.c {
            let sum = unsafe Self.sum(source + start + c, extents: reduced, strides: strides)
            store(sum, at: next &+ c)
            c &+= 1
          }
          next &+= kept.c
        }
      }
    }
  }

  /// The extents of the axes that stay and of those that are averaged over.
  private var extents: (kept: PerAxis, reduced: PerAxis) {
    var kept = PerAxis(1, 1, 1, 1)
    var reduced = PerAxis(1, 1, 1, 1)
    for axis in 0..<4 {
      if isReduced(axis) {
        reduced[axis] = input.dimension(axis)
      } else {
        kept[axis] = input.dimension(axis)
      }
    }
    return (kept, reduced)
  }

  private func runOnInt16(_ context: OperatorContext) {
    let source = unsafe context.input(0, as: Int16.self)
    let target = unsafe context.output(0, as: Int16.self)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let strides = input.strides
    let (kept, reduced) = extents
    var next = 0
    for n in 0..<kept.n {
      for h in 0..<kept.h {
        for w in 0..<kept.w {
          let start = n &* strides.n &+ h &* strides.h &+ w &* strides.w
          for c in 0..<kept.c {
            let sum = unsafe Self.sum(source + start + c, extents: reduced, strides: strides)
            unsafe target[next] = clamp16(requantize(sum, by), -32_768, 32_767)
            next &+= 1
          }
        }
      }
    }
  }

  #if arch(x86_64) || arch(arm64)
    /// The sums of eight channels side by side.
    private static func sumsOfEight(
      _ source: UnsafePointer<Int8>, extents: PerAxis, strides: PerAxis
    ) -> SIMD8<Int32> {
      var sums = SIMD8<Int32>()
      for n in 0..<extents.n {
        for h in 0..<extents.h {
          let row = unsafe source + (n &* strides.n &+ h &* strides.h)
          var w = 0
          while w < extents.w {
            // Int16 holds the sum of 2⁸ values.
            let end = min(w &+ 256, extents.w)
            var partial = SIMD8<Int16>(repeating: 0)
            while w < end {
              unsafe partial &+= loadWidened(row + w &* strides.w)
              w &+= 1
            }
            sums &+= widened(partial)
          }
        }
      }
      return sums
    }
  #endif

  private static func sum<Element: TensorElement>(
    _ source: UnsafePointer<Element>, extents: PerAxis, strides: PerAxis
  ) -> Int32 {
    var sum: Int32 = 0
    for n in 0..<extents.n {
      for h in 0..<extents.h {
        for w in 0..<extents.w {
          let row = unsafe source + (n &* strides.n &+ h &* strides.h &+ w &* strides.w)
          for c in 0..<extents.c { unsafe sum &+= Int32(row[c]) }
        }
      }
    }
    return sum
  }
}

#if !hasFeature(Embedded)
  extension Mean {
    /// `by` divided by `count`, as TensorFlow Lite divides: the fraction truncated, without
    /// normalizing it again. `by` is `input scale / output scale`; `count` ≥ 1.
    package static func multiplier(
      _ by: FixedPointMultiplier, dividedBy count: Int
    ) -> FixedPointMultiplier {
      let log2 = Int.bitWidth - 1 - count.leadingZeroBitCount
      let shift = min(log2, 32, 31 + Int(by.shift))
      return FixedPointMultiplier(
        multiplier: Int32((Int64(by.multiplier) << shift) / Int64(count)),
        shift: by.shift - Int32(shift))
    }
  }
#endif
