#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  internal import COctetKernels

  extension Channels {
    /// Those of the first group of a convolution that is computed, or of a block of it.
    init(_ layer: Convolution) {
      typealias Word = Convolution.Word
      let view = layer.view
      let first = layer.firstChannel
      unsafe weights = layer.weights
      unsafe bias = view.data(view.parameter(Word.bias), as: Int32.self) + first
      unsafe multipliers = view.data(view.parameter(Word.multipliers), as: Int32.self) + first
      unsafe shifts = view.data(view.parameter(Word.shifts), as: Int8.self) + first
      count = layer.blockChannelCount
      depth = layer.patchCount
      zeroPoint = layer.output.zeroPoint
      lower = view.parameter(Word.lower)
      upper = view.parameter(Word.upper)
    }

    /// Those of a depthwise convolution, whose weights are `[taps, count]`: without a depth.
    init(_ layer: DepthwiseConvolution) {
      typealias Word = DepthwiseConvolution.Word
      let view = layer.view
      unsafe weights = layer.weights
      unsafe bias = view.data(view.parameter(Word.bias), as: Int32.self)
      unsafe multipliers = view.data(view.parameter(Word.multipliers), as: Int32.self)
      unsafe shifts = view.data(view.parameter(Word.shifts), as: Int8.self)
      count = layer.output.channels
      depth = 0
      zeroPoint = layer.output.zeroPoint
      lower = view.parameter(Word.lower)
      upper = view.parameter(Word.upper)
    }

    /// Goes on to the next group.
    mutating func advance() {
      unsafe weights += count &* depth
      unsafe bias += count
      unsafe multipliers += count
      unsafe shifts += count
    }

    /// `requantize` of FixedPoint.swift, the output's zero point and its range.
    ///
    /// With n ≥ 1, a / 2ⁿ to nearest with ties away from zero is ((a − [a < 0]) / 2ⁿ⁻¹ + 1) / 2,
    /// both divisions rounding down; |a| < 2³¹, so nothing wraps.
    @inline(__always)
    func quantized(_ sum: Int32, _ by: FixedPointMultiplier) -> Int8 {
      var value: Int32
      if by.shift < 0 {
        value = highMultiply(sum, by.multiplier)
        value = (((value &+ (value &>> 31)) &>> ~by.shift) &+ 1) &>> 1
      } else {
        value = highMultiply(sum &<< by.shift, by.multiplier)
      }
      return clamp(value &+ zeroPoint, lower, upper)
    }
  }

  #if arch(arm)
    /// A multiplier of at least 1/2 and a shift to the right of 1 and more, for SMLAD.
    struct HalvesMultiplier {
      private let factor: Int32
      private let shift: Int32

      @inline(__always)
      init?(_ by: FixedPointMultiplier) {
        guard WidenedTaps.areHalves, by.shift & (by.multiplier &<< 1) < 0 else { return nil }
        factor = by.multiplier &<< 1
        shift = ~by.shift
      }

      /// `requantize` of FixedPoint.swift.
      @inline(__always)
      func callAsFunction(_ value: Int32) -> Int32 {
        let product = octet_scale_word(value, factor, value)
        return (((product &+ (product &>> 31)) &>> shift) &+ 1) &>> 1
      }
    }

    /// Sums of a channel each, and where their results go.
    @safe struct SumGroups {
      // Safety: who makes it has both.
      let sums: UnsafePointer<Int32>
      let target: UnsafeMutablePointer<Int8>
      /// The first one's channel.
      let index: Int
      let count: Int
      /// Steps from a group's sums, results and channel to the next's.
      let sumStep: Int
      let targetStep: Int
      let indexStep: Int
      /// The step from one result of a group to the next.
      let stride: Int

      init(
        _ sums: UnsafePointer<Int32>, _ target: UnsafeMutablePointer<Int8>, index: Int, count: Int,
        sumStep: Int, targetStep: Int, indexStep: Int, stride: Int
      ) {
        unsafe self.sums = sums
        unsafe self.target = target
        self.index = index
        self.count = count
        self.sumStep = sumStep
        self.targetStep = targetStep
        self.indexStep = indexStep
        self.stride = stride
      }
    }

    extension Channels {
      /// `quantized`, for multipliers that few layers have.
      @inline(never)
      func quantizedRarely(_ sum: Int32, _ by: FixedPointMultiplier) -> Int8 { quantized(sum, by) }

      /// The result of channel `index` whose sum, with its bias, is `sum`.
      @inline(__always)
      func finished(_ sum: Int32, _ index: Int) -> Int8 {
        let multiplier = multiplier(index)
        if let scale = HalvesMultiplier(multiplier) {
          return clamp(scale(sum) &+ zeroPoint, lower, upper)
        }
        return WidenedTaps.areHalves
          ? quantizedRarely(sum, multiplier) : quantized(sum, multiplier)
      }

      /// Requantizes groups of `count` sums, without their bias.
      @inline(never)
      func finish(_ groups: inout SumGroups, count: Int) {
        var left = groups.count
        if OCTET_MULTIPLIES_LONG == 0 {
          finishWords(&groups, count: count)
        } else {
          var (sums, target, index) = unsafe (groups.sums, groups.target, groups.index)
          repeat {
            let (bias, multiplier) = unsafe (bias[index], multiplier(index))
            var (sum, to) = unsafe (sums, target)
            let end = unsafe sums + count
            repeat {
              unsafe to[0] = quantized(sum[0] &+ bias, multiplier)
              unsafe to += groups.stride
              unsafe sum += 1
            } while unsafe sum < end
            unsafe sums += groups.sumStep
            unsafe target += groups.targetStep
            index &+= groups.indexStep
            left &-= 1
          } while left > 0
        }
      }

      /// The same where words are multiplied to words.
      @inline(__always)
      private func finishWords(_ groups: inout SumGroups, count: Int) {
        var results = unsafe octet_word_results(
          index: Int32(truncatingIfNeeded: groups.index),
          left: Int32(truncatingIfNeeded: groups.count), bias: bias, multiplier: multipliers,
          shift: shifts, target: groups.target, byte_count: Int32(truncatingIfNeeded: 4 &* count),
          gap_byte_count: Int32(truncatingIfNeeded: 4 &* (groups.sumStep &- count)),
          offset: WordMultiplier.offset &+ zeroPoint &<< 21, limit: WordMultiplier.limit,
          index_step: Int32(truncatingIfNeeded: groups.indexStep),
          target_step: Int32(truncatingIfNeeded: groups.targetStep))
        var sum = unsafe groups.sums
        while true {
          unsafe sum = octet_requantize_groups(
            &results, sum, Int32(truncatingIfNeeded: groups.stride))
          let left = unsafe Int(results.left)
          if left == 0 { break }
          // What is left of the group.
          let start = unsafe groups.sums + (groups.count &- left) &* groups.sumStep
          let index = unsafe Int(results.index)
          var to = unsafe results.target + (sum - start) &* groups.stride
          while unsafe sum < start + count {
            unsafe to[0] = quantizedRarely(sum[0] &+ bias[index], multiplier(index))
            unsafe to += groups.stride
            unsafe sum += 1
          }
          unsafe sum = start + groups.sumStep
          unsafe results.index += Int32(truncatingIfNeeded: groups.indexStep)
          unsafe results.target += groups.targetStep
          unsafe results.left -= 1
          if left == 1 { break }
        }
        if lower != -128 || upper != 127 { clampResults(&groups, count: count) }
      }

      @inline(never)
      private func clampResults(_ groups: inout SumGroups, count: Int) {
        for group in 0..<groups.count {
          for lane in 0..<count {
            let to = unsafe groups.target + (group &* groups.targetStep &+ lane &* groups.stride)
            unsafe to[0] = clamp(Int32(to[0]), lower, upper)
          }
        }
      }

      /// Whether all multipliers are at least 1/2 with a shift to the right: see
      /// `octet_requantize`.
      var areHalves: Bool {
        for index in 0..<count where unsafe Int32(shifts[index]) & (multipliers[index] &<< 1) >= 0 {
          return false
        }
        return true
      }

      /// Requantizes, with SMLAD, the sums, with their bias, of channels `first` to `end` of two
      /// pixels, `[end - first, 2]`. The second pixel's results lie `stride` after the first's; at
      /// 0 they give way to those.
      @inline(never)
      mutating func finishPairs(
        _ first: Int, _ end: Int, _ sums: UnsafePointer<Int32>,
        _ target: UnsafeMutablePointer<Int8>, stride: Int
      ) {
        var results = unsafe octet_results(
          sum: sums, end: sums + 2 &* (end &- first), multiplier: multipliers + first,
          shift: shifts + first, first: target, second: target + stride)
        while true {
          unsafe octet_requantize(&results, 2 &* zeroPoint &+ 1)
          guard unsafe results.sum < results.end else { break }
          let by = unsafe FixedPointMultiplier(
            multiplier: results.multiplier[0], shift: Int32(results.shift[0]))
          unsafe results.second[0] = quantizedRarely(results.sum[1], by)
          unsafe results.first[0] = quantizedRarely(results.sum[0], by)
          unsafe results.sum += 2
          unsafe results.multiplier += 1
          unsafe results.shift += 1
          unsafe results.first += 1
          unsafe results.second += 1
          guard unsafe results.sum < results.end else { break }
        }
        if lower == -128, upper == 127 { return }
        var result = unsafe target
        repeat {
          unsafe result[stride] = clamp(Int32(result[stride]), lower, upper)
          unsafe result[0] = clamp(Int32(result[0]), lower, upper)
          unsafe result += 1
        } while unsafe result < results.first
      }
    }
  #endif
#endif
