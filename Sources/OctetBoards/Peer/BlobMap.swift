import OctetCompiler
import OctetRuntime

/// What each byte of a blob is for.
struct BlobMap {
  /// A piece of the blob that one operator uses.
  struct Part {
    var start: Int
    var operatorIndex: Int
    /// `weights of 'conv2'`
    var name: String
    var elementByteCount: Int
  }

  private let model: LoadedModel
  private let parts: [Part]

  init(_ model: LoadedModel) {
    self.model = model
    var parts: [Part] = []
    for index in (0..<model.operatorCount).reversed() {
      let view = model.operator(index)
      for (position, word) in Self.dataWords(view).enumerated() {
        parts.append(
          Part(
            start: Int(view.parameter(word)), operatorIndex: index,
            name: "\(Self.names[position]) of '\(view.name.shown)'",
            elementByteCount: [1, view.kind?.elements == .int16 ? 8 : 4, 4, 1][position]))
      }
      if view.kind == .lookup {
        parts.append(
          Part(
            start: Int(view.parameter(Lookup.Word.tables)), operatorIndex: index,
            name: "table of '\(view.name.shown)'", elementByteCount: 1))
      }
      for operand in (0..<view.inputCount).map({ view.input($0) }) where operand.isConstant {
        parts.append(
          Part(
            start: operand.dataOffset, operatorIndex: index,
            name: "constant '\(operand.name.shown)'", elementByteCount: 1))
      }
    }
    self.parts = parts.sorted { $0.start < $1.start }
  }

  private static let names = ["weights", "biases", "multipliers", "shifts"]

  /// The parameter words that hold where weights, biases, multipliers and shifts stand.
  private static func dataWords(_ view: OperatorView) -> Range<Int> {
    let first: Int
    switch view.kind?.widened {
    case .convolution: first = Convolution.Word.weights.rawValue
    case .depthwiseConvolution: first = DepthwiseConvolution.Word.weights.rawValue
    case .transposedConvolution: first = TransposedConvolution.Word.weights.rawValue
    case .fullyConnected: first = FullyConnected.Word.weights.rawValue
    case .convolution16: first = Convolution16.Word.weights.rawValue
    case .depthwiseConvolution16: first = DepthwiseConvolution16.Word.weights.rawValue
    case .fullyConnected16: first = FullyConnected16.Word.weights.rawValue
    default: return 0..<0
    }
    return first..<first + 4
  }

  /// The part with the byte, and the element in it; nil for records, names and the self-test.
  func part(at offset: Int) -> (part: Part, element: Int)? {
    let header = model.blob.bytes.prefix(BlobHeader.byteCount)
    let start = Int(UInt32(littleEndian: header.dropFirst(BlobHeader.dataOffset.offset).prefix(4)))
    guard offset >= start, let part = parts.last(where: { $0.start <= offset }) else { return nil }
    // Several operators may share what starts there; the first one of them meets it.
    let first = parts.first { $0.start == part.start } ?? part
    return (first, (offset - first.start) / first.elementByteCount)
  }

  /// What stands at a byte that no operator's data has.
  func section(at offset: Int) -> String {
    if offset < BlobHeader.byteCount { return "the header" }
    let bytes = model.blob.bytes
    func start(_ field: Field<UInt32>) -> Int {
      Int(UInt32(littleEndian: bytes[field.offset..<field.offset + 4]))
    }
    let sections = [
      (start(BlobHeader.tensorOffset), "the records of tensors"),
      (start(BlobHeader.operatorOffset), "the records of operators"),
      (start(BlobHeader.listOffset), "the list of operands"),
      (start(BlobHeader.parameterOffset), "the operators' parameters"),
      (start(BlobHeader.stringOffset), "the names"), (start(BlobHeader.dataOffset), "the data"),
    ]
    return sections.filter { $0.0 <= offset }.max { $0.0 < $1.0 }?.1 ?? "the header"
  }
}
