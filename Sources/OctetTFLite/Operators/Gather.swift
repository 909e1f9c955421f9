import OctetModel

/// GATHER of constant places: those in even steps are a slice, and slices are joined.
enum Gather: TFLiteDefinition {
  static let builtins = [TFLiteBuiltin(36, inputs: 2...2, options: 23)]
  /// More pieces than a blob's concatenation takes.
  private static let pieceLimit = 255

  private enum Options {
    static let axis = FlatSlot<Int32>(0)
    static let batchDimensions = FlatSlot<Int32>(1)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    guard try call[Options.batchDimensions] == 0 else {
      throw .unsupported("it takes other places for each element of the batch")
    }
    let x = try call.shape(0)
    let axis = try call.axis(try call[Options.axis], rank: x.count)
    let places = try call.integers(1, "its places are")
    guard places.allSatisfy({ (0..<x[axis]).contains($0) }), !places.isEmpty else {
      throw call.broken("it takes places that do not exist among \(x[axis])")
    }
    let runs = evenRuns(places)
    let given = try call.operand(0)
    guard runs.count <= pieceLimit else {
      throw .unsupported(
        "its \(places.count) places are \(runs.count) runs of even steps; \(pieceLimit) are "
          + "supported")
    }
    var pieces: [TensorIndex] = []
    for (index, run) in runs.enumerated() {
      pieces.append(try call.piece(given, along: axis, run, "/run\(index)"))
    }
    let joined = try call.joined(pieces, along: axis, "/joined")
    let shape = try call.shape(1)
    try call.append(.reshape(Array(x[..<axis]) + shape + Array(x[(axis + 1)...])), inputs: [joined])
  }

  private static func evenRuns(_ places: [Int]) -> [EvenRun] {
    var runs: [EvenRun] = []
    for place in places {
      if var run = runs.last {
        let last = run.begin + (run.count - 1) * run.stride
        let step = place - last
        if step != 0, run.count == 1 || step == run.stride {
          run.count += 1
          run.stride = step
          runs[runs.count - 1] = run
          continue
        }
      }
      runs.append(EvenRun(begin: place, count: 1, stride: 1))
    }
    return runs
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    guard operands.count == 2, operands[1].allSatisfy({ operands[0].indices.contains($0) })
    else { return nil }
    return operands[1].map { operands[0][$0] }
  }
}

/// Places along an axis, `stride` apart.
struct EvenRun {
  var begin, count, stride: Int
}

extension TFLiteCall {
  /// The elements of one axis at some places.
  func piece(
    _ source: TensorIndex, along axis: Int, _ run: EvenRun, _ suffix: String
  ) throws(TFLiteRefusal) -> TensorIndex {
    var count = tensor(source).shape
    var begin = [Int](repeating: 0, count: count.count)
    var stride = [Int](repeating: 1, count: count.count)
    (begin[axis], count[axis], stride[axis]) = (run.begin, run.count, run.stride)
    return try step(.slice(begin: begin, count: count, stride: stride), [source], suffix)
  }

  /// The pieces, one after the other.
  func joined(
    _ pieces: [TensorIndex], along axis: Int, _ suffix: String
  ) throws(TFLiteRefusal) -> TensorIndex {
    if pieces.count == 1 { return pieces[0] }
    return try step(.concatenation(axis: axis, activation: .none), pieces, suffix)
  }
}
