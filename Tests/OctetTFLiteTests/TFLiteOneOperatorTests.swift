import OctetModel
import OctetTFLite
import Testing

/// Operators that no file of the corpora has, in files of one operator put together here: what they
/// become.
@Suite struct TFLiteOneOperatorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// The operator's number.
    var code: Int
    /// Of the first operand, a float tensor that the model takes.
    var x: [Int]
    /// The other operands: a float input of a shape, or a constant of int32.
    var others: [Operand] = []
    /// The result.
    var y: [Int]
    /// The result is of int32.
    var givesIntegers = false
    var optionsType = 0
    var options: [Int: [UInt8]] = [:]
    var operation: OctetModel.Operation

    var testDescription: String { "\(operation.name) from \(code)" }
  }

  enum Operand: Sendable {
    case floats([Int])
    case integers([Int32])
  }

  static let image = [1, 4, 6, 2]

  static let cases: [Case] = [
    Case(
      code: 42, x: image, others: [.floats(image)], y: image, optionsType: 29, options: [4: [3]],
      operation: .divide(.relu6)),
    Case(code: 43, x: image, y: [4, 6, 2], operation: .reshape([4, 6, 2])),
    Case(
      code: 56, x: image, others: [.integers([-1])], y: [1, 4, 6], givesIntegers: true,
      operation: extremum(isMinimum: false)),
    Case(
      code: 79, x: image, others: [.integers([3])], y: [1, 4, 6], givesIntegers: true,
      operation: extremum(isMinimum: true)),
    Case(
      code: 65, x: image, others: [.integers([0, 1, 2, 0]), .integers([1, 2, -1, 2])],
      y: [1, 2, 4, 2],
      operation: .slice(begin: [0, 1, 2, 0], count: [1, 2, 4, 2], stride: [1, 1, 1, 1])),
    Case(
      code: 97, x: image, others: [.integers([8, 3])], y: [1, 8, 3, 2], optionsType: 74,
      options: [4: [1]],
      operation: .resize(
        ResizeAttributes(
          method: .nearest, coordinates: .alignCorners, rounding: .roundPreferCeil,
          outputShape: [1, 8, 3, 2], scales: [1, 2, 0.5, 1]))),
    Case(code: 152, x: image, y: image, operation: .scalar(.clip(lower: 0, upper: 1))),
    Case(code: 158, x: image, y: image, operation: .scalar(.sign)),
  ]

  static func extremum(isMinimum: Bool) -> OctetModel.Operation {
    .extremum(
      ExtremumAttributes(
        axis: 3, keepsDimensions: false, isMinimum: isMinimum, takesLast: false))
  }

  @Test(arguments: cases) func becomes(_ one: Case) throws {
    let graph = try TFLiteReader.read(one.file)
    #expect(graph.nodes.map(\.operation) == [one.operation])
    #expect(graph.tensors[graph.outputs[0]].shape == one.y)
  }

  /// Options of another operator's type are a contradiction, and named.
  @Test func optionsOfAnotherTypeAreRefused() throws {
    var one = Self.cases[0]
    one.optionsType = 28
    let error = #expect(throws: ExchangeError.self) { try TFLiteReader.read(one.file) }
    #expect(error?.description.contains("its options are of type 28, not 29") == true)
  }

  /// CAST and FLOOR_DIV, and how many operands they take.
  static let shapeCodes = [(53, 1), (90, 2)]

  /// They compute shapes and nothing else.
  @Test(arguments: shapeCodes) func integersOnly(code: Int, count: Int) throws {
    var one = Case(code: code, x: [1, 4], y: [1, 4], operation: .identity)
    one.others = [Operand](repeating: .floats([1, 4]), count: count - 1)
    let error = #expect(throws: ExchangeError.self) { try TFLiteReader.read(one.file) }
    #expect(error?.description.contains("Octet has no such operator") == true)
  }

  /// An axis without elements has nothing to mirror.
  @Test func emptyAxesAreNotMirrored() {
    for amount in [0, 1] {
      var file = TFLiteCaseFile()
      let x = file.tensor("x", [2, 0], type: 0)
      let y = file.tensor("y", [2, amount], type: 0)
      let amounts = file.integers([0, 0, Int32(amount), 0])
      file.add(100, [x, amounts], [y], optionsType: 77, [4: [0]])
      let graph = try? TFLiteReader.read(file.bytes(inputs: [x], outputs: [y]))
      #expect(amount == 0 || graph == nil)
    }
  }

  /// SHAPE → STRIDED_SLICE of height and width → CAST → FLOOR_DIV by 2 → the size of a RESIZE.
  @Test func shapesAreComputed() throws {
    var file = TFLiteCaseFile()
    let x = file.tensor("x", Self.image, type: 0)
    let shape = file.tensor("shape", [4], type: 2)
    let slice = file.tensor("slice", [2], type: 2)
    let cast = file.tensor("cast", [2], type: 4)
    let half = file.tensor("half", [2], type: 4)
    let y = file.tensor("y", [1, 2, 3, 2], type: 0)
    let bounds = [[1], [3], [1], [2]].map { file.integers($0) }
    file.add(77, [x], [shape])
    file.add(45, [shape] + bounds[..<3], [slice], optionsType: 32)
    file.add(53, [slice], [cast])
    file.add(90, [cast, bounds[3]], [half])
    file.add(97, [x, half], [y], optionsType: 74)
    let graph = try TFLiteReader.read(file.bytes(inputs: [x], outputs: [y]))
    #expect(graph.nodes.count == 1)
    #expect(graph.tensors[graph.outputs[0]].shape == [1, 2, 3, 2])
  }
}

