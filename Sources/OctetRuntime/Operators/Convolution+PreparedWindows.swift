// Convolution with a pool of up to four pixels, on ARM cores whose firmware was built with the
// layer's weights: see Convolution+Prepared.swift. Small patches with a pool of 2 × 2:
//
//     for each window:
//       widened = its four patches as int16, of which the lower two are the upper ones a row later
//       for each two channels:
//         eight sums = bias + weights · widened; the largest four; requantize; clamp
//
// Each row of the input is widened once a window, and stored for both pixels that read it. With
// four columns of patches for two rows of weights, few channels are enough. Others:
//
//     for each window:
//       for each two pixels of it:
//         widened = their patches as int16
//         for each four channels: eight sums = bias + weights · widened; keep the larger
//       for each channel: requantize its largest sum, clamp
//
// Only two patches are widened at a time, so that little memory suffices. A window's largest result
// is that of its largest sum, as requantizing never decreases.

#if arch(arm) && (OCTET_WINDOWED || OCTET_PAIRED)
  internal import COctetKernels

  @safe struct PreparedWindows: TileKernel {
    // Safety: the builder found room for the scratch, and the validator sees to eight bytes behind
    // any run.
    private let widened: UnsafeMutablePointer<Int32>
    private let weights: UnsafePointer<Int32>
    #if OCTET_WINDOWED
      private let order: WindowTaps
      private let offset: Int32
      private let isWindowed: Bool
    #endif
    #if OCTET_PAIRED
      /// Taps with zeros between, a multiple of 8.
      private let pairCount: Int
      private let widening: PairWidening
    #endif
    var maxima: UnsafeMutablePointer<Int32> { unsafe widened }

    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer) {
      let words = unsafe scratch.assumingMemoryBound(to: Int32.self)
      unsafe widened = words
      // Looked up before, and found.
      let prepared = PreparedLayer(layer.view)
      unsafe weights = prepared?.weights ?? UnsafePointer(words)
      #if OCTET_WINDOWED
        order = WindowTaps(layer)
        offset = 2 &* layer.output.zeroPoint &+ 1
        isWindowed = prepared?.isWindowed ?? true
      #endif
      #if OCTET_PAIRED
        widening = PairWidening(layer)
        pairCount = (widening.count &+ 7) & ~7
        #if OCTET_WINDOWED
          if isWindowed { return }
        #endif
        for index in 0..<pairCount { unsafe words[index] = 0 }
        unsafe words[pairCount] = .min
        unsafe words[pairCount &+ 9] = .min
      #endif
    }

    @inline(never)
    func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile) {
      #if OCTET_WINDOWED && OCTET_PAIRED
        if isWindowed {
          computeWindows(&patches, &tile)
        } else {
          computePairs(&patches, &channels, &tile)
        }
      #elseif OCTET_WINDOWED
        computeWindows(&patches, &tile)
      #else
        computePairs(&patches, &channels, &tile)
      #endif
    }
  }

  #if OCTET_WINDOWED
    extension PreparedWindows {
      /// Words of four pixels in turn, and what `octet_multiply_windows` has behind them. A row
      /// before the first, and one after the last, are written and not read.
      @inline(__always)
      private func computeWindows(_ patches: inout Patches, _ tile: inout Tile) {
        var place = unsafe patches.place(tile.row, tile.column)
        let first = unsafe widened + 4 &* order.wordCount
        let state = unsafe first + 4 &* order.count
        repeat {
          unsafe widen(place, patches.columnStep, patches.kernelRowStep, first)
          unsafe state[0] = .min
          unsafe state[1] = Int32(truncatingIfNeeded: Int(bitPattern: tile.target))
          unsafe state[2] = Int32(truncatingIfNeeded: Int(bitPattern: first))
          unsafe state[3] = offset
          unsafe octet_multiply_windows(first, weights)
          unsafe place += tile.columnAdvance &* patches.columnStep
          unsafe tile.target += tile.targetAdvance
          tile.repeatCount &-= 1
        } while tile.repeatCount > 0
      }

      /// What is read beyond a run has weights of zero.
      @inline(__always)
      private func widen(
        _ place: UnsafePointer<Int8>, _ beside: Int, _ rowStep: Int,
        _ first: UnsafeMutablePointer<Int32>
      ) {
        let rowWords = 4 &* order.wordCount
        var to = unsafe first
        var row = unsafe place
        let last = unsafe place + order.rowCount &* rowStep
        repeat {
          var from = unsafe row
          let end = unsafe to + rowWords
          repeat {
            let x = unsafe UnsafeRawPointer(from).loadUnaligned(as: UInt32.self)
            let y = unsafe UnsafeRawPointer(from + beside).loadUnaligned(as: UInt32.self)
            unsafe store(octet_widen_even(x), octet_widen_even(y), to, to - rowWords)
            unsafe to += 4
            guard unsafe to < end else { break }
            unsafe store(octet_widen_odd(x), octet_widen_odd(y), to, to - rowWords)
            unsafe to += 4
            unsafe from += 4
          } while unsafe to < end
          unsafe row += rowStep
        } while unsafe row <= last
      }

      /// Words of the upper pixels, `here`, which are those of the lower ones a row above.
      @inline(__always)
      private func store(
        _ left: Int32, _ right: Int32, _ here: UnsafeMutablePointer<Int32>,
        _ above: UnsafeMutablePointer<Int32>
      ) {
        unsafe here[0] = left
        unsafe here[1] = right
        unsafe above[2] = left
        unsafe above[3] = right
      }
    }
  #endif

  #if OCTET_PAIRED
    extension PreparedWindows {
      /// `[pairCount]` words of two pixels, INT32_MIN, eight sums, INT32_MIN, as
      /// `octet_add_prepared` has them; then the largest sum of each channel, by fours.
      @inline(__always)
      private func computePairs(
        _ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile
      ) {
        let maxima = unsafe widened + (pairCount &+ 10)
        while tile.repeatCount > 0 {
          var places = unsafe patches.places(&tile)
          var lane = 0
          repeat {
            unsafe widening.widen(
              &patches, places[unchecked: lane], places[unchecked: lane &+ 1], widened)
            unsafe add(maxima, maxima + channels.count, isFirst: lane == 0)
            lane &+= 2
          } while lane < tile.count
          var index = 0
          repeat {
            unsafe tile.target[index] = channels.finished(maxima[index], index)
            index &+= 1
          } while index < channels.count
          tile.repeatCount &-= 1
          tile.advance()
        }
      }

      /// The sums of all channels of two pixels, and the largest of those and of the ones before.
      @inline(__always)
      private func add(
        _ maxima: UnsafeMutablePointer<Int32>, _ end: UnsafeMutablePointer<Int32>, isFirst: Bool
      ) {
        var weights = unsafe weights
        var maximum = unsafe maxima
        repeat {
          unsafe octet_add_prepared(widened, weights)
          unsafe weights += 4 &+ 2 &* pairCount
          var sum = unsafe widened + (pairCount &+ 1)
          let next = unsafe maximum + 4
          repeat {
            var larger = unsafe max(sum[0], sum[1])
            if !isFirst { larger = unsafe max(larger, maximum[0]) }
            unsafe maximum[0] = larger
            unsafe maximum += 1
            unsafe sum += 2
          } while unsafe maximum < next
        } while unsafe maximum < end
      }
    }
  #endif
#endif
