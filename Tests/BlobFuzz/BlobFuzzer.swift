import OctetCompiler
import OctetRuntime
import TestNetworks

extension BlobFuzzer.Tally: CustomStringConvertible {
  package var description: String {
    let causes = refusals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return """
      \(mutantCount) mutants, \(acceptedCount) accepted, \(ranCount) of them run on \
      \(Backend.available.map(\.name).joined(separator: ", "))
      refused: \(causes)
      longest validation \(milli(validationSeconds)) ms, slowest step \
      \(milli(slowest.nanoseconds)) ps (\(slowest.operator)), largest workspace \
      \(milli(workspaceShare)) ‰ of what is allowed
      """
  }

  private func milli(_ value: Double) -> Int { Int((1000 * value).rounded()) }
}

/// Blobs made by somebody who knows the format: each is refused, or it runs on every backend with
/// the same bytes, inside its memory and within the published limits.
package struct BlobFuzzer {
  package struct Tally {
    package var mutantCount = 0
    package var acceptedCount = 0
    package var ranCount = 0
    package var refusals: [String: Int] = [:]
    package var validationSeconds = 0.0
    /// The longest step of an operator that counts 2¹⁸ or more, and the operator.
    package var slowest = (nanoseconds: 0.0, operator: "")
    /// The largest workspace, as a share of what is allowed.
    package var workspaceShare = 0.0
  }

  package private(set) var tally = Tally()
  /// Called with each accepted mutant before it runs.
  package var willRun: ([UInt8]) -> Void = { _ in }
  private let corpus: [[UInt8]]
  private let seed: Int
  /// Longer mutants are not run.
  private let stepLimit: Int

  /// - Parameter more: valid blobs to begin with, beside small networks of every operator.
  package init(seed: Int, stepLimit: Int, more: [[UInt8]] = []) throws {
    self.seed = seed
    self.stepLimit = stepLimit
    var graphs = [
      try Networks.tiny(), try Networks.everyOperator(), try Networks.joined(),
    ]
    for index in 1...6 { graphs.append(try Networks.random(seed: seed &* 6 &+ index)) }
    corpus = try graphs.map { try Networks.compiled($0, sampleCount: 2).blob.bytes } + more
  }

  /// Makes and tries mutant `number`; the same seed and number make the same one. Returns what went
  /// wrong, with the mutant.
  package mutating func round(_ number: Int) -> (fault: String, bytes: [UInt8])? {
    var random = TestRandom(seed: seed &* 1_000_003 &+ number)
    let bytes = mutant(&random)
    tally.mutantCount += 1
    let blob = Blob(bytes)
    let clock = ContinuousClock()
    let start = clock.now
    let result = Result { try blob.model() }
    let seconds = (clock.now - start).inSeconds
    tally.validationSeconds = max(tally.validationSeconds, seconds)
    switch result {
    case .failure(let error):
      guard let error = error as? ModelError, (0...bytes.count).contains(error.offset) else {
        return ("the error names no byte of the blob: \(error)", bytes)
      }
      tally.refusals["\(error.cause)", default: 0] += 1
      return nil
    case .success(let model):
      tally.acceptedCount += 1
      willRun(bytes)
      let fault = self.fault(model) ?? readingFault(blob)
      return fault.map { ($0, bytes) }
    }
  }

  /// Tools read what firmware runs: as graphs, operator by operator, and without what is for tools.
  private func readingFault(_ blob: Blob) -> String? {
    do {
      _ = try BlobReader.values(blob)
      _ = try blob.forFirmware().model()
    } catch {
      return "it cannot be read: \(error)"
    }
    guard blob.count < 1 << 16, let graph = try? BlobReader.read(blob) else { return nil }
    return graph.arithmetic == blob.arithmetic ? nil : "it was read in another arithmetic"
  }

  private mutating func fault(_ model: LoadedModel) -> String? {
    if model.view.stepCount > model.view.stepLimit {
      return "\(model.view.stepCount) steps were accepted"
    }
    var allowed = 4 << 20
    let isNarrow = (0..<model.operatorCount).contains {
      model.operator($0).record.hasNarrowWeights
    }
    allowed += (isNarrow ? 160 : 80) * model.blob.count
    allowed += 16 * model.arenaByteCount + 4096 * model.operatorCount
    for backend in Backend.available {
      let share = Double(model.workspaceByteCount(for: backend)) / Double(allowed)
      tally.workspaceShare = max(tally.workspaceShare, share)
      if share > 1 { return "\(backend) needs \(share) times the workspace that is allowed" }
    }
    guard model.view.stepCount <= stepLimit, model.arenaByteCount <= 1 << 24 else { return nil }
    tally.ranCount += 1
    if let fault = GuardedRun.fault(model) { return fault }
    timeSteps(model)
    return nil
  }

  /// How long the steps of the longer operators take on the slowest backend.
  private mutating func timeSteps(_ model: LoadedModel) {
    guard (0..<model.operatorCount).contains(where: { model.operator($0).workCount >= 1 << 10 })
    else { return }
    guard let runner = try? model.makeRunner(backend: .portable) else { return }
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      let clock = ContinuousClock()
      // The better of two, so that other work on the machine does not count.
      let seconds = (0..<2).map { _ in clock.measure { runner.runOperator(index) }.inSeconds }
      let nanoseconds = min(seconds[0], seconds[1]) * 1e9 / Double(view.workCount << 8)
      if view.workCount >= 1 << 10, nanoseconds > tally.slowest.nanoseconds, let kind = view.kind {
        tally.slowest = (nanoseconds, "\(kind)")
      }
    }
  }

  private func mutant(_ random: inout TestRandom) -> [UInt8] {
    let original = corpus[random.int(0...corpus.count - 1)]
    if random.int(0...9) == 0 {
      // Any word of the tables.
      var bytes = original
      let end = Int(bytes.value(of: BlobHeader.dataOffset))
      for _ in 0..<random.int(1...3) {
        let offset = random.int(4...end / 4 - 1) * 4
        bytes.put(UInt32(truncatingIfNeeded: random.int(-1...1 << random.int(1...32))), at: offset)
      }
      bytes.repairChecksum()
      return bytes
    }
    let other = BlobParts(corpus[random.int(0...corpus.count - 1)])
    let isFresh = random.int(0...2) == 0
    var parts = isFresh ? BlobParts(freshConvolution: &random) : BlobParts(original)
    for _ in 0..<random.int(isFresh ? 0...1 : 1...4) { parts.mutate(&random, other: other) }
    // Generous scratch memory first, then what each operator asks for.
    var needs = [Int](repeating: 1 << 18, count: parts.operators.count)
    let bytes = parts.bytes(parts.plan(scratchByteCounts: needs))
    let blob = Blob(bytes)
    guard let model = try? blob.model() else { return bytes }
    needs = (0..<model.operatorCount).map { model.operator($0).neededScratchByteCount }
    var plan = parts.plan(scratchByteCounts: needs)
    if random.int(0...2) > 0 { parts.overlap(&random, model, &plan) }
    return parts.bytes(plan)
  }
}

extension BlobParts {
  /// Places an output before an operator's input, as near as the operator says it may be, or a
  /// little nearer.
  fileprivate func overlap(_ random: inout TestRandom, _ model: LoadedModel, _ plan: inout Plan) {
    let index = random.int(0...operators.count - 1)
    let item = operators[index]
    let position = random.int(0...item.inputs.count - 1)
    let (input, output) = (item.inputs[position], item.outputs[0])
    guard tensors[input].constant == nil,
      let distance = model.operator(index).overlapDistance(input: position)
    else { return }
    let nearer = random.int(0...7) == 0 ? random.int(0...min(distance, 16)) : 0
    plan.offsets[output] = plan.arenaByteCount
    plan.offsets[input] = plan.arenaByteCount + distance - nearer
    plan.arenaByteCount = max(
      plan.offsets[output] + tensors[output].elementCount,
      plan.offsets[input] + tensors[input].elementCount)
  }
}

extension Duration {
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
