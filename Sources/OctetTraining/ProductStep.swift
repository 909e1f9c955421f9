import OctetModel

/// Products of matrices that both depend on the image, or of one with a constant:
/// y `[batch, M, N]` = a `[batch, M, K]` · b `[batch, K, N]`, with the batches broadcast.
struct ProductStep: TrainingStep {
  var rowCount, depth, columnCount: Int
  /// For each product the element where its matrix begins.
  var aStarts, bStarts: [Int]
  var a, b, output: BlockBuffer
  var outputGradient: BlockBuffer
  var aGradient, bGradient: InputGradient?

  func forward(_ context: StepContext) {
    let (a, b) = unsafe (elements(context.pointer(a)), elements(context.pointer(b)))
    let y = unsafe elements(context.pointer(output))
    forEachProduct { aStart, bStart, yStart in
      for m in 0..<rowCount {
        for n in 0..<columnCount {
          var sum = Lanes()
          for k in 0..<depth {
            unsafe sum += a[aStart + m * depth + k] * b[bStart + k * columnCount + n]
          }
          unsafe y[yStart + m * columnCount + n] = sum
        }
      }
    }
  }

  /// da = dy · bᵀ and db = aᵀ · dy, summed where one matrix takes part in several products.
  func backward(_ context: StepContext) {
    for gradient in [aGradient, bGradient] {
      if let gradient, gradient.isFirst { context.zero(gradient.buffer) }
    }
    let (a, b) = unsafe (elements(context.pointer(a)), elements(context.pointer(b)))
    let dy = unsafe elements(context.pointer(outputGradient))
    let da = unsafe aGradient.map { unsafe elements(context.pointer($0.buffer)) }
    let db = unsafe bGradient.map { unsafe elements(context.pointer($0.buffer)) }
    forEachProduct { aStart, bStart, yStart in
      for m in 0..<rowCount {
        for n in 0..<columnCount {
          let gradient = unsafe dy[yStart + m * columnCount + n]
          for k in 0..<depth {
            let (i, j) = (aStart + m * depth + k, bStart + k * columnCount + n)
            if let da = unsafe da { unsafe da[i] += gradient * b[j] }
            if let db = unsafe db { unsafe db[j] += gradient * a[i] }
          }
        }
      }
    }
  }

  private func forEachProduct(_ body: (_ a: Int, _ b: Int, _ y: Int) -> Void) {
    for index in aStarts.indices {
      body(aStarts[index], bStarts[index], index * rowCount * columnCount)
    }
  }
}

extension TrainingPlanner {
  mutating func planProduct() throws(TrainingError) {
    try require(node.inputs.count == 2, "it needs two inputs")
    var (a, b) = (shape(node.inputs[0]), shape(node.inputs[1]))
    if a.count == 1 { a.insert(1, at: 0) }
    if b.count == 1 { b.append(1) }
    try require(a.count > 1 && b.count > 1, "it takes no numbers")
    let (rows, depth, columns) = (a[a.count - 2], a[a.count - 1], b[b.count - 1])
    let count = shape(node.outputs[0]).elementCount
    let products = count / max(rows * columns, 1)
    let batches = [Array(a.dropLast(2)), Array(b.dropLast(2))]
    let axes = max(batches[0].count, batches[1].count)
    let padded = batches.map { [Int](repeating: 1, count: axes - $0.count) + $0 }
    let broadcast = zip(padded[0], padded[1]).map { max($0, $1) }
    try require(
      b[b.count - 2] == depth && broadcast.elementCount == products
        && products * rows * columns == count,
      "\(a) and \(b) cannot be multiplied")
    let operands = [try operand(0, isTrained: true), try operand(1, isTrained: true)]
    let places = [
      try self.places(of: padded[0], in: broadcast), try self.places(of: padded[1], in: broadcast),
    ]
    func starts(_ input: Int, _ size: Int) -> [Int] {
      (0..<products).map { index in (places[input].map { Int($0[index]) } ?? index) * size }
    }
    markTrained(hasParameters: operands.contains { $0.gradient != nil })
    steps.append(
      ProductStep(
        rowCount: rows, depth: depth, columnCount: columns, aStarts: starts(0, rows * depth),
        bStarts: starts(1, depth * columns), a: operands[0].buffer, b: operands[1].buffer,
        output: buffer(node.outputs[0]), outputGradient: outputGradient(),
        aGradient: operands[0].gradient, bGradient: operands[1].gradient))
  }
}
