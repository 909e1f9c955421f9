// How the kernels of ARM cores walk over a convolution: four pixels at a time.
//
//     for each image, for each group, for each output row:
//       with a pool: for each output pixel: its window's pixels by fours
//       without:     the row's pixels by fours

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  /// Computes all channels of a group, a tile at a time.
  protocol TileKernel {
    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int)
    /// Where running maxima of a pool window of several tiles are kept.
    var maxima: UnsafeMutablePointer<Int32> { get }
    mutating func compute(_ tile: inout octet_tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      for batch in 0..<input.batch {
        for group in 0..<word(Word.groups) {
          var kernel = Kernel(self, context, batch: batch, group: group)
          var tile = unsafe octet_tile()
          unsafe tile.maxima = kernel.maxima
          unsafe tile.stride = Int32(output.channels)
          let pixel = batch &* output.height &* output.width
          let first = pixel &* output.channels &+ group &* groupChannelCount
          unsafe tile.target = context.output(0) + first
          if windowCount > 1 {
            unsafe runPooled(&kernel, &tile)
          } else {
            unsafe runRows(&kernel, &tile)
          }
        }
      }
    }

    @inline(__always)
    private func runRows<Kernel: TileKernel>(_ kernel: inout Kernel, _ tile: inout octet_tile) {
      for row in 0..<output.height {
        var column = 0
        while column < output.width {
          let count = min(output.width &- column, 4)
          for lane in 0..<4 {
            unsafe tile.set(lane, row: row, column: column &+ min(lane, count &- 1))
          }
          unsafe tile.pixel_count = Int32(count)
          unsafe kernel.compute(&tile)
          unsafe tile.target += count &* output.channels
          column &+= 4
        }
      }
    }

    /// What is missing to four pixels of a window is its last pixel again.
    @inline(__always)
    private func runPooled<Kernel: TileKernel>(_ kernel: inout Kernel, _ tile: inout octet_tile) {
      let windowCount = windowCount
      let poolWidth = word(Word.poolWidth)
      let step = word(Word.poolStrideWidth)
      for row in 0..<output.height {
        var left = 0
        for _ in 0..<output.width {
          var y = row &* word(Word.poolStrideHeight)
          var x = left
          var index = 0
          while index < windowCount {
            unsafe tile.is_first = index == 0 ? 1 : 0
            for lane in 0..<4 {
              unsafe tile.set(lane, row: y, column: x)
              index &+= 1
              if index < windowCount {
                x &+= 1
                if x == left &+ poolWidth {
                  x = left
                  y &+= 1
                }
              }
            }
            unsafe tile.is_last = index >= windowCount ? 1 : 0
            unsafe kernel.compute(&tile)
          }
          unsafe tile.target += output.channels
          left &+= step
        }
      }
    }
  }

  extension octet_tile {
    @inline(__always)
    fileprivate mutating func set(_ lane: Int, row: Int, column: Int) {
      // C's arrays are tuples in Swift.
      switch lane {
      case 0: unsafe (rows.0, columns.0) = (Int32(row), Int32(column))
      case 1: unsafe (rows.1, columns.1) = (Int32(row), Int32(column))
      case 2: unsafe (rows.2, columns.2) = (Int32(row), Int32(column))
      default: unsafe (rows.3, columns.3) = (Int32(row), Int32(column))
      }
    }
  }
#endif
