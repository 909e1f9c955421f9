/// A copy between two arrays of up to four dimensions: what slices, transpositions,
/// concatenations and pads have in common.
struct StridedCopy {
  /// Elements along each axis.
  var extents = PerAxis(1, 1, 1, 1)
  /// Elements between neighbours along each axis.
  var sourceStrides = PerAxis(0, 0, 0, 0)
  var targetStrides = PerAxis(0, 0, 0, 0)

  /// Copies in the order of the axes, last axis fastest.
  @inline(never)
  func run<Element: TensorElement>(
    _ source: UnsafePointer<Element>, _ target: UnsafeMutablePointer<Element>
  ) {
    if sourceStrides.c == 1, targetStrides.c == 1, extents.w > 1, sourceStrides.w == extents.c,
      targetStrides.w == extents.c
    {
      // Pixels that follow one another are one.
      var joined = self
      joined.extents.c = extents.w &* extents.c
      joined.extents.w = 1
      return unsafe joined.run(source, target)
    }
    let sourceStep = sourceStrides.c
    let targetStep = targetStrides.c
    for n in 0..<extents.n {
      for h in 0..<extents.h {
        for w in 0..<extents.w {
          let from = n &* sourceStrides.n &+ h &* sourceStrides.h &+ w &* sourceStrides.w
          let to = n &* targetStrides.n &+ h &* targetStrides.h &+ w &* targetStrides.w
          let sourceRow = unsafe source + from
          let targetRow = unsafe target + to
          if sourceStep == 1, targetStep == 1 {
            for c in 0..<extents.c { unsafe targetRow[c] = sourceRow[c] }
          } else {
            for c in 0..<extents.c {
              unsafe targetRow[c &* targetStep] = sourceRow[c &* sourceStep]
            }
          }
        }
      }
    }
  }
}

/// Copies `count` elements, first to last: the target may overlap what comes before the source's
/// end, never the other way round.
@inline(never)
func copyForward(
  _ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, count: Int
) {
  var index = 0
  let words = UInt(bitPattern: source) | UInt(bitPattern: target)
  if words & 3 == 0 {
    let from = unsafe UnsafeRawPointer(source)
    let to = UnsafeMutableRawPointer(target)
    // Words by fours, so that loads come in runs.
    while index &+ 16 <= count {
      let first = unsafe from.load(fromByteOffset: index, as: UInt32.self)
      let second = unsafe from.load(fromByteOffset: index &+ 4, as: UInt32.self)
      let third = unsafe from.load(fromByteOffset: index &+ 8, as: UInt32.self)
      let fourth = unsafe from.load(fromByteOffset: index &+ 12, as: UInt32.self)
      unsafe to.storeBytes(of: first, toByteOffset: index, as: UInt32.self)
      unsafe to.storeBytes(of: second, toByteOffset: index &+ 4, as: UInt32.self)
      unsafe to.storeBytes(of: third, toByteOffset: index &+ 8, as: UInt32.self)
      unsafe to.storeBytes(of: fourth, toByteOffset: index &+ 12, as: UInt32.self)
      index &+= 16
    }
  }
  while index < count {
    unsafe target[index] = source[index]
    index &+= 1
  }
}

extension TensorRecord {
  /// Elements between neighbours along each axis, in row-major order.
  var strides: PerAxis {
    PerAxis(height &* width &* channels, width &* channels, channels, 1)
  }
}

/// A number for each of N, H, W, C. Unlike an inline array it stays in registers.
struct PerAxis {
  var n, h, w, c: Int

  init(_ n: Int, _ h: Int, _ w: Int, _ c: Int) {
    self.n = n
    self.h = h
    self.w = w
    self.c = c
  }

  /// The number of axis 0…3.
  subscript(axis: Int) -> Int {
    get {
      switch axis {
      case 0: n
      case 1: h
      case 2: w
      default: c
      }
    }
    set {
      switch axis {
      case 0: n = newValue
      case 1: h = newValue
      case 2: w = newValue
      default: c = newValue
      }
    }
  }
}
