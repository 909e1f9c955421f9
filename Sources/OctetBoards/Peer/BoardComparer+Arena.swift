import OctetCompiler
import OctetReport
import OctetRuntime

// What writes into the arena besides the operators, though no result shows it.

extension BoardComparer {
  /// The first operator while which bytes of the arena change that it does not write; nil where
  /// there is none.
  ///
  /// All bytes but those of an operator's results and its scratch memory are the same before and
  /// after it, whatever they hold, so the board's own checksums tell. The results may be right all
  /// the same: what was written over was of no use any more, or is made later.
  func arenaFinding(
    _ sample: ArraySlice<UInt8>, _ hello: DiffHello
  ) throws(BoardError) -> BoardFinding? {
    let end = max(hello.arenaByteCount, reference.model.arenaByteCount)
    let operators = (0..<reference.model.operatorCount).map { reference.model.operator($0) }
    let kept = operators.map { $0.keptRanges(of: end) }
    var requests = Self.inputs(sample)
    var starts: [Int] = []
    for (view, ranges) in zip(operators, kept) {
      starts.append(requests.count)
      requests += ranges.map { .arenaChecksum($0) }
      requests.append(.run(view.index..<view.index + 1))
      requests += ranges.map { .arenaChecksum($0) }
    }
    let answers = try client.exchange(requests)
    for (view, (start, ranges)) in zip(operators, zip(starts, kept)) {
      for (place, range) in ranges.enumerated()
      where answers[start + place] != answers[start + place + ranges.count + 1] {
        return try describe(view, range, sample, hello)
      }
    }
    return nil
  }

  /// Runs the sample again up to the operator, and looks which bytes of `range` change.
  private func describe(
    _ view: OperatorView, _ range: Range<Int>, _ sample: ArraySlice<UInt8>, _ hello: DiffHello
  ) throws(BoardError) -> BoardFinding {
    let pieces = stride(from: range.lowerBound, to: range.upperBound, by: Self.fetchedByteCount)
      .map { DiffRequest.arena($0..<min($0 + Self.fetchedByteCount, range.upperBound)) }
    let inputs = Self.inputs(sample)
    let answers = try client.exchange(
      inputs + [.run(0..<view.index)] + pieces + [.run(view.index..<view.index + 1)] + pieces)
    let before = answers[(inputs.count + 1)...].prefix(pieces.count).flatMap { $0 }
    let after = answers.suffix(pieces.count).flatMap { $0 }
    let changed = zip(before, after).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
    let name = "operator \(view.index) '\(view.name.shown)' (\(view.kindName))"
    var finding = BoardFinding(.memoryOverwritten, summary: "")
    finding.operatorIndex = view.index
    finding.layer = view.name
    finding.isRepeatable = !changed.isEmpty
    guard let first = changed.first, let last = changed.last else {
      finding.summary =
        "while \(name) ran, bytes of the arena from \(range.lowerBound) to \(range.upperBound - 1) "
        + "changed, which it does not write"
      finding.reasons = [Self.comesAndGoes]
      return finding
    }
    let bytes = [range.lowerBound + first, range.lowerBound + last]
    finding.arenaRange = bytes
    finding.summary =
      "\(name) is the first that runs while something else writes into the arena: of bytes "
      + "\(bytes[0]) to \(bytes[1]), which it does not write, \(changed.count) changed"
    // What is still read is found by whoever reads it, unless it was written over with the same.
    let live = view.liveTensors(in: reference.model).first {
      $0.dataOffset <= bytes[1] && bytes[0] < $0.dataOffset + $0.byteCount
    }
    if let live {
      finding.tensor = live.name
      finding.element =
        max(0, bytes[0] - live.dataOffset) / max(live.byteCount / max(live.elementCount, 1), 1)
    }
    finding.reasons = memoryReasons(bytes, nil, hello)
    return finding
  }

  /// Bytes that are fetched at once.
  private static let fetchedByteCount = 1024

  /// Why a second run may be right.
  static let comesAndGoes =
    "the second run was right, so it comes and goes: the supply, memory without refresh or "
    + "wait states, an interrupt or DMA that writes into the arena, or a board that was reset"

  /// That the board came as far as an operator and no further.
  func stoppedFinding(at index: Int) -> BoardFinding {
    let view = reference.model.operator(index)
    let others = index == 1 ? "the one before it" : "the \(index) before it"
    var finding = BoardFinding(
      .stopped,
      summary: "the board says nothing more while operator \(index) '\(view.name.shown)' "
        + "(\(view.kindName)) runs" + (index > 0 ? "; \(others) made the right bytes" : ""),
      reasons: [
        "the program ended or was reset there: a fault, a watchdog, or a stack that grew over what "
          + "it keeps",
        "the operator takes longer than --timeout gives it",
      ])
    finding.operatorIndex = index
    finding.layer = view.name
    return finding
  }
}

extension OperatorView {
  /// The bytes of an arena of `byteCount` that the operator leaves as they are.
  fileprivate func keptRanges(of byteCount: Int) -> [Range<Int>] {
    var written = (0..<outputCount).map {
      output($0).dataOffset..<output($0).dataOffset + output($0).byteCount
    }
    written.append(scratchOffset..<scratchOffset + scratchByteCount)
    var kept: [Range<Int>] = []
    var start = 0
    for range in written.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if start < range.lowerBound { kept.append(start..<range.lowerBound) }
      start = max(start, range.upperBound)
    }
    if start < byteCount { kept.append(start..<byteCount) }
    return kept
  }

  /// The activations that were made when the operator has run, and are still read after it.
  fileprivate func liveTensors(in model: LoadedModel) -> [TensorView] {
    let read = (index + 1..<model.operatorCount).flatMap { model.operator($0).activations }
    let made = Set(
      (0..<model.inputCount).map { model.input($0).index }
        + (0...index).flatMap { place in
          let view = model.operator(place)
          return (0..<view.outputCount).map { view.outputTensorIndex($0) }
        })
    return read.filter { made.contains($0.index) }
  }
}
