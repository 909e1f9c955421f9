import TestSupport

/// Changes what a TFLite file means: operators, options, shapes, scales, operands, constants. The
/// offsets stay right, so that the importer gets to see it.
struct TFLiteMutator {
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  mutating func mutation(of tree: FlatTree) -> FlatTree {
    var tree = tree
    for _ in 0..<pick(1...3) { change(&tree) }
    return tree
  }

  private mutating func pick(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func pick<Element>(_ values: [Element]) -> Element {
    values[pick(0...values.count - 1)]
  }

  private mutating func integer() -> Int {
    pick([
      0, 1, 2, 3, 4, 7, 8, 15, -1, -2, 127, 128, 255, 1 << 15, 1 << 20, .max, .min, pick(0...64),
    ])
  }

  private mutating func real() -> Float {
    pick([
      0, -0, 1, -1, 0.5, 1e-38, 0x1p-149, 1e-9, 1e9, 3e38, .infinity, -.infinity, .nan,
      Float.random(in: 0.001...1, using: &random),
    ])
  }

  // MARK: Where

  private mutating func change(_ tree: inout FlatTree) {
    guard case .table(var model) = tree else { return }
    defer { tree = .table(model) }
    switch pick(0...9) {
    case 0: Self.edit(&model, 6, at: &self) { $0.operatorCode(&$1) }
    case 1: Self.edit(&model, 12, at: &self) { $0.buffer(&$1) }
    default:
      Self.edit(&model, 8, at: &self) { mutator, subgraph in
        switch mutator.pick(0...11) {
        case 0...4: Self.edit(&subgraph, 4, at: &mutator) { $0.tensor(&$1) }
        case 5...8: Self.edit(&subgraph, 10, at: &mutator) { $0.node(&$1) }
        case 9: mutator.indices(&subgraph, mutator.pick([6, 8]))
        default: mutator.reorder(&subgraph, mutator.pick([4, 10, 10]))
        }
      }
    }
  }

  /// Changes one of the tables in a vector.
  private static func edit(
    _ fields: inout [Int: FlatTree], _ slot: Int, at mutator: inout Self,
    _ body: (inout Self, inout [Int: FlatTree]) -> Void
  ) {
    guard case .tables(var all)? = fields[slot], !all.isEmpty else { return }
    let index = mutator.pick(0...all.count - 1)
    guard case .table(var chosen) = all[index] else { return }
    body(&mutator, &chosen)
    all[index] = .table(chosen)
    fields[slot] = .tables(all)
  }

  private mutating func reorder(_ fields: inout [Int: FlatTree], _ slot: Int) {
    guard case .tables(var all)? = fields[slot], !all.isEmpty else { return }
    let (a, b) = (pick(0...all.count - 1), pick(0...all.count - 1))
    switch pick(0...2) {
    case 0: all.swapAt(a, b)
    case 1: all.insert(all[a], at: b)
    default: all.remove(at: a)
    }
    fields[slot] = .tables(all)
  }

  // MARK: What

  private mutating func operatorCode(_ fields: inout [Int: FlatTree]) {
    let code = pick(0...165)
    fields[4] = .scalar(Self.bytes(min(code, 127), 1))
    fields[10] = .scalar(Self.bytes(code, 4))
    if pick(0...20) == 0 { fields[6] = .vector(width: 1, bytes: Array("\u{1B}[31m".utf8)) }
  }

  private mutating func node(_ fields: inout [Int: FlatTree]) {
    switch pick(0...5) {
    case 0: fields[4] = .scalar(Self.bytes(integer(), 4))
    case 1, 2: indices(&fields, pick([6, 6, 8]))
    case 3: fields[10] = .scalar([UInt8(truncatingIfNeeded: pick(0...126))])
    default:
      guard case .table(var options)? = fields[12] else { return }
      let slot = 4 + 2 * pick(0...7)
      if case .vector? = options[slot] {
        numbers(&options, slot)
      } else {
        options[slot] = .scalar(
          pick(0...3) == 0
            ? Self.bytes(Int(real().bitPattern), 4) : Self.bytes(integer(), 4))
      }
      if pick(0...9) == 0 { options[slot] = nil }
      fields[12] = .table(options)
    }
  }

  private mutating func tensor(_ fields: inout [Int: FlatTree]) {
    switch pick(0...7) {
    case 0, 1: numbers(&fields, pick([4, 4, 18]))
    case 2: fields[6] = .scalar([UInt8(pick([0, 1, 2, 3, 4, 6, 7, 9, pick(0...20)]))])
    case 3: fields[8] = .scalar(Self.bytes(pick([0, 1, 2, pick(0...30)]), 4))
    case 4: fields[12] = pick(0...2) == 0 ? nil : fields[12]
    case 5: fields[10] = .vector(width: 1, bytes: Array("same".utf8))
    default:
      guard case .table(var grid)? = fields[12] else { return }
      switch pick(0...3) {
      case 0, 1:
        guard case .vector(_, var bytes)? = grid[8], !bytes.isEmpty else { return }
        let place = 4 * pick(0...bytes.count / 4 - 1)
        bytes.replaceSubrange(place..<place + 4, with: Self.bytes(Int(real().bitPattern), 4))
        if pick(0...5) == 0 { bytes += bytes.prefix(4) }
        grid[8] = .vector(width: 4, bytes: bytes)
      case 2: numbers(&grid, 10)
      default: grid[16] = .scalar(Self.bytes(integer(), 4))
      }
      fields[12] = .table(grid)
    }
  }

  private mutating func buffer(_ fields: inout [Int: FlatTree]) {
    guard case .vector(_, var bytes)? = fields[4], !bytes.isEmpty else { return }
    switch pick(0...4) {
    case 0: bytes.removeLast(min(bytes.count, pick(1...4)))
    case 1: bytes += [UInt8](repeating: UInt8(pick(0...255)), count: pick(1...8))
    case 2 where bytes.count >= 4, 3 where bytes.count >= 4:
      let place = 4 * pick(0...bytes.count / 4 - 1)
      bytes.replaceSubrange(place..<place + 4, with: Self.bytes(integer(), 4))
    default: bytes[pick(0...bytes.count - 1)] = UInt8(pick(0...255))
    }
    fields[4] = .vector(width: 1, bytes: bytes)
  }

  /// A list of tensors.
  private mutating func indices(_ fields: inout [Int: FlatTree], _ slot: Int) {
    guard case .vector(_, var bytes)? = fields[slot] else { return }
    let count = bytes.count / 4
    switch pick(0...4) {
    case 0: bytes += Self.bytes(pick(-1...20), 4)
    case 1 where count > 0: bytes.removeLast(4)
    case 2 where count > 1: bytes = Array(bytes[4...]) + bytes[..<4]
    default:
      guard count > 0 else { return }
      let place = 4 * pick(0...count - 1)
      bytes.replaceSubrange(place..<place + 4, with: Self.bytes(pick(-1...20), 4))
    }
    fields[slot] = .vector(width: 4, bytes: bytes)
  }

  /// A list of sizes or zero points.
  private mutating func numbers(_ fields: inout [Int: FlatTree], _ slot: Int) {
    guard case .vector(let width, var bytes)? = fields[slot] else { return }
    let count = bytes.count / width
    switch pick(0...5) {
    case 0: bytes += Self.bytes(integer(), width)
    case 1 where count > 0: bytes.removeLast(width)
    default:
      guard count > 0 else { return }
      let place = width * pick(0...count - 1)
      bytes.replaceSubrange(place..<place + width, with: Self.bytes(integer(), width))
    }
    fields[slot] = .vector(width: width, bytes: bytes)
  }

  private static func bytes(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
