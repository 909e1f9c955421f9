// The arena plan, checked: whatever is live at the same time lies apart.

extension BlobView {
  /// Each arena tensor is written where its lifetime begins (or is a model input) and lives as long
  /// as it is read (a model output: to the end).
  func validateLifetimes() throws(ModelError) {
    for index in 0..<tensorCount where !uncheckedTensor(index).isConstant {
      let tensor = uncheckedTensor(index)
      guard tensor.firstUse <= tensor.lastUse, tensor.lastUse <= operatorCount,
        isInput(index) ? tensor.firstUse == 0 : isWritten(index, by: tensor.firstUse)
      else { throw lifetimeError(tensor) }
    }
    for output in 0..<outputCount where self.output(output).lastUse != operatorCount {
      throw lifetimeError(self.output(output))
    }
    for index in 0..<operatorCount {
      let view = uncheckedOperator(index)
      for input in 0..<view.inputCount where !view.operand(input).isConstant {
        let tensor = view.operand(input)
        guard tensor.firstUse < index || isInput(view.inputTensorIndex(input)),
          tensor.lastUse >= index
        else { throw lifetimeError(tensor) }
      }
      for output in 0..<view.outputCount {
        let tensorIndex = view.outputTensorIndex(output)
        guard view.result(output).firstUse == index, !isInput(tensorIndex) else {
          throw lifetimeError(view.result(output))
        }
      }
    }
  }

  /// Tensors that live at the same time lie apart, unless one is an operator's input that ends
  /// there and the other its output, far enough before it for that operator, or both are views of
  /// one tensor's bytes, which nothing writes while any of them lives; scratch memory lies apart
  /// from all that is live.
  func validateOverlaps() throws(ModelError) {
    for first in 0..<tensorCount where !uncheckedTensor(first).isConstant {
      for second in 0..<first where !uncheckedTensor(second).isConstant {
        let a = uncheckedTensor(first)
        let b = uncheckedTensor(second)
        guard intersect(a.dataOffset, a.byteCount, b.dataOffset, b.byteCount),
          a.firstUse <= b.lastUse, b.firstUse <= a.lastUse
        else { continue }
        guard
          mayOverlap(output: first, input: second) || mayOverlap(output: second, input: first)
            || viewed(first) == viewed(second)
        else { throw ModelError(.tensorsOverlap, at: a.offset) }
      }
    }
    for index in 0..<operatorCount {
      let view = uncheckedOperator(index)
      for tensorIndex in 0..<tensorCount {
        let tensor = uncheckedTensor(tensorIndex)
        if !tensor.isConstant, tensor.firstUse <= index, index <= tensor.lastUse,
          intersect(
            tensor.dataOffset, tensor.byteCount, view.scratchOffset, view.scratchByteCount)
        {
          throw ModelError(.scratch, at: OperatorRecord.scratchOffset, of: view.offset)
        }
      }
    }
  }

  func validateMetadata() throws(ModelError) {
    let channels = normalizationChannelCount
    if channels > 0 {
      try validateData(BlobHeader.normalizationOffset, byteCount: 8 &* channels, alignment: 4)
      for channel in 0..<channels {
        let mean = self[BlobHeader.normalizationOffset] &+ 4 &* channel
        // Finite: by the bits, so that cores without floating point link none.
        guard signedWord(mean) & 0x7F80_0000 != 0x7F80_0000,
          isFiniteAndPositive(mean &+ 4 &* channels)
        else { throw ModelError(.normalization, at: BlobHeader.normalizationOffset) }
      }
    }
    let expected = self[BlobHeader.selfTestByteCount]
    if expected != 0 {
      try validateData(BlobHeader.selfTestOffset, byteCount: expected, alignment: 1)
      // At most 2³⁰ is left after the check above, so that taking off 2²⁶ cannot overflow 32 bits.
      var rest = expected
      for index in 0..<outputCount where rest >= 0 { rest &-= output(index).byteCount }
      guard rest == 0 else { throw ModelError(.selfTest, at: BlobHeader.selfTestByteCount) }
    }
  }

  private func validateData(_ field: Field<UInt32>, byteCount: Int, alignment: Int)
    throws(ModelError)
  {
    let start = self[field] &- self[BlobHeader.dataOffset]
    let count = self[BlobHeader.dataByteCount]
    guard start >= 0, byteCount >= 0, byteCount <= count, start <= count &- byteCount,
      start % alignment == 0
    else { throw ModelError(.sectionOutOfBounds, at: field) }
  }

  private func lifetimeError(_ tensor: TensorRecord) -> ModelError {
    ModelError(.tensorLifetime, at: TensorRecord.firstUse, of: tensor.offset)
  }

  private func isInput(_ tensorIndex: Int) -> Bool {
    for index in 0..<inputCount where listEntry(index) == tensorIndex { return true }
    return false
  }

  private func isWritten(_ tensorIndex: Int, by operatorIndex: Int) -> Bool {
    guard operatorIndex < operatorCount else { return false }
    let view = uncheckedOperator(operatorIndex)
    for output in 0..<view.outputCount where view.outputTensorIndex(output) == tensorIndex {
      return true
    }
    return false
  }

  /// The tensor whose bytes this one shows: itself, unless it is a view.
  private func viewed(_ tensorIndex: Int) -> Int {
    var viewed = tensorIndex
    // Each step leads to an earlier operator.
    while !isInput(viewed) {
      let writer = uncheckedOperator(uncheckedTensor(viewed).firstUse)
      guard writer.isView, writer.outputTensorIndex(0) == viewed else { break }
      viewed = writer.inputTensorIndex(0)
    }
    return viewed
  }

  /// Whether operator `outputTensor.firstUse` writes the one while it reads the other for the last
  /// time, in an order that makes their overlap harmless.
  private func mayOverlap(output: Int, input: Int) -> Bool {
    let at = uncheckedTensor(output).firstUse
    guard uncheckedTensor(input).lastUse == at, isWritten(output, by: at), !isInput(output) else {
      return false
    }
    let view = uncheckedOperator(at)
    var isRead = false
    for index in 0..<view.inputCount where view.inputTensorIndex(index) == input {
      isRead = true
      guard let distance = view.overlapDistance(input: index),
        uncheckedTensor(input).dataOffset &- uncheckedTensor(output).dataOffset >= distance
      else { return false }
    }
    return isRead
  }
}

/// Whether two byte ranges share a byte.
private func intersect(_ a: Int, _ aCount: Int, _ b: Int, _ bCount: Int) -> Bool {
  a < b &+ bCount && b < a &+ aCount
}