extension TFLiteOneOperatorTests.Case {
  var file: [UInt8] {
    var file = TFLiteCaseFile()
    var inputs = [file.tensor("x", x, type: 0)]
    var operands = inputs
    for (index, other) in others.enumerated() {
      switch other {
      case .floats(let shape):
        inputs.append(file.tensor("x\(index + 2)", shape, type: 0))
        operands.append(inputs[inputs.count - 1])
      case .integers(let values): operands.append(file.integers(values))
      }
    }
    let y = file.tensor("y", y, type: givesIntegers ? 2 : 0)
    file.add(code, operands, [y], optionsType: optionsType, options)
    return file.bytes(inputs: inputs, outputs: [y])
  }
}

/// A small TFLite file in the making.
struct TFLiteCaseFile {
  private var tensors: [FlatTree] = []
  private var buffers: [FlatTree] = [.table([:])]
  private var codes: [FlatTree] = []
  private var nodes: [FlatTree] = []

  /// - Parameter type: of the schema's `TensorType`.
  mutating func tensor(_ name: String, _ shape: [Int], type: UInt8) -> Int {
    tensors.append(
      .table([
        4: Self.list(shape.map { Int32($0) }), 6: .scalar([type]), 8: Self.number(0),
        10: .vector(width: 1, bytes: Array(name.utf8)),
      ]))
    return tensors.count - 1
  }

  /// A constant.
  mutating func integers(_ values: [Int32]) -> Int {
    let index = tensor("c\(tensors.count)", [values.count], type: 2)
    if case .table(var fields) = tensors[index] {
      fields[8] = Self.number(buffers.count)
      tensors[index] = .table(fields)
    }
    buffers.append(.table([4: .vector(width: 1, bytes: values.flatMap { Self.bytes($0) })]))
    return index
  }

  mutating func add(
    _ code: Int, _ inputs: [Int], _ outputs: [Int], optionsType: Int = 0,
    _ options: [Int: [UInt8]] = [:]
  ) {
    var fields = [
      4: Self.number(codes.count), 6: Self.list(inputs.map { Int32($0) }),
      8: Self.list(outputs.map { Int32($0) }),
    ]
    if optionsType != 0 {
      fields[10] = .scalar([UInt8(optionsType)])
      fields[12] = .table(options.mapValues { .scalar($0) })
    }
    nodes.append(.table(fields))
    codes.append(.table([4: .scalar([UInt8(min(code, 127))]), 10: Self.number(code)]))
  }

  func bytes(inputs: [Int], outputs: [Int]) -> [UInt8] {
    let subgraph = FlatTree.table([
      4: .tables(tensors), 6: Self.list(inputs.map { Int32($0) }),
      8: Self.list(outputs.map { Int32($0) }), 10: .tables(nodes),
    ])
    return FlatTree.table([
      4: Self.number(3), 6: .tables(codes), 8: .tables([subgraph]), 12: .tables(buffers),
    ]).file
  }

  private static func bytes(_ value: Int32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func number(_ value: Int) -> FlatTree { .scalar(bytes(Int32(value))) }

  private static func list(_ values: [Int32]) -> FlatTree {
    .vector(width: 4, bytes: values.flatMap { bytes($0) })
  }
}
