import COctetFloatKernels
import OctetCompiler
import OctetModel
import OctetRuntime

/// An operand in codes.
struct CodedOperand: Sendable {
  var buffer: BlockBuffer
  var grid: GridPlace
  /// For each element of the result that of the operand; nil where they are the same.
  var places: [Int32]?
  var gradient: InputGradient?

  @inline(__always)
  func place(_ index: Int) -> Int { places.map { Int($0[index]) } ?? index }
}

/// A sum, a difference or a product of codes, with an activation.
struct CodedBinaryStep: TrainingStep {
  enum Kind: Sendable { case sum, difference, product }

  var kind: Kind
  var a, b: CodedOperand
  var result: CodeResult

  /// Bits by which operands of a sum are finer than their grids.
  private static let sumShift: Int32 = 20

  func forward(_ context: StepContext) {
    let (scaleA, scaleB) = (Double(a.grid.step(context)), Double(b.grid.step(context)))
    let scale = Double(result.grid.step(context))
    if kind == .product {
      let by = LaneMultiplier(FixedPointMultiplier(scaleA * scaleB / scale))
      return run(context) { by($0 &* $1) }
    }
    let twice = 2 * max(scaleA, scaleB)
    let byA = LaneMultiplier(FixedPointMultiplier(scaleA / twice), after: Self.sumShift)
    let byB = LaneMultiplier(FixedPointMultiplier(scaleB / twice), after: Self.sumShift)
    let by = LaneMultiplier(FixedPointMultiplier(twice / (Double(1 << Self.sumShift) * scale)))
    if kind == .sum {
      run(context) { by(byA($0) &+ byB($1)) }
    } else {
      run(context) { by(byA($0) &- byB($1)) }
    }
  }

  @inline(__always)
  private func run(
    _ context: StepContext, _ body: (SIMD16<Int32>, SIMD16<Int32>) -> SIMD16<Int32>
  ) {
    let clamp = result.clamp(context)
    let (x, z) = unsafe (elements(context.pointer(a.buffer)), elements(context.pointer(b.buffer)))
    let y = unsafe elements(context.pointer(result.output))
    for index in 0..<result.output.count {
      let value = unsafe body(octet_whole(x[a.place(index)]), octet_whole(z[b.place(index)]))
      unsafe y[index] = octet_clamped(value, clamp.lowerBound, clamp.upperBound)
    }
  }

  func backward(_ context: StepContext) {
    for gradient in [a.gradient, b.gradient] {
      if let gradient, gradient.isFirst { context.zero(gradient.buffer) }
    }
    let (scaleA, scaleB) = (a.grid.step(context), b.grid.step(context))
    let scale = result.grid.step(context)
    let (x, z) = unsafe (elements(context.pointer(a.buffer)), elements(context.pointer(b.buffer)))
    let y = unsafe elements(context.pointer(result.output))
    let dy = unsafe elements(context.pointer(result.outputGradient))
    let dx = unsafe a.gradient.map { unsafe elements(context.pointer($0.buffer)) }
    let dz = unsafe b.gradient.map { unsafe elements(context.pointer($0.buffer)) }
    let straightThrough = result.straightThrough(context)
    let sign: Float = kind == .difference ? -1 : 1
    var step = Lanes()
    for index in 0..<result.output.count {
      let (i, j) = (a.place(index), b.place(index))
      let (realX, realZ) = unsafe (x[i] * scaleA, z[j] * scaleB)
      let value = (kind == .product ? realX * realZ : realX + sign * realZ) / scale
      let passed = unsafe straightThrough.pass(
        dy[index], value: value, code: y[index], step: &step)
      if let dx = unsafe dx { unsafe dx[i] += kind == .product ? passed * realZ : passed }
      if let dz = unsafe dz { unsafe dz[j] += kind == .product ? passed * realX : sign * passed }
    }
    result.keep(step, context)
  }
}

/// A mean, or a sum, over axes, in codes.
struct CodedMeanStep: TrainingStep {
  /// Sums the codes into a buffer of its own.
  var reduction: ReductionStep
  /// What the sums are divided by: of a sum 1.
  var divisor: Int
  var input: GridPlace
  var result: CodeResult

