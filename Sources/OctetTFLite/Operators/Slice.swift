import OctetModel

/// SLICE and STRIDED_SLICE.
enum Slice: TFLiteDefinition {
  private static let plain = TFLiteBuiltin(65, inputs: 3...3)
  private static let strided = TFLiteBuiltin(45, inputs: 4...4, options: 32)
  static let builtins = [plain, strided]

  /// Masks have a bit for each entry.
  fileprivate enum Options {
    static let beginMask = FlatSlot<Int32>(0)
    static let endMask = FlatSlot<Int32>(1)
    static let ellipsisMask = FlatSlot<Int32>(2)
    static let newAxisMask = FlatSlot<Int32>(3)
    static let shrinkAxisMask = FlatSlot<Int32>(4)
    static let endIsOffset = FlatSlot<Bool>(5)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    if call.kind == plain { return try readPlain(call, x) }
    let slice = try StridedSlice(call, shape: x)
    let operation = Operation.slice(
      begin: slice.begin, count: slice.count, stride: slice.stride)
    if slice.result == slice.count { return try call.append(operation) }
    // Axes that go or come become a reshape after the slice.
    let whole = try call.step(operation, [try call.operand(0)], "/slice")
    try call.append(.reshape(slice.result), inputs: [whole])
  }

  private static func readPlain(
    _ call: TFLiteCall, _ x: [Int]
  ) throws(TFLiteRefusal) {
    let begin = try call.integers(1, "its start is")
    var count = try call.integers(2, "its size is")
    guard begin.count == x.count, count.count == x.count else {
      throw call.broken("it has \(begin.count) starts for \(x.count) dimensions")
    }
    for axis in x.indices {
      guard (0...x[axis]).contains(begin[axis]), (-1...x[axis]).contains(count[axis]) else {
        throw call.broken("it takes \(count) from \(begin) in \(x)")
      }
      if count[axis] == -1 { count[axis] = x[axis] - begin[axis] }
    }
    try call.append(.slice(begin: begin, count: count, stride: [Int](repeating: 1, count: x.count)))
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    guard call.kind == strided, operands.count == 4, try call.shape(0).count == 1 else {
      return nil
    }
    let slice = try StridedSlice(call, shape: [operands[0].count])
    return (0..<slice.count[0]).map { operands[0][slice.begin[0] + $0 * slice.stride[0]] }
  }

  /// STRIDED_SLICE, with the mask that lets a walk back end before the first element.
  static func write(
    _ node: Node, _ begin: [Int], _ count: [Int], _ stride: [Int],
    _ exporter: TFLiteExporter
  ) {
    var end: [Int] = []
    var endMask = 0
    for axis in begin.indices {
      let last = begin[axis] + (count[axis] - 1) * stride[axis]
      let stop = stride[axis] > 0 ? last + 1 : last - 1
      if stop < 0 { endMask |= 1 << axis }
      end.append(count[axis] == 0 ? begin[axis] : max(stop, 0))
    }
    exporter.append(
      strided, node, [begin, end, stride], options: [Options.endMask(endMask)])
  }
}

/// A strided slice with its masks resolved.
struct StridedSlice {
  private(set) var begin: [Int] = []
  private(set) var count: [Int] = []
  private(set) var stride: [Int] = []
  /// The shape after axes have been dropped and added.
  private(set) var result: [Int] = []

  private typealias Slot = Slice.Options

  /// What all entries share.
  private struct Masks {
    var begin, end, shrunk: Int
    var endIsOffset: Bool
  }

  /// - Parameter x: the operand's shape.
  init(_ call: TFLiteCall, shape x: [Int]) throws(TFLiteRefusal) {
    let begins = try call.integers(1, "its start is")
    let ends = try call.integers(2, "its end is")
    let strides = try call.integers(3, "its stride is")
    let masks = Masks(
      begin: try call[Slot.beginMask], end: try call[Slot.endMask],
      shrunk: try call[Slot.shrinkAxisMask], endIsOffset: try call[Slot.endIsOffset])
    let (ellipsis, newAxes) = (try call[Slot.ellipsisMask], try call[Slot.newAxisMask])
    guard ends.count == begins.count, strides.count == begins.count, begins.count <= 16 else {
      throw call.broken("it has \(begins.count) starts for \(x.count) dimensions")
    }
    // An entry stands for one axis of x, for none (it adds one), or for all that are left over.
    let entries = begins.indices
    let single = entries.filter { ellipsis & (1 << $0) == 0 && newAxes & (1 << $0) == 0 }.count
    guard single <= x.count, entries.filter({ ellipsis & (1 << $0) != 0 }).count <= 1 else {
      throw call.broken("it has \(begins.count) starts for \(x.count) dimensions")
    }
    for entry in entries {
      if ellipsis & (1 << entry) != 0 {
        for _ in 0..<x.count - single { appendWhole(x) }
      } else if newAxes & (1 << entry) != 0 {
        result.append(1)
      } else {
        try append(
          x[begin.count], begins[entry], ends[entry], strides[entry], 1 << entry, masks, call)
      }
    }
    // Fewer bounds than dimensions leave the last ones whole.
    while begin.count < x.count { appendWhole(x) }
  }

  private mutating func appendWhole(_ x: [Int]) {
    let length = x[begin.count]
    result.append(length)
    append(begin: 0, count: length, stride: 1)
  }

  /// One axis of `length` elements, whose bit in the masks is `bit`.
  private mutating func append(
    _ length: Int, _ given: Int, _ givenEnd: Int, _ stride: Int, _ bit: Int, _ masks: Masks,
    _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    let limit = Int(Int32.max)
    guard stride != 0, (-limit...limit).contains(stride) else {
      throw call.broken("its stride is \(stride)")
    }
    // Where a walk may start and must end, for both directions.
    let (lowest, highest) = stride > 0 ? (0, length) : (-1, length - 1)
    func resolve(_ index: Int) -> Int {
      min(max(index < 0 ? index + length : index, lowest), highest)
    }
    let isBeginOpen = masks.begin & bit != 0
    let first = isBeginOpen ? (stride > 0 ? lowest : highest) : resolve(given)
    if masks.shrunk & bit != 0 {
      guard (0..<length).contains(first) else { throw call.broken("it reads outside its input") }
      append(begin: first, count: 1, stride: 1)
      return
    }
    let (end, overflow) =
      masks.endIsOffset ? first.addingReportingOverflow(givenEnd) : (givenEnd, false)
    guard !overflow else { throw call.broken("its end is \(givenEnd)") }
    let isEndOpen = masks.end & bit != 0
    let stop = isEndOpen ? (stride > 0 ? highest : lowest) : resolve(end)
    let distance = stride > 0 ? stop - first : first - stop
    let count = max(0, (distance + abs(stride) - 1) / abs(stride))
    result.append(count)
    append(begin: count == 0 ? 0 : first, count: count, stride: stride)
  }

  private mutating func append(begin: Int, count: Int, stride: Int) {
    self.begin.append(begin)
    self.count.append(count)
    self.stride.append(stride)
  }
}
