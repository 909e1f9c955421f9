// Depthwise convolution with NEON: lanes are channels.
//
//     for each output row, for each 16 or 8 channels, for each output column:
//       sums = bias + Σ over taps w[tap] · x[tap]                (padding reads as the zero point)
//       requantize, clamp, store
//
// 1. The last vector overlaps the one before when C is no multiple of it: some are computed twice.
// 2. Rows are finished in order, because the output may take the place of rows that are done with.
// 3. |w · x| fits int16, and so does the sum of two but of four −128; sums are int32.
// 4. Weights of 3 × 3 stay in registers along a row. A tap outside is read from a vector of zero
//    points, so that windows at the border take the same steps.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, where there is no kernel: vectors of channels must lie in the
    /// input, or one channel serve all.
    func runOnNEON(_ context: OperatorContext) -> Bool {
      let isSpread = input.channels == 1
      guard output.channels >= 8, isSpread || input.channels == output.channels else {
        return false
      }
      unsafe withUnsafeBytes(of: SIMD16(repeating: Int8(truncatingIfNeeded: input.zeroPoint))) {
        let kernel = unsafe NEONDepthwise(self, context, padding: $0.baseAddress!)
        // Constants, so that each becomes a kernel of its own.
        if !kernel.isUsual {
          kernel.run(.init(laneCount: 8, isSpread: isSpread, isUsual: false))
        } else if isSpread {
          kernel.run(.init(laneCount: 8, isSpread: true, isUsual: true))
        } else if output.channels < 16 {
          kernel.run(.init(laneCount: 8, isSpread: false, isUsual: true))
        } else {
          kernel.run(.init(laneCount: 16, isSpread: false, isUsual: true))
        }
      }
      return true
    }
  }

  extension DepthwiseConvolution {
    /// Whether the output takes no place of the input.
    func isApart(_ context: OperatorContext) -> Bool {
      let (from, to) = unsafe (context.input(0), UnsafePointer(context.output(0)))
      return unsafe from + input.elementCount <= to || to + output.elementCount <= from
    }
  }

  @safe private struct NEONDepthwise {
    /// Four channels of a vector.
    typealias Lanes = FourRows<LongProducts>

    /// What a kernel is compiled for.
    struct Form {
      /// 8 or 16.
      let laneCount: Int
      /// Whether one input channel serves all.
      let isSpread: Bool
      let isUsual: Bool
    }

    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private let padding: UnsafePointer<Int8>
    private let channels: NEONChannels
    private let rows: Window
    private let columns: Window
    private let inputChannels: Int
    private let batch: Int
    /// The taps of a window, row by row; of one column, as one row.
    private let outer: Taps
    private let inner: Taps
    /// Whether all shifts are to the right and two neighbouring products add up in 16 bits.
    let isUsual: Bool
    private let isNine: Bool

    /// A kernel's rows, or its columns.
    private struct Taps {
      let count: Int
      /// Steps between them, and how many there are of the input.
      let dilation: Int
      let extent: Int
      /// Bytes of a step in the input, and from a tap's weights to the next's.
      let stepByteCount: Int
      let weightStep: Int

      init(_ window: Window, stepByteCount: Int, weightStep: Int) {
        count = window.kernel
        dilation = window.dilation
        extent = window.input
        self.stepByteCount = stepByteCount
        self.weightStep = weightStep
      }
    }

    init(
      _ layer: DepthwiseConvolution, _ context: OperatorContext, padding: UnsafeRawPointer
    ) {
      let all = Channels(layer)
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      unsafe self.padding = padding.assumingMemoryBound(to: Int8.self)
      channels = NEONChannels(all)
      // What is not finished row by row must not lie over the input.
      (rows, columns) =
        layer.isColumn && layer.isApart(context)
        ? (layer.columns, layer.rows) : (layer.rows, layer.columns)
      inputChannels = layer.input.channels
      batch = layer.input.batch
      let ofRows = Taps(
        rows, stepByteCount: columns.input &* inputChannels,
        weightStep: columns.kernel &* all.count)
      let ofColumns = Taps(columns, stepByteCount: inputChannels, weightStep: all.count)
      (outer, inner) = columns.kernel == 1 ? (ofColumns, ofRows) : (ofRows, ofColumns)
      isUsual = all.shiftsRight && !layer.hasLowestWeight
      isNine = rows.kernel == 3 && columns.kernel == 3
    }

    @inline(__always)
    func run(_ form: Form) {
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        for row in 0..<rows.output {
          var first = 0
          while first < channels.count {
            first = min(first, channels.count &- form.laneCount)
            if form.isUsual, form.laneCount == 16, isNine {
              unsafe runNine(image, row, first, result + first)
            } else {
              unsafe runRow(image, row, first, result + first, form)
            }
            first &+= form.laneCount
          }
          unsafe result += columns.output &* channels.count
        }
        unsafe image += rows.input &* columns.input &* inputChannels
      }
    }

    /// Channels `first` ..< `first` + `form.laneCount` of an output row.
    @inline(__always)
    private func runRow(
      _ image: UnsafePointer<Int8>, _ row: Int, _ first: Int,
      _ result: UnsafeMutablePointer<Int8>, _ form: Form
    ) {
      let constants = constants(first, form)
      let start = unsafe image + (form.isSpread ? 0 : first)
      let weights = unsafe channels.weights + first
      let rowIsInside = rows.taps(row).count == rows.kernel
      var to = unsafe result
      for column in 0..<columns.output {
        let isInside = rowIsInside && columns.taps(column).count == columns.kernel
        let place = (outer: rows.start(row), inner: columns.start(column))
        let sums = unsafe accumulate(
          start, weights, columns.kernel == 1 ? (place.inner, place.outer) : place,
          isInside: isInside, constants, form)
        unsafe finish(sums, constants, to, form)
        unsafe to += channels.count
      }
    }

    @inline(__always)
    private func constants(_ first: Int, _ form: Form) -> Four<RowConstants<Lanes>> {
      Four(
        a: RowConstants<Lanes>(channels, first), b: RowConstants<Lanes>(channels, first &+ 4),
        c: RowConstants<Lanes>(channels, first &+ (form.laneCount == 16 ? 8 : 0)),
        d: RowConstants<Lanes>(channels, first &+ (form.laneCount == 16 ? 12 : 0)))
    }

    /// The sums of a window that starts at `place`, with their biases.
    @inline(__always)
    private func accumulate(
      _ start: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>,
      _ place: (outer: Int, inner: Int), isInside: Bool, _ constants: Four<RowConstants<Lanes>>,
      _ form: Form
    ) -> Four<SIMD4<Int32>> {
      var sums = Four(
        a: constants.a.bias, b: constants.b.bias, c: constants.c.bias, d: constants.d.bias)
      var weightRow = unsafe weights
      var y = place.outer
      let step = inner.dilation &* inner.stepByteCount
      for _ in 0..<outer.count {
        var weight = unsafe weightRow
        let line = unsafe start + (y &* outer.stepByteCount &+ place.inner &* inner.stepByteCount)
        var left = inner.count
        if isInside {
          var pixel = unsafe line
          while left > 1 {
            unsafe addTwo(
              weight, values(pixel, form), values(pixel + step, form), to: &sums, form)
            unsafe weight += 2 &* inner.weightStep
            unsafe pixel += 2 &* step
            left &-= 2
          }
          if left > 0 {
            sums.add(unsafe load(weight, form), unsafe values(pixel, form), form.laneCount)
          }
        } else {
          // A row outside has no columns. Unsigned, what is left of the row is beyond it.
          let extent = UInt(bitPattern: y >= 0 && y < outer.extent ? inner.extent : 0)
          var x = place.inner
          var pixel = unsafe line
          while left > 1 {
            let next =
              unsafe UInt(bitPattern: x &+ inner.dilation) < extent ? pixel + step : padding
            unsafe addTwo(
              weight, values(UInt(bitPattern: x) < extent ? pixel : padding, form),
              values(next, form), to: &sums, form)
            unsafe weight += 2 &* inner.weightStep
            unsafe pixel += 2 &* step
            x &+= 2 &* inner.dilation
            left &-= 2
          }
          if left > 0 {
            let last = unsafe UInt(bitPattern: x) < extent ? pixel : padding
            sums.add(unsafe load(weight, form), unsafe values(last, form), form.laneCount)
          }
        }
        unsafe weightRow += outer.weightStep
        y &+= outer.dilation
      }
      return sums
    }

    /// The values of a tap.
    @inline(__always)
    private func values(_ pixel: UnsafePointer<Int8>, _ form: Form) -> SIMD16<Int8> {
      form.isSpread ? SIMD16(repeating: unsafe pixel.pointee) : unsafe load(pixel, form)
    }

    /// Two taps that follow each other.
    @inline(__always)
    private func addTwo(
      _ weight: UnsafePointer<Int8>, _ x: SIMD16<Int8>, _ y: SIMD16<Int8>,
      to sums: inout Four<SIMD4<Int32>>, _ form: Form
    ) {
      let v = unsafe load(weight, form)
      let w = unsafe load(weight + inner.weightStep, form)
      if form.isUsual {
        sums.addTwo(v, x, w, y, form.laneCount)
      } else {
        sums.add(v, x, form.laneCount)
        sums.add(w, y, form.laneCount)
      }
    }

    @inline(__always)
    private func load(_ bytes: UnsafePointer<Int8>, _ form: Form) -> SIMD16<Int8> {
      let raw = unsafe UnsafeRawPointer(bytes)
      if form.laneCount == 16 { return unsafe raw.loadUnaligned(as: SIMD16<Int8>.self) }
      let half = unsafe raw.loadUnaligned(as: SIMD8<Int8>.self)
      return SIMD16(lowHalf: half, highHalf: half)
    }

    @inline(__always)
    private func finish(
      _ sums: Four<SIMD4<Int32>>, _ constants: Four<RowConstants<Lanes>>,
      _ pixel: UnsafeMutablePointer<Int8>, _ form: Form
    ) {
      guard form.isUsual else {
        unsafe Lanes.store(bytes: constants.a(biased: sums.a), pixel)
        return unsafe Lanes.store(bytes: constants.b(biased: sums.b), pixel + 4)
      }
      let a = constants.a.scaledRight(sums.a)
      let b = constants.b.scaledRight(sums.b)
      let raw = UnsafeMutableRawPointer(pixel)
      if form.laneCount == 16 {
        let c = constants.c.scaledRight(sums.c)
        let d = constants.d.scaledRight(sums.d)
        unsafe raw.storeBytes(of: channels.range(a, b, c, d), as: SIMD16<Int8>.self)
      } else {
        unsafe raw.storeBytes(of: channels.range(a, b, a, b).lowHalf, as: SIMD8<Int8>.self)
      }
    }
  }

  // MARK: Windows of 3 × 3

  extension NEONDepthwise {
    /// Three taps of a row.
    fileprivate struct Three {
      var a, b, c: SIMD16<Int8>

      @inline(__always)
      init(_ bytes: UnsafePointer<Int8>, _ step: Int) {
        unsafe self.init(bytes, bytes + step, bytes + 2 &* step)
      }

      @inline(__always)
      init(_ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ c: UnsafePointer<Int8>) {
        self.a = unsafe UnsafeRawPointer(a).loadUnaligned(as: SIMD16<Int8>.self)
        self.b = unsafe UnsafeRawPointer(b).loadUnaligned(as: SIMD16<Int8>.self)
        self.c = unsafe UnsafeRawPointer(c).loadUnaligned(as: SIMD16<Int8>.self)
      }
    }

    /// Sixteen channels of an output row.
    @inline(never)
    private func runNine(
      _ image: UnsafePointer<Int8>, _ row: Int, _ first: Int,
      _ result: UnsafeMutablePointer<Int8>
    ) {
      let form = Form(laneCount: 16, isSpread: false, isUsual: true)
      let constants = constants(first, form)
      let weights = unsafe channels.weights + first
      let rowStep = outer.weightStep
      let upper = unsafe Three(weights, inner.weightStep)
      let middle = unsafe Three(weights + rowStep, inner.weightStep)
      let lower = unsafe Three(weights + 2 &* rowStep, inner.weightStep)
      let lineStep = rows.dilation &* outer.stepByteCount
      let columnStep = columns.dilation &* inner.stepByteCount
      let isInside = rows.taps(row).count == 3
      let top = rows.start(row)
      let start = unsafe image + (first &+ top &* outer.stepByteCount)
      var to = unsafe result
      var x = columns.start(0)
      for _ in 0..<columns.output {
        let line = unsafe start + x &* inner.stepByteCount
        let last = x &+ 2 &* columns.dilation
        var sums = Four(
          a: constants.a.bias, b: constants.b.bias, c: constants.c.bias, d: constants.d.bias)
        if isInside, x >= 0, last < columns.input {
          let (p, q) = unsafe (
            Three(line, columnStep), Three(line + lineStep, columnStep)
          )
          sums.addNine(p, q, unsafe Three(line + 2 &* lineStep, columnStep), upper, middle, lower)
        } else {
          let p = unsafe border(line, columnStep, x, top)
          let q = unsafe border(line + lineStep, columnStep, x, top &+ rows.dilation)
          let r = unsafe border(line + 2 &* lineStep, columnStep, x, top &+ 2 &* rows.dilation)
          sums.addNine(p, q, r, upper, middle, lower)
        }
        unsafe finish(sums, constants, to, form)
        unsafe to += channels.count
        x &+= columns.stride
      }
    }

    /// Three taps from column `x` on of row `y`, each inside or a zero point.
    @inline(__always)
    private func border(
      _ line: UnsafePointer<Int8>, _ step: Int, _ x: Int, _ y: Int
    ) -> Three {
      let extent = UInt(bitPattern: y >= 0 && y < rows.input ? columns.input : 0)
      let (second, third) = (x &+ columns.dilation, x &+ 2 &* columns.dilation)
      return unsafe Three(
        UInt(bitPattern: x) < extent ? line : padding,
        UInt(bitPattern: second) < extent ? line + step : padding,
        UInt(bitPattern: third) < extent ? line + 2 &* step : padding)
    }
  }

  extension Four<SIMD4<Int32>> {
    /// Adds the products of 8 or 16 pairs.
    @inline(__always)
    mutating func add(_ w: SIMD16<Int8>, _ x: SIMD16<Int8>, _ laneCount: Int) {
      add(
        octet_multiply_low(w, x), laneCount == 16 ? octet_multiply_high(w, x) : SIMD8(), laneCount)
    }

    /// Adds the products of twice as many, of which no four are −128.
    @inline(__always)
    mutating func addTwo(
      _ v: SIMD16<Int8>, _ x: SIMD16<Int8>, _ w: SIMD16<Int8>, _ y: SIMD16<Int8>,
      _ laneCount: Int
    ) {
      let low = octet_multiply_low(v, x) &+ octet_multiply_low(w, y)
      add(
        low,
        laneCount == 16 ? octet_multiply_high(v, x) &+ octet_multiply_high(w, y) : low, laneCount)
    }

    @inline(__always)
    private mutating func add(_ low: SIMD8<Int16>, _ high: SIMD8<Int16>, _ laneCount: Int) {
      a = octet_add_low(a, low)
      b = octet_add_high(b, low)
      guard laneCount == 16 else { return }
      c = octet_add_low(c, high)
      d = octet_add_high(d, high)
    }

    @inline(__always)
    fileprivate mutating func addNine(
      _ x: NEONDepthwise.Three, _ y: NEONDepthwise.Three, _ z: NEONDepthwise.Three,
      _ u: NEONDepthwise.Three, _ v: NEONDepthwise.Three, _ w: NEONDepthwise.Three
    ) {
      addTwo(u.a, x.a, u.b, x.b, 16)
      addTwo(u.c, x.c, v.a, y.a, 16)
      addTwo(v.b, y.b, v.c, y.c, 16)
      addTwo(w.a, z.a, w.b, z.b, 16)
      add(w.c, z.c, 16)
    }
  }
#endif
