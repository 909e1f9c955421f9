// How the kernels of ARM cores walk over a convolution: four pixels at a time.
//
//     for each image, for each group, for each output row:
//       with a pool: for each output pixel: its window's pixels by fours
//       without:     the row's pixels by fours

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  /// Four pixels of a convolution, before the pool.
  @safe struct Tile {
    // Safety: kernels write through the destination only what its description says.
    var rows: [4 of Int] = [0, 0, 0, 0]
    var columns: [4 of Int] = [0, 0, 0, 0]
    var destination = unsafe octet_destination()
  }

  /// Computes all channels of a group, a tile at a time.
  protocol TileKernel {
    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int)
    /// Where running maxima of a pool window of several tiles are kept.
    var maxima: UnsafeMutablePointer<Int32> { get }
    mutating func compute(_ tile: inout Tile)
  }

  extension Convolution {
    @inline(__always)
    func runTiles<Kernel: TileKernel>(_ kernel: Kernel.Type, _ context: OperatorContext) {
      for batch in 0..<input.batch {
        for group in 0..<word(Word.groups) {
          var kernel = Kernel(self, context, batch: batch, group: group)
          var tile = Tile()
          unsafe tile.destination.maxima = kernel.maxima
          unsafe tile.destination.stride = Int32(output.channels)
          let pixel = batch &* output.height &* output.width
          let first = pixel &* output.channels &+ group &* groupChannelCount
          unsafe tile.destination.target = context.output(0) + first
          if windowCount > 1 {
            runPooled(&kernel, &tile)
          } else {
            runRows(&kernel, &tile)
          }
        }
      }
    }

    @inline(__always)
    private func runRows<Kernel: TileKernel>(_ kernel: inout Kernel, _ tile: inout Tile) {
      for row in 0..<output.height {
        var column = 0
        while column < output.width {
          let count = min(output.width &- column, 4)
          for lane in 0..<4 {
            tile.rows[lane] = row
            tile.columns[lane] = column &+ min(lane, count &- 1)
          }
          unsafe tile.destination.pixel_count = Int32(count)
          kernel.compute(&tile)
          unsafe tile.destination.target += count &* output.channels
          column &+= 4
        }
      }
    }

    /// What is missing to four pixels of a window is its last pixel again.
    @inline(__always)
    private func runPooled<Kernel: TileKernel>(_ kernel: inout Kernel, _ tile: inout Tile) {
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
            unsafe tile.destination.is_first = index == 0 ? 1 : 0
            for lane in 0..<4 {
              tile.rows[lane] = y
              tile.columns[lane] = x
              index &+= 1
              if index < windowCount {
                x &+= 1
                if x == left &+ poolWidth {
                  x = left
                  y &+= 1
                }
              }
            }
            unsafe tile.destination.is_last = index >= windowCount ? 1 : 0
            kernel.compute(&tile)
          }
          unsafe tile.destination.target += output.channels
          left &+= step
        }
      }
    }
  }
#endif
