/// What one layer gave on one image with its input exact; see `DiffReport.ErrorSplit`.
package struct LocalSample {
  /// The reference's values, with scores that nobody can see at the ends of `visible`.
  package var reference: [Float]
  /// Where scores are seen; all reals for layers that hold none.
  package var visible: ClosedRange<Float>
  /// What the candidate's operator gave, likewise; nil where it cannot be run alone.
  package var result: [Float]?
  /// The operator in real numbers with the candidate's weights; empty where it cannot be had.
  package var withWeights: [Float] = []
  /// Nil where the error cannot be taken apart.
  package var parts: Parts?

  /// The operator in real numbers with the candidate's weights on what becomes of its input, and
  /// its own result.
  package struct Parts {
    /// The result on the exact input with the reference's weights; empty unless the reference is a
    /// blob.
    package var withReference: [Float]
    /// The result on the input rounded to the codes' steps, continued beyond their ends.
    package var withRounding: [Float]
    /// The result on the input's codes.
    package var withClipping: [Float]
    /// The int8 operator's own result, nothing raised.
    package var result: [Float]

    package init(
      withReference: [Float], withRounding: [Float], withClipping: [Float], result: [Float]
    ) {
      self.withReference = withReference
      self.withRounding = withRounding
      self.withClipping = withClipping
      self.result = result
    }
  }

  package init(reference: [Float], visible: ClosedRange<Float>) {
    self.reference = reference
    self.visible = visible
  }
}

extension LayerSums {
  /// Adds what the layer gave with its input exact.
  ///
  /// - Parameter reals: the reference's values as they are.
  package mutating func add(
    _ sample: LocalSample, reals: UnsafeBufferPointer<Float>, _ facts: DiffContext.Layer
  ) {
    for index in reals.indices { histogram.add(Double(unsafe reals[index])) }
    if !facts.isFloat { addExcess(sample.reference, facts.grid) }
    let channelCount = facts.shape.last ?? 1
    for channel in channels.indices where channelCount > 0 {
      channels[channel].add(sample, from: channel, by: channelCount)
    }
    guard let result = sample.result else { return }
    local = local ?? SignalError()
    local?.add(reference: sample.reference.span, other: result.span)
    if let parts = sample.parts {
      split = split ?? SplitSums()
      split?.add(sample, parts, facts)
    }
  }

  /// What lies outside the grid.
  private mutating func addExcess(_ values: [Float], _ grid: (lower: Double, upper: Double)) {
    var (signal, excess) = (0.0, 0.0)
    for value in values {
      let real = Double(value)
      let outside = real - max(grid.lower, min(grid.upper, real))
      signal += real * real
      excess += outside * outside
    }
    self.signal.add(signal)
    self.excess.add(excess)
  }
}

extension ChannelSums {
  /// Adds elements `channel`, `channel + stride` … of a sample.
  fileprivate mutating func add(_ sample: LocalSample, from channel: Int, by stride: Int) {
    let values = sample.reference
    func known(_ values: [Float]?) -> [Float]? {
      values?.count == sample.reference.count ? values : nil
    }
    let (result, weighted) = (known(sample.result), known(sample.withWeights))
    let clamped = known(sample.parts?.withClipping)
    var (signal, noise, sum, otherSum, square, product) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for index in Swift.stride(from: channel, to: values.count, by: stride) {
      let r = values[index]
      reference.add(r)
      if let result {
        let e = Double(r) - Double(result[index])
        candidate.add(result[index])
        signal += Double(r) * Double(r)
        noise += e * e
      }
      if let clamped { self.clamped.add(clamped[index]) }
      guard let weighted else { continue }
      self.weighted.add(weighted[index])
      guard r != 0, weighted[index] != 0 else { continue }
      let (a, b) = (Double(r), Double(weighted[index]))
      activeCount += 1
      sum += a
      otherSum += b
      square += a * a
      product += a * b
    }
    self.signal.add(signal)
    self.noise.add(noise)
    guard weighted != nil else { return }
    self.sum.add(sum)
    self.otherSum.add(otherSum)
    self.square.add(square)
    self.product.add(product)
  }
}

extension SplitSums {
  fileprivate mutating func add(
    _ sample: LocalSample, _ parts: LocalSample.Parts, _ facts: DiffContext.Layer
  ) {
    let (lower, upper) = (Float(facts.grid.lower), Float(facts.grid.upper))
    var (signal, weight, activation, clipping, requantization) = (0.0, 0.0, 0.0, 0.0, 0.0)
    func difference(_ a: Float, _ b: Float) -> Double {
      Double(a.clamped(to: sample.visible)) - Double(b.clamped(to: sample.visible))
    }
    func square(_ a: Float, _ b: Float) -> Double {
      let difference = difference(a, b)
      return difference * difference
    }
    // What a blob gives as reference is rounded itself: its own rounding is no fault of the other.
    let isRounded = parts.withReference.count == sample.reference.count
    for (index, given) in sample.reference.enumerated() {
      let exact = isRounded ? parts.withReference[index] : given
      let clipped = parts.withClipping[index]
      let clamped = max(lower, min(upper, clipped))
      signal += Double(given) * Double(given)
      weight += square(sample.withWeights[index], exact)
      activation += square(parts.withRounding[index], sample.withWeights[index])
      clipping += square(clipped, parts.withRounding[index]) + square(clamped, clipped)
      let rounding = difference(parts.result[index], clamped) - difference(given, exact)
      requantization += rounding * rounding
    }
    self.signal.add(signal)
    self.weight.add(weight)
    self.activation.add(activation)
    self.clipping.add(clipping)
    self.requantization.add(requantization)
  }
}

extension Float {
  /// The nearest number of a range.
  package func clamped(to range: ClosedRange<Float>) -> Float {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
