import COctetFloatKernels
import OctetCompiler
import OctetModel

/// A function of one code: its result for each of 256, as the runtime's table has it, and how
/// steeply the real function rises there.
struct CodeTable: Sendable {
  /// The results less their zero point, one table of 256 after the other.
  var codes: [Float]
  /// The real function's derivative; 0 where the result is clipped to its grid.
  var slopes: [Float]
  /// 1, or as many as there are channels.
  var count: Int { codes.count / 256 }

  /// - Parameter values: for each table the function's real values for the codes −128…127.
  init(_ graph: Graph, from source: TensorIndex, to result: TensorIndex, values: [[Float]]) {
    let grids = Grids(graph, source, result)
    self.init(
      grids, tables: values.map { $0.map { grids.table.code(Double($0)) } },
      values: values.map { $0.map { Double($0) } },
      derivatives: values.map { values in
        values.indices.map { index in
          let (before, after) = (max(index - 1, 0), min(index + 1, 255))
          let rise = Double(values[after]) - Double(values[before])
          return rise / (Double(after - before) * Double(grids.source.scale))
        }
      })
  }

  /// nil for an operation that is no function of one element.
  init?(_ graph: Graph, _ node: Node) {
    let grids = Grids(graph, node.inputs[0], node.outputs[0])
    let reals = (-128...127).map {
      Double(grids.source.scale) * Double($0 - grids.source.zeroPoint)
    }
    if case .scalar(let function) = node.operation {
      guard let table = grids.table.values(of: node.operation) else { return nil }
      self.init(
        grids, tables: [table], values: [reals.map { function.value($0) }],
        derivatives: [reals.map { function.derivative($0) }])
    } else if case .quantize = node.operation {
      guard let table = grids.table.values(of: node.operation) else { return nil }
      self.init(
        grids, tables: [table], values: [reals], derivatives: [reals.map { _ in 1 }])
    } else if case .prelu = node.operation {
      let slope = graph.tensors[node.inputs[1]]
      guard let slopes = slope.reals else { return nil }
      var tables = grids.table.preluValues(slopes: slopes)
      if case .int8(let codes) = slope.constant, let grid = slope.quantization {
        tables = grids.table.preluValues(
          slopes: codes,
          of: LookupTable.Code(scale: grid.scales[0], zeroPoint: Int(grid.zeroPoints[0])))
      }
      self.init(
        grids,
        tables: slopes.indices.map { Array(tables[256 * $0..<256 * ($0 + 1)]) },
        values: slopes.map { slope in reals.map { $0 < 0 ? Double(slope) * $0 : $0 } },
        derivatives: slopes.map { slope in reals.map { $0 < 0 ? Double(slope) : 1 } })
    } else {
      return nil
    }
  }

  private init(_ grids: Grids, tables: [[Int8]], values: [[Double]], derivatives: [[Double]]) {
    codes = tables.joined().map { Float(Int($0) - grids.result.zeroPoint) }
    let (scale, zeroPoint) = (Double(grids.result.scale), Double(grids.result.zeroPoint))
    slopes = zip(values.joined(), derivatives.joined()).map { value, derivative in
      let steps = value / scale + zeroPoint
      return steps < -128.5 || steps > 127.5 || !derivative.isFinite ? 0 : Float(derivative)
    }
  }

  /// The grids on both sides.
  private struct Grids {
    let source, result: LookupTable.Code
    let table: LookupTable

    init(_ graph: Graph, _ source: TensorIndex, _ result: TensorIndex) {
      func code(_ tensor: TensorIndex) -> LookupTable.Code {
        let grid = graph.tensors[tensor].quantization
        return LookupTable.Code(
          scale: grid?.scales.first ?? 1, zeroPoint: Int(grid?.zeroPoints.first ?? 0))
      }
      (self.source, self.result) = (code(source), code(result))
      table = LookupTable(input: self.source, output: self.result, in: graph.arithmetic)
    }
  }
}

/// A function of one code, element by element.
struct CodeTableStep: TrainingStep {
  let table: CodeTable
  var input, output: BlockBuffer
  /// 128 more than the zero point of the input, so that codes less that become places.
  var firstCode: Int32
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    unsafe table.codes.withUnsafeBufferPointer { codes in
      for index in 0..<input.count {
        unsafe y[index] = unsafe looked(up: x[index], at: index, in: codes)
      }
    }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let (x, dy) = unsafe (
      elements(context.pointer(input)), elements(context.pointer(outputGradient))
    )
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    unsafe table.slopes.withUnsafeBufferPointer { slopes in
      for index in 0..<input.count {
        let value = unsafe dy[index] * looked(up: x[index], at: index, in: slopes)
        unsafe dx[index] = inputGradient.isFirst ? value : dx[index] + value
      }
    }
  }

  @inline(__always)
  private func looked(
    up codes: Lanes, at index: Int, in values: UnsafeBufferPointer<Float>
  ) -> Lanes {
    let start = 256 * (index % table.count) + Int(firstCode)
    let places = octet_whole(codes)
    var result = Lanes()
    for lane in 0..<TrainingNetwork.blockSize {
      result[lane] = unsafe values[start + Int(places[lane])]
    }
    return result
  }
}
