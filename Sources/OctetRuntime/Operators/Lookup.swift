#if canImport(COctetKernels.NEON)
  internal import COctetKernels
#endif

/// A table of 256 results: any function of one int8 element, made by the exporter. ReLU with its
/// requantization, leaky ReLU, hard swish, logistic, tanh and quantization are of this kind.
///
/// One table for all, or one for each channel.
package struct Lookup: Operator {
  package static let parameterCount = 2
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// 1 or C.
    case tableCount
    /// Blob offset of int8 `[tableCount, 256]`; the result for x stands at x + 128.
    case tables
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: output))
    let count = Int(view.parameter(Word.tableCount))
    try view.require(count == 1 || count == input.channels)
    guard let byteCount = product(count, 256) else {
      throw ModelError(.tooLarge, at: view.offset)
    }
    try view.requireData(parameter: Word.tables, byteCount: byteCount)
  }

  var demand: Demand {
    Demand(
      dataByteCount: 256 &* Int(view.parameter(Word.tableCount)), partCount: output.elementCount,
      stepCount: 16)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let source = unsafe context.input(0)
    let target = unsafe context.output(0)
    let tables = unsafe context.data(view.parameter(Word.tables), as: Int8.self) + 128
    if view.parameter(Word.tableCount) == 1 {
      var index = 0
      #if canImport(COctetKernels.NEON) && arch(arm64)
        if context.backend != .portable {
          let table = unsafe ByteTable(tables - 128)
          while index &+ 16 <= output.elementCount {
            let codes = unsafe UnsafeRawPointer(source + index)
              .loadUnaligned(as: SIMD16<Int8>.self)
            unsafe UnsafeMutableRawPointer(target + index)
              .storeBytes(of: table(codes), as: SIMD16<Int8>.self)
            index &+= 16
          }
        }
      #endif
      while index < output.elementCount {
        unsafe target[index] = tables[Int(source[index])]
        index &+= 1
      }
      return
    }
    let channels = output.channels
    var index = 0
    while index < output.elementCount {
      for channel in 0..<channels {
        unsafe target[index &+ channel] =
          tables[channel &* 256 &+ Int(source[index &+ channel])]
      }
      index &+= channels
    }
  }
}

#if canImport(COctetKernels.NEON) && arch(arm64)
  /// A table of 256 bytes in registers, in quarters.
  private struct ByteTable {
    private let quarters: Four<Four<SIMD16<Int8>>>

    init(_ table: UnsafePointer<Int8>) {
      var next = unsafe table
      let a = unsafe Self.quarter(&next)
      let b = unsafe Self.quarter(&next)
      let c = unsafe Self.quarter(&next)
      quarters = Four(a: a, b: b, c: c, d: unsafe Self.quarter(&next))
    }

    @inline(__always)
    private static func quarter(_ next: inout UnsafePointer<Int8>) -> Four<SIMD16<Int8>> {
      unsafe Four(
        a: loadNext(&next), b: loadNext(&next), c: loadNext(&next), d: loadNext(&next))
    }

    /// The results of sixteen codes, the lowest of which is the table's first. An index beyond a
    /// quarter gives 0 there.
    @inline(__always)
    func callAsFunction(_ codes: SIMD16<Int8>) -> SIMD16<Int8> {
      look(quarters.a, codes &- SIMD16(repeating: -128))
        | look(quarters.b, codes &- SIMD16(repeating: -64))
        | look(quarters.c, codes) | look(quarters.d, codes &- SIMD16(repeating: 64))
    }

    @inline(__always)
    private func look(
      _ quarter: Four<SIMD16<Int8>>, _ indices: SIMD16<Int8>
    ) -> SIMD16<Int8> {
      octet_look_up(quarter.a, quarter.b, quarter.c, quarter.d, indices)
    }
  }
#endif
