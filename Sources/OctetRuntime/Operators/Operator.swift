#if _pointerBitWidth(_32)
  private import COctetKernels
#endif

/// One kind of operator: how its record is checked and how it runs.
///
/// A type for each kind, in a file of its name. Its `init` reads the parameter words; it is only
/// called after their number was checked.
protocol Operator {
  /// Words of the operator's parameters.
  static var parameterCount: Int { get }
  /// The same in blobs of the version before.
  static var previousParameterCount: Int { get }
  /// Whether a record without words is of the kind as well: it was, before the kind had any.
  static var takesNoParameters: Bool { get }
  /// Numbers of operands that the kind takes.
  static var inputCounts: ClosedRange<Int> { get }
  static var outputCounts: ClosedRange<Int> { get }

  init(_ view: OperatorRecord)
  var view: OperatorRecord { get }

  /// Throws unless `run` is safe for any input: shapes fit together, parameters are in range, data
  /// lies inside the blob. Operands are already known to lie inside the arena or the data.
  func validate() throws(ModelError)

  /// Scratch memory that `run` can use, whatever the backend.
  var scratchByteCount: Int { get }

  /// Scratch memory that `run` can use where there is room for it beside the tensors.
  var mostScratchByteCount: Int { get }

  /// Scratch memory that a valid blob has at least: below ``scratchByteCount`` where `run` has a
  /// slower way without, as for blobs that were written before the faster one was known.
  var leastScratchByteCount: Int { get }

  /// What preparing and running it takes.
  var demand: Demand { get }

  /// How far input `index` must start beyond the start of the output for the two to share memory,
  /// in bytes: `input offset − output offset ≥ distance`. Nil when they must be disjoint.
  func overlapDistance(input index: Int) -> Int?

  /// Where the output's bytes stand in input 0 already, in bytes from its start: an output that
  /// lies there is a view, which `run` does not write. Nil when they do not stand there.
  var viewOffset: Int? { get }

  func run(_ context: OperatorContext)

  #if arch(x86_64)
    /// Prepares the operator for wide vectors; nil when the portable kernel should run it.
    func prepare(_ workspace: inout X86Workspace) -> Int?
  #endif
  #if canImport(COctetKernels.NEON)
    /// Whether weights of −128 stand where `PairedProducts` would overflow.
    var hasLowestPairs: Bool { get }
  #endif
}

/// The elements of an operator's inputs and outputs.
package enum OperandElements: Sendable {
  case int8, int16
  /// All int8 or all int16.
  case alike
  case any
}

extension OperatorRecord {
  /// Whether the operands have the elements that the kind takes.
  var hasOwnElements: Bool {
    #if OCTET_SELECT && !OCTET_INT16
      return true
    #else
      var wideCount = 0
      for index in 0..<inputCount where operand(index).isInt16 { wideCount &+= 1 }
      for index in 0..<outputCount where result(index).isInt16 { wideCount &+= 1 }
      return switch kind?.elements {
      case nil: false
      case .int8: wideCount == 0
      case .int16: wideCount == inputCount &+ outputCount
      case .alike: wideCount == 0 || wideCount == inputCount &+ outputCount
      case .any: true
      }
    #endif
  }
}

extension Operator {
  static var previousParameterCount: Int { parameterCount }
  static var takesNoParameters: Bool { false }

  var scratchByteCount: Int { 0 }
  var mostScratchByteCount: Int { scratchByteCount }
  var leastScratchByteCount: Int { scratchByteCount }

  /// A few steps an element.
  var demand: Demand {
    let elementCount = max(view.operand(0).elementCount, view.result(0).elementCount)
    return Demand(partCount: elementCount, stepCount: 16)
  }

  func overlapDistance(input index: Int) -> Int? { nil }
  var viewOffset: Int? { nil }
}

/// A parameter word of a kind of operator. Each kind names its own, in the order in which they
/// stand in a blob: who writes and who reads them use the names.
package protocol ParameterWord: RawRepresentable, Hashable, Sendable where RawValue == Int {}

