// Operations that only move elements. Each computes, once, from where every output element comes;
// a run is then one pass over that table.

extension StepContext {
  /// Fills `output` from `sources` (an offset into x for each element, or −1 for `filler`).
  private func gather(_ output: Operand, _ sources: [Int32], filler: Float) -> InterpreterStep {
    x.isInteger
      ? move(output, sources, filler: truncated(filler, to: output.elementType))
      : move(output, sources, filler: filler)
  }

  private func move<Element>(
    _ output: Operand, _ sources: [Int32], filler: Element
  ) -> InterpreterStep {
    let (x, y) = (self.x.elements(Element.self), output.elements(Element.self))
    return {
      for (index, source) in sources.enumerated() {
        y[index] = source < 0 ? filler : x[Int(source)]
      }
    }
  }

  /// x broadcast or repeated to the shape of y.
  func repeated() -> InterpreterStep {
    let shape = [Int](repeating: 1, count: y.shape.count - x.shape.count) + x.shape
    let strides = rowMajorStrides(shape)
    var sources: [Int32] = []
    forEachIndex(in: y.shape) { index in
      sources.append(Int32(index.indices.reduce(0) { $0 + index[$1] % shape[$1] * strides[$1] }))
    }
    return gather(y, sources, filler: 0)
  }

  /// x `[outer…, length, inner…]`, indices `[…]` → y `[outer…, …, inner…]`.
  func gather(axis: Int) -> InterpreterStep {
    x.isInteger ? gather(axis: axis, Int64.self) : gather(axis: axis, Float.self)
  }

  private func gather<Element>(axis: Int, _: Element.Type) -> InterpreterStep {
    let (x, y) = (inputs[0].elements(Element.self), self.y.elements(Element.self))
    let (indices, count) = (inputs[1].integers, inputs[1].count)
    let length = inputs[0].shape[axis]
    let outer = inputs[0].shape[..<axis].reduce(1, *)
    let inner = inputs[0].shape[(axis + 1)...].reduce(1, *)
    return {
      for block in 0..<outer {
        for k in 0..<count {
          let wanted = indices[k] < 0 ? indices[k] + Int64(length) : indices[k]
          let source = Int(max(0, min(Int64(length - 1), wanted)))
          (y + (block * count + k) * inner)
            .update(from: x + (block * length + source) * inner, count: inner)
        }
      }
    }
  }

  /// Condition, a, b → y, broadcast.
  func select() -> InterpreterStep {
    y.isInteger ? select(Int64.self) : select(Float.self)
  }

  private func select<Element>(_: Element.Type) -> InterpreterStep {
    let shape = self.y.shape
    let tables = inputs.map { BroadcastOffsets($0.shape, shape).a }
    let condition = inputs[0].integers
    let (a, b) = (inputs[1].elements(Element.self), inputs[2].elements(Element.self))
    let y = self.y.elements(Element.self)
    return {
      for index in tables[0].indices {
        y[index] = condition[tables[0][index]] != 0 ? a[tables[1][index]] : b[tables[2][index]]
      }
    }
  }

  /// The table for `gather` of an output shape: `position` maps an output index along an axis to an
  /// input index, or nil where the filler goes.
  private func table(_ shape: [Int], _ position: (Int, Int) -> Int?) -> [Int32] {
    let strides = rowMajorStrides(x.shape)
    let maps = shape.indices.map { axis in
      (0..<shape[axis]).map { position(axis, $0).map { $0 * strides[axis] } }
    }
    var result: [Int32] = []
    result.reserveCapacity(shape.elementCount)
    forEachIndex(in: shape) { index in
      var offset = 0
      for axis in index.indices {
        guard let part = maps[axis][index[axis]] else {
          result.append(-1)
          return
        }
        offset += part
      }
      result.append(Int32(offset))
    }
    return result
  }

  func transpose(_ permutation: [Int]) -> InterpreterStep {
    let strides = rowMajorStrides(x.shape)
    var sources: [Int32] = []
    forEachIndex(in: y.shape) { index in
      sources.append(
        Int32(zip(index, permutation).reduce(0) { $0 + $1.0 * strides[$1.1] }))
    }
    return gather(y, sources, filler: 0)
  }

  func slice(begin: [Int], stride: [Int]) -> InterpreterStep {
    gather(y, table(y.shape) { begin[$0] + $1 * stride[$0] }, filler: 0)
  }

  func split(axis: Int, counts: [Int]) -> InterpreterStep {
    var first = 0
    var parts: [InterpreterStep] = []
    for (output, count) in zip(outputs, counts) {
      let begin = first
      parts.append(gather(output, table(output.shape) { $0 == axis ? begin + $1 : $1 }, filler: 0))
      first += count
    }
    return { for part in parts { part() } }
  }

  func pad(before: [Int], mode: PadMode) -> InterpreterStep {
    let shape = x.shape
    var filler: Float = 0
    if case .constant(let value) = mode { filler = value }
    let sources = table(y.shape) { axis, index in
      let position = index - before[axis]
      switch mode {
      case .constant: return (0..<shape[axis]).contains(position) ? position : nil
      case .edge: return max(0, min(shape[axis] - 1, position))
      case .wrap: return (position % shape[axis] + shape[axis]) % shape[axis]
      case .reflect:
        let last = shape[axis] - 1
        return position < 0 ? -position : (position > last ? 2 * last - position : position)
      }
    }
    return gather(y, sources, filler: filler)
  }

  func nearestResize(_ position: (Int, Int) -> Int) -> InterpreterStep {
    gather(y, table(y.shape) { position($0, $1) }, filler: 0)
  }

  func concatenation(axis: Int, activation: Activation) -> InterpreterStep {
    y.isInteger
      ? concatenation(axis: axis, activation, Int64.self)
      : concatenation(axis: axis, activation, Float.self)
  }

  private func concatenation<Element>(
    axis: Int, _ activation: Activation, _: Element.Type
  ) -> InterpreterStep {
    let (parts, y) = (inputs, self.y)
    let outer = y.shape[..<axis].reduce(1, *)
    let inner = y.shape[(axis + 1)...].reduce(1, *)
    let lengths = parts.map { $0.shape[axis] * inner }
    return followed(by: activation) {
      var target = y.elements(Element.self)
      for block in 0..<outer {
        for (part, length) in zip(parts, lengths) {
          target.update(from: part.elements(Element.self) + block * length, count: length)
          target += length
        }
      }
    }
  }
}
