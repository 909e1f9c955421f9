// For kernels that are still in C.

#if arch(arm) || arch(arm64)
  internal import COctetKernels

  extension octet_channels {
    init(_ channels: Channels) {
      unsafe self.init(
        weights: channels.weights, bias: channels.bias, multipliers: channels.multipliers,
        shifts: channels.shifts, channels: Int32(truncatingIfNeeded: channels.count),
        depth: Int32(truncatingIfNeeded: channels.depth), zero_point: channels.zeroPoint,
        lower: channels.lower, upper: channels.upper)
    }
  }

  extension octet_patches {
    init(_ patches: Patches, narrowRowCount: Int = 0) {
      unsafe self.init(
        origin: patches.origin, row_step: Int32(truncatingIfNeeded: patches.rowStep),
        column_step: Int32(truncatingIfNeeded: patches.columnStep),
        kernel_row_step: Int32(truncatingIfNeeded: patches.kernelRowStep),
        run_byte_count: Int32(truncatingIfNeeded: patches.runByteCount),
        run_step: Int32(truncatingIfNeeded: patches.runStep),
        runs_per_row: Int32(truncatingIfNeeded: patches.runsPerRow),
        can_overread: patches.canOverread ? 1 : 0,
        row_byte_count: Int32(truncatingIfNeeded: patches.rowByteCount),
        narrow_row_count: Int32(truncatingIfNeeded: narrowRowCount))
    }
  }

  extension octet_tile {
    init(_ tile: Tile) {
      unsafe self.init(
        row: Int32(truncatingIfNeeded: tile.row), column: Int32(truncatingIfNeeded: tile.column),
        left: Int32(truncatingIfNeeded: tile.left), width: Int32(truncatingIfNeeded: tile.width),
        count: Int32(truncatingIfNeeded: tile.count), is_pool: tile.isPool ? 1 : 0,
        is_first: tile.isFirst ? 1 : 0, is_last: tile.isLast ? 1 : 0, target: tile.target,
        maxima: tile.maxima, stride: Int32(truncatingIfNeeded: tile.stride),
        repeat_count: Int32(truncatingIfNeeded: tile.repeatCount),
        column_advance: Int32(truncatingIfNeeded: tile.columnAdvance),
        target_advance: Int32(truncatingIfNeeded: tile.targetAdvance))
    }
  }

  extension Tile {
    /// Goes past the tiles that C computed.
    mutating func advanceToEnd() {
      for _ in 0..<repeatCount { advance() }
    }
  }
#endif
