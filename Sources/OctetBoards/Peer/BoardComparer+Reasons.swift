import OctetCompiler
import OctetReport
import OctetRuntime

extension BoardComparer {
  /// The finding on an operator that read or made other values.
  func describe(_ place: Place, _ hello: DiffHello) -> BoardFinding {
    let (view, different) = (place.view, place.different)
    let isInput = !different.inputsMatch && readsModelInputsOnly(view)
    let kind: BoardFinding.Kind =
      different.inputsMatch ? .wrongResult : isInput ? .inputDamaged : .memoryOverwritten
    let name = "operator \(view.index) '\(view.name.shown)' (\(view.kindName))"
    let what: String
    switch kind {
    case .inputDamaged: what = "\(name) reads another input than the board was sent"
    case .memoryOverwritten:
      what =
        "\(name) reads other values than were made for it: its input was overwritten in the "
        + "arena before it ran"
    default: what = "\(name) is the first with other results; its inputs and its weights are right"
    }
    var finding = BoardFinding(kind, summary: what)
    finding.operatorIndex = view.index
    finding.layer = view.name
    finding.inputsMatch = different.inputsMatch
    finding.isRepeatable = place.isRepeatable
    guard let tensor = place.tensor else {
      finding.reasons = [Self.comesAndGoes]
      return finding
    }
    finding.tensor = tensor.name
    finding.difference = Self.difference(tensor, place.expected, place.actual)
    if let difference = finding.difference {
      let size = tensor.byteCount / max(tensor.elementCount, 1)
      let range = [
        tensor.dataOffset + difference.firstElement * size,
        tensor.dataOffset + difference.lastElement * size + size - 1,
      ]
      finding.arenaRange = range
      finding.reasons = reasons(finding, difference, range, hello)
    }
    return finding
  }

  private func readsModelInputsOnly(_ view: OperatorView) -> Bool {
    let inputs = Set((0..<reference.model.inputCount).map { reference.model.input($0).index })
    let read = view.activations.map(\.index)
    return !read.isEmpty && read.allSatisfy { inputs.contains($0) }
  }

  static func difference(
    _ tensor: TensorView, _ expected: [UInt8], _ actual: [UInt8]
  ) -> TensorDifference? {
    TensorComparison(
      shape: tensor.shape, expected: tensor.reals(expected.map { Int8(bitPattern: $0) }),
      actual: tensor.reals(actual.map { Int8(bitPattern: $0) }),
      codes: (tensor.scale, Int(tensor.zeroPoint)), tolerance: tensor.scale * 0.01, isExact: true
    ).difference()
  }

  private func reasons(
    _ finding: BoardFinding, _ difference: TensorDifference, _ range: [Int], _ hello: DiffHello
  ) -> [String] {
    var reasons: [String] = []
    switch (finding.kind, difference.pattern) {
    case (.inputDamaged, .permutation):
      reasons.append("bytes were lost, came twice or were reordered on their way into the input")
    case (.inputDamaged, _), (.memoryOverwritten, _):
      reasons += memoryReasons(range, difference.pattern, hello)
    case (_, .rounding):
      reasons.append(
        "the board rounds otherwise: kernels of another version or of another library, or "
          + "compiled with -ffast-math or for a core that it is not")
    case (_, .saturation):
      reasons.append("the activation's bounds are not applied as here: other kernels")
    case (_, .bitFlip):
      reasons.append("one bit of the result changed after it was written: memory or its supply")
    default:
      reasons.append("the kernel computes something else: its library, or how it was compiled")
    }
    if finding.kind == .wrongResult, !finding.isRepeatable.isTrue {
      reasons.insert("a second run gave other bytes again, so memory changes while it runs", at: 0)
    }
    if hello.libraryVersion != DiffServer.libraryVersion {
      reasons.insert(Self.olderLibrary(hello), at: 0)
    }
    return reasons
  }

  static func olderLibrary(_ hello: DiffHello) -> String {
    func text(_ version: Int) -> String {
      "\(version / 10_000).\(version / 100 % 100).\(version % 100)"
    }
    return "the board's library is version \(text(hello.libraryVersion)), this octet "
      + "\(text(DiffServer.libraryVersion)); link this one"
  }

  /// What may write to `range` of the arena.
  ///
  /// - Parameter pattern: what the values there look like; nil where that is not known.
  func memoryReasons(
    _ range: [Int], _ pattern: TensorDifference.Pattern?, _ hello: DiffHello
  ) -> [String] {
    let needed = reference.model.arenaByteCount
    let address = hello.arenaAddress + range[0]
    let where_ =
      "bytes \(range[0]) to \(range[1]) of the arena's \(needed), from address 0x"
      + String(address, radix: 16)
    if pattern == .bitFlip {
      return ["a bit of RAM changed by itself: the supply, the clock or the memory (\(where_))"]
    }
    // The stack grows down towards an arena that lies below it.
    let isBelowStack = hello.stackAddress >= hello.arenaAddress
    if isBelowStack, range[1] >= needed - needed / 8 - 16 {
      return [
        "the stack grows into the arena's end, \(hello.stackAddress - address) bytes below it: "
          + "give it more room (\(where_))",
        "a buffer behind the arena is written before its start",
      ]
    }
    if range[0] < needed / 8 + 16 {
      return ["a buffer before the arena is written beyond its end (\(where_))"]
    }
    return [
      "something else writes there: another buffer at the same address, DMA, an interrupt "
        + "(\(where_)); the linker's map says what lies there"
    ]
  }
}

extension Bool? {
  fileprivate var isTrue: Bool { self == true }
}
