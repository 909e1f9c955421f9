/// A strided slice with its masks resolved.
struct StridedSlice {
  private(set) var begin: [Int] = []
  private(set) var count: [Int] = []
  private(set) var stride: [Int] = []
  /// The shape after axes have been dropped and added.
  private(set) var result: [Int] = []

  private typealias Slot = TFLiteOptions.StridedSlice

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
      begin: try call.option(Slot.type, Slot.beginMask),
      end: try call.option(Slot.type, Slot.endMask),
      shrunk: try call.option(Slot.type, Slot.shrinkAxisMask),
      endIsOffset: try call.flagOption(Slot.type, Slot.endIsOffset))
    let ellipsis = try call.option(Slot.type, Slot.ellipsisMask)
    let newAxes = try call.option(Slot.type, Slot.newAxisMask)
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
