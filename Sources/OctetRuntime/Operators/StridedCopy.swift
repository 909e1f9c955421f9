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
    let byteCount = extents.c &* MemoryLayout<Element>.size
    // Shorter ones are not worth a call.
    let isRun = sourceStrides.c == 1 && targetStrides.c == 1 && byteCount >= 8
    let sourceStep = sourceStrides.c
    let targetStep = targetStrides.c
    for n in 0..<extents.n {
      for h in 0..<extents.h {
        for w in 0..<extents.w {
          let from = n &* sourceStrides.n &+ h &* sourceStrides.h &+ w &* sourceStrides.w
          let to = n &* targetStrides.n &+ h &* targetStrides.h &+ w &* targetStrides.w
          let sourceRow = unsafe source + from
          let targetRow = unsafe target + to
          if isRun {
            unsafe copyForward(sourceRow, targetRow, count: byteCount)
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

/// Copies `count` bytes, first to last: the target may overlap what comes before the source's
/// end, never the other way round.
@inline(never)
func copyForward(
  _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int
) {
  var index = 0
  #if arch(x86_64) || arch(arm64)
    while index &+ 16 <= count {
      let vector = unsafe source.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      unsafe target.storeBytes(of: vector, toByteOffset: index, as: SIMD16<UInt8>.self)
      index &+= 16
    }
  #else
    if loadsUnalignedWords {
      unsafe copyWords(source, target, count, &index) { from in
        unsafe from.loadUnaligned(as: UInt32.self)
      }
    } else if (UInt(bitPattern: source) | UInt(bitPattern: target)) & 3 == 0 {
      unsafe copyWords(source, target, count, &index) { from in
        unsafe from.load(as: UInt32.self)
      }
    }
  #endif
  while index < count {
    let byte = unsafe source.load(fromByteOffset: index, as: UInt8.self)
    unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    index &+= 1
  }
}

#if !(arch(x86_64) || arch(arm64))
  /// Whether the core loads words from any address.
  private var loadsUnalignedWords: Bool {
    #if arch(arm)
      WidenedTaps.loadsWords
    #else
      false
    #endif
  }

  /// Copies words by fours, so that loads come in runs.
  @inline(__always)
  private func copyWords(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int,
    _ index: inout Int, _ load: (UnsafeRawPointer) -> UInt32
  ) {
    while index &+ 16 <= count {
      let from = unsafe source + index
      let first = unsafe load(from)
      let second = unsafe load(from + 4)
      let third = unsafe load(from + 8)
      let fourth = unsafe load(from + 12)
      unsafe target.storeBytes(of: first, toByteOffset: index, as: UInt32.self)
      unsafe target.storeBytes(of: second, toByteOffset: index &+ 4, as: UInt32.self)
      unsafe target.storeBytes(of: third, toByteOffset: index &+ 8, as: UInt32.self)
      unsafe target.storeBytes(of: fourth, toByteOffset: index &+ 12, as: UInt32.self)
      index &+= 16
    }
  }
#endif

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
