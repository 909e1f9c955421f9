// Operations that only move elements. Each computes, once, from where every output element comes;
// a run is then one pass over that table.

extension StepContext {
  /// Fills `output` from `sources` (an offset into x for each element, or −1 for `filler`).
  private func gather(_ output: Operand, _ sources: [Int32], filler: Float) -> InterpreterStep {
    let x = self.x
    return {
      for (index, source) in sources.enumerated() {
        output.base[index] = source < 0 ? filler : x.base[Int(source)]
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
    let (parts, y) = (inputs, self.y)
    let outer = y.shape[..<axis].reduce(1, *)
    let inner = y.shape[(axis + 1)...].reduce(1, *)
    let lengths = parts.map { $0.shape[axis] * inner }
    return followed(by: activation) {
      var target = y.base
      for block in 0..<outer {
        for (part, length) in zip(parts, lengths) {
          target.update(from: part.base + block * length, count: length)
          target += length
        }
      }
    }
  }
}