  func forward(_ context: StepContext) {
    reduction.forward(context)
    let factor = FixedPointMultiplier(
      Double(input.step(context)) / Double(result.grid.step(context)))
    let by = LaneMultiplier(
      divisor == 1 ? factor : Mean.multiplier(factor, dividedBy: divisor))
    let sums = unsafe elements(context.pointer(reduction.output))
    let y = unsafe elements(context.pointer(result.output))
    let clamp = result.clamp(context)
    for index in 0..<result.output.count {
      unsafe y[index] = octet_clamped(
        by(octet_whole(sums[index])), clamp.lowerBound, clamp.upperBound)
    }
  }

  func backward(_ context: StepContext) {
    let scale = input.step(context) / (result.grid.step(context) * Float(divisor))
    let straightThrough = result.straightThrough(context)
    let sums = unsafe elements(context.pointer(reduction.output))
    let y = unsafe elements(context.pointer(result.output))
    let dy = unsafe elements(context.pointer(result.outputGradient))
    var step = Lanes()
    for index in 0..<result.output.count {
      unsafe dy[index] = straightThrough.pass(
        dy[index], value: sums[index] * scale, code: y[index], step: &step)
    }
    result.keep(step, context)
    var back = reduction
    back.factor = 1 / Float(divisor)
    back.backward(context)
  }
}

/// An average pool in codes: halves away from zero, as the runtime rounds the codes themselves.
struct CodedAveragePoolStep: TrainingStep {
  var pool: PoolStep
  var zeroPoint: Int32

  func forward(_ context: StepContext) {
    unsafe pool.shape.roundedAverage(
      elements(context.pointer(pool.input)), zeroPoint: Float(zeroPoint),
      into: elements(context.pointer(pool.output)))
  }

  func backward(_ context: StepContext) { pool.backward(context) }
}

extension PoolKernel {
  /// Codes less their zero point in and out; 0 for a window without pixels.
  fileprivate func roundedAverage(
    _ x: UnsafePointer<Lanes>, zeroPoint: Float, into y: UnsafeMutablePointer<Lanes>
  ) {
    forEachWindow { window in
      let count = window.rowCount * window.columnCount
      let half = Float(count / 2)
      for channel in 0..<channelCount {
        var sum = Lanes(repeating: zeroPoint * Float(count))
        forEachPosition(window, channel) { unsafe sum += x[$0] }
        let isNegative = sum .< Lanes()
        let magnitude = sum.replacing(with: -sum, where: isNegative)
        // Whole numbers below 2²⁴: the quotient is not rounded up to the next one.
        let mean = octet_clamped(
          octet_whole((magnitude + half) / Float(Swift.max(count, 1))), 0, 128)
        let code = mean.replacing(with: -mean, where: isNegative) - zeroPoint
        unsafe y[window.outputIndex + channel] = count == 0 ? Lanes() : code
      }
    }
  }
}

/// Constant codes as an operand.
struct CodedConstantStep: TrainingStep {
  /// Less their zero point.
  var codes: [Float]
  var output: BlockBuffer

  func forward(_ context: StepContext) {
    let y = unsafe elements(context.pointer(output))
    for (index, code) in codes.enumerated() { unsafe y[index] = Lanes(repeating: code) }
  }

  func backward(_ context: StepContext) {}
}

/// Pixels 0…255 to the codes of the input, by a table for each channel.
struct CodedInputStep: TrainingStep {
  var input, output: BlockBuffer
  /// 256 codes less the zero point for each channel.
  var tables: [Float]

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    let channelCount = tables.count / 256
    unsafe tables.withUnsafeBufferPointer { tables in
      for index in 0..<input.count {
        // Loading divided and multiplied by 255.
        let pixels = unsafe octet_whole(x[index] + 0.5)
        let start = 256 * (index % channelCount)
        for lane in 0..<TrainingNetwork.blockSize {
          unsafe y[index][lane] = tables[start + Int(pixels[lane])]
        }
      }
    }
  }

  func backward(_ context: StepContext) {}
}

/// The scores that codes stand for, which the loss works on.
struct CodedLogitsStep: TrainingStep {
  var input, output: BlockBuffer
  var grid: GridPlace

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    let step = grid.step(context)
    for index in 0..<input.count { unsafe y[index] = x[index] * step }
  }

  /// Gradients are those of real numbers everywhere.
  func backward(_ context: StepContext) {}
}
