// Depthwise convolution on ARM cores where there is room for a band of the input: with SMLAD, on
// Cortex-M4, M7 and ARMv6, as follows; DepthwiseConvolution+Words.swift has what differs without.
//
//     for each four input channels, for each two output rows, for each strip of their columns:
//       band = the input under their windows, two rows to a word, zero points around it
//       for each channel, for each column:
//         two sums = bias + Σ over pairs of taps w[pair] · x[pair]; requantize and store
//
// 1. Four channels are a word. SXTB16 widens bytes 0 and 2 of it, and by rotation 1 and 3; halves
//    of a row and of the row below are put together, so that a word of the band is one channel's.
//    SMLAD multiplies it with two taps of a kernel column. Weights are put together once.
// 2. Two output rows share the band: what is the second tap of a window is the first of the next.
//    Where a word has a tap too many its weight is zero.
// 3. In the band neighbours are neighbouring words, so that no window needs a check. Of windows of
//    3 × 3 with a stride of 1 half of it stays for the next two rows.
// 4. With a dilation d, windows d apart have taps in common, and are taken as if those between did
//    not exist.
// 5. The output may take the place of the input's rows that are done with. Where it does not, or
//    where a channel's results overwrite that channel alone, each channel is finished before the
//    next; otherwise each row.