extension OperatorRecord {
  /// A parameter word; of neighbouring ones for the axes N, H, W, C that of `axis`.
  @inline(__always)
  package func parameter(_ word: some ParameterWord, axis: Int = 0) -> Int32 {
    parameter(word.rawValue &+ axis)
  }
}

/// What an operator takes that a file could ask too much of.
struct Demand {
  /// Bytes of the data that the parameters name.
  var dataByteCount = 0
  /// Equal parts of one inference, and the steps of each: multiply-adds, and more for what takes
  /// longer; a sum counts 16 beside its products.
  var partCount: Int
  var stepCount: Int

  /// The steps in units of 2⁸; `Int.max` when it does not hold them.
  var workCount: Int {
    #if _pointerBitWidth(_32)
      // In C for the same reason as `highMultiply`.
      Int(
        octet_scaled_product(
          Int32(truncatingIfNeeded: partCount), Int32(truncatingIfNeeded: stepCount)))
    #else
      product(partCount, stepCount, limit: .max).map { $0 >> 8 } ?? .max
    #endif
  }
}

extension OperatorKind {
  /// The elements that operands of the kind may have.
  package var elements: OperandElements {
    switch self {
    case .convolution, .fullyConnected, .depthwiseConvolution, .convolution4, .fullyConnected4,
      .depthwiseConvolution4, .softmax, .minimum, .maximum,
      .lookup, .transposedConvolution, .resizeNearest, .resizeBilinear, .logSoftmax,
      .matrixMultiply, .squaredDifference, .l2Normalization:
      .int8
    case .maxPool, .averagePool, .add, .subtract, .multiply, .mean, .concatenation, .pad, .reshape,
      .transpose, .slice:
      .alike
    case .convolution16, .fullyConnected16, .depthwiseConvolution16, .softmax16, .sigmoid16: .int16
    case .requantize: .any
    }
  }
}

/// Something to do with an operator whatever its kind.
protocol OperatorVisitor {
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) throws(ModelError)
}

