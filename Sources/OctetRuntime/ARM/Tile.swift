#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  /// Up to four pixels of a convolution, in rows of `width` from column `left` on, and where their
  /// sums go. Rows count from the output row's first.
  @safe struct Tile {
    /// Row and column of the tile's first pixel.
    var row = 0
    var column = 0
    var left = 0
    var width = 0
    var count = 0
    /// All pixels go to one; otherwise each to its own.
    let isPool: Bool
    /// Whether the tile is its pool window's first, and whether its last; both when it is alone.
    var isFirst = true
    var isLast = true
    // Safety: the operator was validated and the plan has room for its scratch.
    /// `[count or 1, stride]`, from the first channel of the first pixel on.
    var target: UnsafeMutablePointer<Int8>
    /// `[channels]`, of the tiles before in a pool window of several.
    let maxima: UnsafeMutablePointer<Int32>
    /// Channels from one output pixel to the next.
    let stride: Int
    /// This tile and those beside it that are alike.
    var repeatCount = 0
    var columnAdvance = 0
    var targetAdvance = 0

    init(
      isPool: Bool, target: UnsafeMutablePointer<Int8>, maxima: UnsafeMutablePointer<Int32>,
      stride: Int
    ) {
      self.isPool = isPool
      unsafe self.target = target
      unsafe self.maxima = maxima
      self.stride = stride
    }

    /// `isPool`, which firmware knows where its model has only the one.
    var hasWindows: Bool {
      @inline(__always) get {
        #if OCTET_SELECT && !OCTET_UNPOOLED
          true
        #elseif OCTET_SELECT && !OCTET_POOLED
          false
        #else
          isPool
        #endif
      }
    }

    /// `isFirst` and `isLast`, which firmware knows where no window is of several tiles.
    var isWindowsFirst: Bool {
      @inline(__always) get {
        #if OCTET_SELECT && !OCTET_LONGPOOLED
          true
        #else
          isFirst
        #endif
      }
    }
    var isWindowsLast: Bool {
      @inline(__always) get {
        #if OCTET_SELECT && !OCTET_LONGPOOLED
          true
        #else
          isLast
        #endif
      }
    }

    /// Goes on to the tile beside this one.
    @inline(__always)
    mutating func advance() {
      column &+= columnAdvance
      left &+= columnAdvance
      unsafe target += targetAdvance
    }

    /// Goes on from pixel `lane`, at (`row`, `column`), to the one after it. The last stays: a tile
    /// of fewer than four has its last again.
    @inline(__always)
    func advance(_ row: inout Int, _ column: inout Int, after lane: Int) {
      guard lane &+ 1 < count else { return }
      column &+= 1
      if column == left &+ width {
        column = left
        row &+= 1
      }
    }
  }
#endif