#if arch(arm)
  internal import COctetKernels

  @safe struct RowsDepthwise {
    // Safety: the operator was validated and its scratch has room for the band, so every pointer
    // has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    let channels: Channels
    let rows: Window
    let columns: Window
    let band: DepthwiseBand
    let inputCount: Int
    /// Results of an input channel.
    let multiplier: Int
    /// Four zero points, and after it `[4, recordCount]`: see `octet_add_windows`.
    let padding: UnsafeMutablePointer<UInt32>
    let records: UnsafeMutablePointer<Int32>
    /// `[columns of a strip, pairCount, 4]`.
    let values: UnsafeMutablePointer<Int32>
    /// Two halves of the zero point.
    let zeros: Int32
    /// Whether a row is one strip.
    private let isWhole: Bool
    /// Rows that are written before what is read for the next: two with SMLAD, four without.
    private var groupCount = Self.mostGroupCount
    /// Rows that are finished before the next four channels.
    private var chunk: Int

    private static var mostGroupCount: Int { WidenedTaps.areHalves ? 2 : 4 }
    /// Input channels that are taken at a time.
    private static var laneCount: Int { WidenedTaps.areHalves ? 4 : 1 }

    /// Nil where another kernel has to run.
    init?(_ layer: DepthwiseConvolution, _ context: OperatorContext, isTurned: Bool) {
      // Known when compiled where columns are never turned: that costs no stack.
      let isTurned = isTurned && WidenedTaps.areHalves
      channels = Channels(layer)
      guard
        let band = DepthwiseBand(
          layer, byteCount: layer.kernelScratchByteCount, areHalves: WidenedTaps.areHalves,
          isTurned: isTurned),
        !WidenedTaps.areHalves || channels.areHalves
      else { return nil }
      self.band = band
      (rows, columns) = layer.windows(isTurned: isTurned)
      inputCount = layer.input.channels
      multiplier = channels.count / inputCount
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      unsafe padding = context.scratch.assumingMemoryBound(to: UInt32.self)
      unsafe records = context.scratch.assumingMemoryBound(to: Int32.self) + 1
      unsafe values = records + Self.laneCount &* band.recordCount
      let zeroPoint = layer.input.zeroPoint
      zeros = zeroPoint & 0xFFFF | zeroPoint &<< 16
      unsafe padding[0] = UInt32(truncatingIfNeeded: zeroPoint & 0xFF) &* 0x0101_0101
      isWhole = band.columnPhaseCount == 1 && columns.output <= band.stretch
      chunk = rows.output
      let distance = unsafe UnsafeRawPointer(source) - UnsafeRawPointer(target)
      if isTurned, !mayTurn(distance, layer) { return nil }
      limitOrder(distance: distance, layer)
      // Single rows are a part of what is computed for them: others take less.
      if groupCount == 1, rows.output > 1, !WidenedTaps.areHalves || layer.takesBand { return nil }
      if !WidenedTaps.areHalves, OCTET_MULTIPLIES_LONG != 0, rows.output < 8 { return nil }
    }

    /// Whether strips are long, and all of a channel is read before any of it, or of another
    /// channel, is overwritten.
    private func mayTurn(_ distance: Int, _ layer: DepthwiseConvolution) -> Bool {
      guard isWhole || band.stretch >= 16 else { return false }
      if distance < 0 || distance >= layer.output.elementCount { return true }
      return isWhole && multiplier == 1 && distance % inputCount == 0
    }

    /// Sets what may be written before what, for an input that starts `distance` after the output.
    private mutating func limitOrder(distance: Int, _ layer: DepthwiseConvolution) {
      if distance < 0 || distance >= layer.output.elementCount { return }
      let rowByteCount = columns.output &* channels.count
      let least = rows.overlapDistance(
        inputRow: columns.input &* inputCount, outputRow: rowByteCount)
      let most = groupCount
      let isAhead = distance &- least >= (most &- 1) &* rowByteCount
      if band.rowPhaseCount > 1 || !isAhead { groupCount = 1 }
      if multiplier == 1, distance % inputCount == 0 {
        if band.rowPhaseCount == 1, isWhole { groupCount = most }
      } else {
        chunk = groupCount
      }
    }

    func run(batch: Int) {
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        var row = 0
        while row < rows.output {
          let end = min(row &+ chunk, rows.output)
          var first = 0
          while first < inputCount {
            for index in 0..<multiplier {
              unsafe compute(image, first, index, row, end, result)
            }
            first &+= Self.laneCount
          }
          row = end
        }
        unsafe image += rows.input &* columns.input &* inputCount
        unsafe result += rows.output &* columns.output &* channels.count
      }
    }

    /// One result each of four input channels from `first` on, or of fewer that remain, of rows
    /// `start` to `end`.
    @inline(never)
    private func compute(
      _ image: UnsafePointer<Int8>, _ first: Int, _ index: Int, _ start: Int, _ end: Int,
      _ result: UnsafeMutablePointer<Int8>
    ) {
      // The last four overlap those before, which are not computed twice: they may be overwritten.
      let word = max(0, min(first, inputCount &- Self.laneCount))
      var lanes = Lanes(first: first &- word, end: min(Self.laneCount, inputCount &- word))
      for lane in lanes.first..<lanes.end {
        let channel = (word &+ lane) &* multiplier &+ index
        if WidenedTaps.areHalves { prepare(lane, channel) } else { prepareBytes(channel) }
      }
      let step = groupCount > 1 ? band.rowPhaseCount : 1
      let rowByteCount = columns.output &* channels.count
      let origin = unsafe result + (word &* multiplier &+ index)
      lanes.channel = word &* multiplier &+ index
      var strip = DepthwiseStrip(columns, band, column: 0, channels: inputCount)
      var phase = 0
      while phase < min(step, end &- start) {
        var row = start &+ phase
        lanes.keepsHalf = false
        while row < end {
          lanes.rowCount = 1
          while lanes.rowCount < groupCount, row &+ lanes.rowCount &* step < end {
            lanes.rowCount &+= 1
          }
          // The second row's results give way to the first's where there is none.
          lanes.rowStep = lanes.rowCount > 1 ? step &* rowByteCount : 0
          let to = unsafe origin + row &* rowByteCount
          if isWhole {
            unsafe self.strip(image + word, row, &strip, &lanes, to)
            lanes.keepsHalf = band.isShort && band.stride == 1 && lanes.rowCount > 1
          } else {
            unsafe strips(image + word, row, &lanes, to)
          }
          row &+= lanes.rowCount &* step
        }
        phase &+= 1
      }
    }

    /// Puts together the weights of one channel, and what its results need.
    @inline(never)
    private func prepare(_ lane: Int, _ channel: Int) {
      let record = unsafe records + lane &* band.recordCount
      let end = unsafe record + band.recordCount
      var to = unsafe record + band.headCount
      while unsafe to < end {
        unsafe to[0] = 0
        unsafe to += 1
      }
      let resultStep = Int32(truncatingIfNeeded: band.columnPhaseCount &* channels.count)
      unsafe record[0] = channels.bias[channel]
      unsafe record[1] = channels.multipliers[channel] &<< 1
      unsafe record[2] =
        (2 &* channels.zeroPoint &+ 1) &<< 8 | ~Int32(channels.shifts[channel])
      unsafe record[4] = resultStep
      if !band.isShort {
        unsafe record[9] = Int32(truncatingIfNeeded: band.tripleCount)
        unsafe record[10] = Int32(truncatingIfNeeded: 32 &* band.pairCount &* band.columnStride)
        unsafe record[11] = 2 &* resultStep
      }
      // Halves: a kernel column's pairs of taps for the upper row, and for the lower, which starts
      // `stride` later; of 3 × 3 what the instructions take of both.
      var weight = unsafe channels.weights + channel
      for row in 0..<rows.kernel {
        var half = unsafe UnsafeMutableRawPointer(record + band.headCount)
        var (upper, lower) = (4 &* (row & ~1) &+ 2 &* (row & 1), 0)
        var step = 8 &* band.pairCount
        if band.isShort {
          step = 8
          upper = row < 2 ? 2 &* row : band.stride == 1 ? 6 : 4
          lower = row == 1 && band.stride == 1 ? 4 : upper
        } else {
          let later = row &+ band.stride
          lower = 4 &+ 4 &* (later & ~1) &+ 2 &* (later & 1)
        }
        for _ in 0..<columns.kernel {
          let value = unsafe Int16(weight[0])
          unsafe half.storeBytes(of: value, toByteOffset: upper, as: Int16.self)
          unsafe half.storeBytes(of: value, toByteOffset: lower, as: Int16.self)
          unsafe half += step
          unsafe weight += channels.count
        }
      }
    }
  }

  /// The channels of a word that are computed, and the bytes from their results to those of the
  /// second row, 0 without one.
  struct Lanes {
    let first: Int
    let end: Int
    /// The output channel of the word's first.
    var channel = 0
    /// Whether nothing of the band was written.
    var isFirst = true
    var rowCount = 1
    var rowStep = 0
    /// Whether the lower words of the band's columns are now the upper ones.
    var keepsHalf = false
    /// Which words are the upper ones: 0 or 1.
    var turn = 0

    init(first: Int, end: Int) {
      self.first = first
      self.end = end
    }
  }

  // MARK: Rows

  extension RowsDepthwise {
    /// A row, or two, in several strips.
    @inline(never)
    private func strips(
      _ image: UnsafePointer<Int8>, _ row: Int, _ lanes: inout Lanes,
      _ result: UnsafeMutablePointer<Int8>
    ) {
      var phase = 0
      while phase < min(band.columnPhaseCount, columns.output) {
        var column = phase
        while column < columns.output {
          var strip = DepthwiseStrip(columns, band, column: column, channels: inputCount)
          unsafe self.strip(image, row, &strip, &lanes, result + column &* channels.count)
          column &+= strip.count &* band.columnPhaseCount
        }
        phase &+= 1
      }
    }

    /// One strip of a row, or of two.
    @inline(never)
    private func strip(
      _ image: UnsafePointer<Int8>, _ row: Int, _ strip: inout DepthwiseStrip, _ lanes: inout Lanes,
      _ result: UnsafeMutablePointer<Int8>
    ) {
      if !WidenedTaps.areHalves {
        unsafe fillWords(
          image, rows.start(row), &strip, setsPadding: !isWhole || lanes.isFirst)
        lanes.isFirst = false
        unsafe addWords(strip.count, &lanes, result)
        return
      }
      var y = rows.start(row)
      var pair = 0
      if lanes.keepsHalf {
        lanes.turn ^= 1
        y &+= 2 &* rows.dilation
        pair = 1
      } else {
        lanes.turn = 0
      }
      while pair < band.pairCount {
        let slot = pair ^ lanes.turn
        if inputCount >= 4 {
          unsafe fill(values + 4 &* slot, image, y, &strip)
        } else {
          unsafe fillNarrow(values + 4 &* slot, image, y, &strip)
        }
        y &+= 2 &* rows.dilation
        pair &+= 1
      }
      unsafe add(strip.count, &lanes, result)
      guard channels.lower != -128 || channels.upper != 127 else { return }
      for lane in lanes.first..<lanes.end {
        unsafe clampResults(result + lane &* multiplier, strip.count, lanes.rowStep)
      }
    }

    /// `count` columns of the lanes' channels.
    @inline(__always)
    private func add(
      _ count: Int, _ lanes: inout Lanes, _ result: UnsafeMutablePointer<Int8>
    ) {
      // Words from one column's window to the next's.
      let step = 4 &* band.pairCount &* band.columnStride
      var record = unsafe records + lanes.first &* band.recordCount
      let end = unsafe records + lanes.end &* band.recordCount
      var start = unsafe address(values + lanes.first)
      var to = unsafe address(result + lanes.first &* multiplier)
      let byteCount = Int32(truncatingIfNeeded: 4 &* step &* (band.isShort ? count : count & ~1))
      repeat {
        unsafe record[3] = Int32(truncatingIfNeeded: lanes.rowStep)
        unsafe record[5] = start
        unsafe record[6] = start &+ byteCount
        unsafe record[7] = to
        let next = unsafe record + band.recordCount
        unsafe record[8] = next < end ? address(next) : 0
        if !band.isShort { unsafe addPairs(record, count, step) }
        start &+= 4
        to &+= Int32(truncatingIfNeeded: multiplier)
        unsafe record = next
      } while unsafe record < end
      guard band.isShort else { return }
      let first = unsafe records + lanes.first &* band.recordCount
      if band.stride == 2 {
        unsafe octet_add_far_windows(first)
      } else if lanes.turn == 0 {
        unsafe octet_add_near_windows(first)
      } else {
        unsafe octet_add_turned_windows(first)
      }
    }

    /// Windows of any size, and a column without a neighbour, which is its own.
    @inline(never)
    private func addPairs(_ record: UnsafeMutablePointer<Int32>, _ count: Int, _ step: Int) {
      if count > 1 { unsafe octet_add_windows(record, Int32(truncatingIfNeeded: 4 &* step)) }
      guard count & 1 != 0 else { return }
      let resultStep = unsafe record[4]
      unsafe record[4] = 0
      unsafe record[5] = record[6]
      unsafe record[6] &+= record[10]
      unsafe record[7] &+= Int32(truncatingIfNeeded: count &- 1) &* resultStep
      unsafe octet_add_windows(record, 0)
      unsafe record[4] = resultStep
    }

    @inline(__always)
    private func address<T>(_ pointer: UnsafeMutablePointer<T>) -> Int32 {
      Int32(truncatingIfNeeded: Int(bitPattern: pointer))
    }

    @inline(never)
    private func clampResults(_ to: UnsafeMutablePointer<Int8>, _ count: Int, _ rowStep: Int) {
      var result = unsafe to
      for _ in 0..<count {
        unsafe result[0] = clamp(Int32(result[0]), channels.lower, channels.upper)
        // The same one again where there is no second row.
        unsafe result[rowStep] = clamp(Int32(result[rowStep]), channels.lower, channels.upper)
        unsafe result += band.columnPhaseCount &* channels.count
      }
    }
  }
#endif