extension OperatorRecord {
  /// Hands the operator's type to `visitor`. This is the one list of the operators that exist.
  ///
  /// Firmware links only what its model uses: with `OCTET_SELECT` defined, an operator is there
  /// when `OCTET_` and its name is defined too.
  func accept<Visitor: OperatorVisitor>(_ visitor: inout Visitor) throws(ModelError) {
    guard let kind else { throw ModelError(.operatorKind, at: offset) }
    // Who selects a kind with weights of four bits selects the one of int8, whose visit they share.
    switch kind {
    #if !OCTET_SELECT || OCTET_CONVOLUTION4
      case .convolution4: fallthrough
    #endif
    #if !OCTET_SELECT || OCTET_CONVOLUTION
      case .convolution: try visitor.visit(Convolution.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_FULLYCONNECTED4
      case .fullyConnected4: fallthrough
    #endif
    #if !OCTET_SELECT || OCTET_FULLYCONNECTED
      case .fullyConnected: try visitor.visit(FullyConnected.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_DEPTHWISECONVOLUTION4
      case .depthwiseConvolution4: fallthrough
    #endif
    #if !OCTET_SELECT || OCTET_DEPTHWISECONVOLUTION
      case .depthwiseConvolution: try visitor.visit(DepthwiseConvolution.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MAXPOOL
      case .maxPool: try visitor.visit(MaxPool.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_AVERAGEPOOL
      case .averagePool: try visitor.visit(AveragePool.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SOFTMAX
      case .softmax: try visitor.visit(Softmax.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_LOGSOFTMAX
      case .logSoftmax: try visitor.visit(LogSoftmax.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_L2NORMALIZATION
      case .l2Normalization: try visitor.visit(L2Normalization.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MATRIXMULTIPLY
      case .matrixMultiply: try visitor.visit(MatrixMultiply.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_TRANSPOSEDCONVOLUTION
      case .transposedConvolution: try visitor.visit(TransposedConvolution.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_CONVOLUTION16
      case .convolution16: try visitor.visit(Convolution16.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_FULLYCONNECTED16
      case .fullyConnected16: try visitor.visit(FullyConnected16.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_DEPTHWISECONVOLUTION16
      case .depthwiseConvolution16: try visitor.visit(DepthwiseConvolution16.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SOFTMAX16
      case .softmax16: try visitor.visit(Softmax16.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SIGMOID16
      case .sigmoid16: try visitor.visit(Sigmoid16.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_REQUANTIZE
      case .requantize: try visitor.visit(Requantize.self, self)
    #endif
    default: try acceptOther(kind, &visitor)
    }
  }

  /// The operators without weights and windows.
  private func acceptOther<Visitor: OperatorVisitor>(
    _ kind: OperatorKind, _ visitor: inout Visitor
  ) throws(ModelError) {
    switch kind {
    #if !OCTET_SELECT || OCTET_ADD
      case .add: try visitor.visit(Add.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SUBTRACT
      case .subtract: try visitor.visit(Subtract.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MULTIPLY
      case .multiply: try visitor.visit(Multiply.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MINIMUM
      case .minimum: try visitor.visit(Minimum.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MAXIMUM
      case .maximum: try visitor.visit(Maximum.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SQUAREDDIFFERENCE
      case .squaredDifference: try visitor.visit(SquaredDifference.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_MEAN
      case .mean: try visitor.visit(Mean.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_CONCATENATION
      case .concatenation: try visitor.visit(Concatenation.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_PAD
      case .pad: try visitor.visit(Pad.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_RESHAPE
      case .reshape: try visitor.visit(Reshape.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_TRANSPOSE
      case .transpose: try visitor.visit(Transpose.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_SLICE
      case .slice: try visitor.visit(Slice.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_LOOKUP
      case .lookup: try visitor.visit(Lookup.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_RESIZENEAREST
      case .resizeNearest: try visitor.visit(ResizeNearest.self, self)
    #endif
    #if !OCTET_SELECT || OCTET_RESIZEBILINEAR
      case .resizeBilinear: try visitor.visit(ResizeBilinear.self, self)
    #endif
    default: throw ModelError(.operatorNotLinked, at: offset)
    }
  }

  /// Scratch memory that the operator needs. Its shapes and parameters must be valid.
  package var neededScratchByteCount: Int {
    var query = ScratchQuery()
    try? accept(&query)
    return query.byteCount
  }

  /// Scratch memory that it can use where there is room: at least what it needs.
  package var mostScratchByteCount: Int {
    var query = ScratchQuery()
    try? accept(&query)
    return query.mostByteCount
  }

  /// The steps of one inference in units of 2⁸. Its shapes and parameters must be valid.
  package var workCount: Int {
    var query = DemandQuery()
    try? accept(&query)
    return query.demand?.workCount ?? 0
  }

  /// See `Operator.overlapDistance`. Its shapes and parameters must be valid.
  package func overlapDistance(input index: Int) -> Int? {
    var query = OverlapQuery(input: index)
    try? accept(&query)
    return query.distance
  }
}

private struct ScratchQuery: OperatorVisitor {
  var byteCount = 0
  var mostByteCount = 0
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
    byteCount = Kind(view).scratchByteCount
    mostByteCount = Kind(view).mostScratchByteCount
  }
}

private struct DemandQuery: OperatorVisitor {
  var demand: Demand?
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
    demand = Kind(view).demand
  }
}

private struct OverlapQuery: OperatorVisitor {
  let input: Int
  var distance: Int?
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
    distance = Kind(view).overlapDistance(input: input)
  }
}

private struct Runner: OperatorVisitor {
  let context: OperatorContext
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
    Kind(view).run(context)
  }
}

extension OperatorContext {
  func run() {
    var runner = Runner(context: self)
    try? view.accept(&runner)
  }
}
