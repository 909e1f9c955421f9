// Operations that only move elements. Each computes, once, from where every output element comes;
// a run is then one pass over that table.

extension StepContext {
  /// Fills `output` from `sources` (an offset into x for each element, or −1 for `filler`).
  func gather(_ output: Operand, _ sources: [Int32], filler: Float) -> InterpreterStep {
    x.isInteger
      ? move(output, sources, filler: truncated(filler, to: output.elementType))
      : move(output, sources, filler: filler)
  }

  private func move<Element>(
    _ output: Operand, _ sources: [Int32], filler: Element
  ) -> InterpreterStep {
    let (x, y) = unsafe (self.x.elements(Element.self), output.elements(Element.self))
    return {
      for (index, source) in sources.enumerated() {
        unsafe y[index] = source < 0 ? filler : x[Int(source)]
      }
    }
  }

  /// The table for `gather` of an output shape: `position` maps an output index along an axis to an
  /// input index, or nil where the filler goes.
  func table(_ shape: [Int], _ position: (Int, Int) -> Int?) -> [Int32] {
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

  /// The elements of x, in their order.
  func copy() -> InterpreterStep {
    let (x, y) = (self.x, self.y)
    let byteCount = y.count * (y.isInteger ? 8 : 4)
    return { unsafe y.raw.copyMemory(from: x.raw, byteCount: byteCount) }
  }
}
