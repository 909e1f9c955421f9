import OctetCompiler
import OctetReport
import OctetRuntime

/// What a comparison of every operator on a board with this machine showed.
public struct BoardDiff: Sendable {
  /// The samples that ran there.
  public var sampleCount: Int
  /// Whether every operator made the same bytes of every sample.
  public var isSame: Bool
  /// Whether every operator's checksum in the self-test was right.
  public var selfTestPassed: Bool
  /// The first sample with another byte anywhere; nil when there is none, and for the self-test.
  public var differingSampleIndex: Int?
  /// Where and why; nil when all is the same and nothing else writes into the arena.
  public var finding: BoardFinding?
}

/// Compares what a board holds and computes with this machine, over a line.
///
/// First the blob's bytes, by checksums and, where they differ, by the bytes themselves; then every
/// operator of every sample, by checksums of what it reads and of what it makes; of the first that
/// differs the bytes are fetched.
package struct BoardComparer {
  let client: DiffClient
  let blob: Blob
  let reference: HostRun
  let map: BlobMap
  /// Where the last comparison of checksums ended early.
  private var brokenOff: (sample: Int, operatorIndex: Int)?

  /// Bytes of inputs in one request, so that little is lost with it.
  private static let inputChunkByteCount = 512
  /// Samples in one exchange with firmware that takes all at once.
  private static let batchSampleCount = 64

  /// - Parameter blob: what the board should have, with or without the lines for tools.
  package init(_ blob: Blob, over client: DiffClient) throws(BoardError) {
    self.client = client
    self.blob = blob
    reference = try HostRun(blob)
    map = BlobMap(reference.model)
  }

  /// - Parameter inputs: samples end to end; nil for the self-test alone.
  package mutating func run(inputs: [UInt8]?) throws(BoardError) -> BoardDiff {
    let byteCount = reference.sampleByteCount
    let samples = inputs ?? []
    guard samples.count % max(byteCount, 1) == 0 else {
      throw .inputByteCount(samples.count, needed: byteCount)
    }
    let hello = try greet()
    var result = BoardDiff(
      sampleCount: byteCount == 0 ? 0 : samples.count / byteCount, isSame: false,
      selfTestPassed: false)
    if let finding = try blobFinding(hello) {
      result.finding = finding
      result.sampleCount = 0
      return result
    }
    // The self-test's own sample comes first.
    var all = [reference.selfTestSample()[...]]
    all += stride(from: 0, to: samples.count, by: max(byteCount, 1)).map {
      samples[$0..<$0 + byteCount]
    }
    let different: Difference?
    do throws(BoardError) {
      different = try firstDifferent(all)
    } catch {
      guard let place = brokenOff else { throw error }
      result.selfTestPassed = place.sample != 0
      if place.sample > 0 { result.differingSampleIndex = place.sample - 1 }
      result.finding = stoppedFinding(at: place.operatorIndex)
      return result
    }
    result.selfTestPassed = different?.sample != 0
    result.isSame = different == nil
    guard let different else {
      result.finding = try arenaFinding(all[0], hello)
      return result
    }
    if different.sample > 0 { result.differingSampleIndex = different.sample - 1 }
    result.finding = try finding(all[different.sample], different, hello)
    return result
  }

  private func greet() throws(BoardError) -> DiffHello {
    guard let hello = DiffHello(try client.exchange([.hello])[0]) else {
      throw .line(name: client.link.name, problem: "the board's greeting is too short")
    }
    guard hello.protocolVersion == DiffServer.protocolVersion else {
      throw .line(
        name: client.link.name,
        problem: "the board speaks version \(hello.protocolVersion) of the protocol, this octet "
          + "\(DiffServer.protocolVersion); link the library of this version")
    }
    return hello
  }

  /// Where a board and this machine part.
  struct Difference {
    var sample: Int
    var operatorIndex: Int
    var expected, actual: OperatorChecksums

    /// Whether the operator read what it should.
    var inputsMatch: Bool { expected.inputs == actual.inputs }
  }

  private mutating func firstDifferent(
    _ samples: [ArraySlice<UInt8>]
  ) throws(BoardError) -> Difference? {
    brokenOff = nil
    let step = client.link.isBatch ? Self.batchSampleCount : 1
    for start in stride(from: 0, to: samples.count, by: step) {
      let part = samples[start..<min(start + step, samples.count)]
      let all = 0..<reference.model.operatorCount
      let answers = try self.answers(part)
      let runs = answers.filter { !$0.isEmpty || all.isEmpty }
      for (index, answer) in zip(part.indices, runs) {
        let actual = try checksums(answer, count: all.count)
        let expected = reference.checksums(samples[index])
        for place in all where actual[place] != expected[place] {
          return Difference(
            sample: index, operatorIndex: place, expected: expected[place], actual: actual[place])
        }
      }
    }
    return nil
  }

  /// What comes of the samples' inputs and runs.
  private mutating func answers(
    _ samples: ArraySlice<ArraySlice<UInt8>>
  ) throws(BoardError) -> [[UInt8]] {
    let all = 0..<reference.model.operatorCount
    let requests = samples.flatMap { Self.inputs($0) + [.run(all)] }
    do throws(BoardError) {
      return try client.exchange(requests)
    } catch {
      guard let broken = client.brokenRun else { throw error }
      if !client.link.isBatch {
        // Noise breaks answers off, too, but hardly twice at one place.
        if let answers = try? client.exchange(requests) { return answers }
        guard client.brokenRun == broken || client.wasSilent else { throw error }
      }
      noteBreak(samples, broken)
      throw error
    }
  }

  /// Where the board stopped: the first operator of which the right checksums did not come.
  private mutating func noteBreak(
    _ samples: ArraySlice<ArraySlice<UInt8>>, _ broken: DiffClient.BrokenRun
  ) {
    guard let first = samples.first else { return }
    let place = samples.startIndex + broken.requestIndex / (Self.inputs(first).count + 1)
    guard samples.indices.contains(place) else { return }
    let expected = reference.checksums(samples[place])
    let count = broken.payload.count / 8
    let actual = (try? checksums(Array(broken.payload.prefix(8 * count)), count: count)) ?? []
    let right = zip(expected, actual).prefix { $0 == $1 }.count
    guard right < expected.count else { return }
    brokenOff = (place, right)
  }

  /// The requests that set all inputs.
  static func inputs(_ sample: ArraySlice<UInt8>) -> [DiffRequest] {
    stride(from: 0, to: sample.count, by: inputChunkByteCount).map { start in
      let begin = sample.startIndex + start
      return .input(
        sample[begin..<min(begin + inputChunkByteCount, sample.endIndex)], at: start)
    }
  }

  private func checksums(
    _ answer: [UInt8], count: Int
  ) throws(BoardError) -> [OperatorChecksums] {
    guard answer.count == 8 * count else {
      throw .line(
        name: client.link.name,
        problem: "the board sent checksums of \(answer.count / 8) operators, the model has \(count)"
      )
    }
    return (0..<count).map {
      OperatorChecksums(
        inputs: UInt32(littleEndian: answer[8 * $0..<8 * $0 + 4]),
        outputs: UInt32(littleEndian: answer[8 * $0 + 4..<8 * $0 + 8]))
    }
  }

  // MARK: The first operator that differs

  /// Runs the sample there again up to the operator, and fetches the values.
  private func finding(
    _ sample: ArraySlice<UInt8>, _ different: Difference, _ hello: DiffHello
  ) throws(BoardError) -> BoardFinding {
    let index = different.operatorIndex
    let view = reference.model.operator(index)
    let end = different.inputsMatch ? index + 1 : index
    let tensors =
      different.inputsMatch ? (0..<view.outputCount).map { view.output($0) } : view.activations
    let before = Self.inputs(sample)
    var requests = before
    // A run of none, too: what else happens there when a run begins must happen again.
    requests.append(.run(0..<end))
    let ranges = tensors.map { $0.dataOffset..<$0.dataOffset + $0.byteCount }
    requests += ranges.map { .arena($0) }
    // What the operators read and made this time, and the blob after all that ran.
    let whole = 0..<blob.count
    requests.append(.blobChecksum(whole))
    let answers = try client.exchange(requests)
    let weights = UInt32(littleEndian: answers[answers.count - 1].prefix(4))
    if weights != Checksum.value(of: blob.bytes),
      let damage = try damageFinding(hello, isAfterRun: true)
    {
      return damage
    }
    reference.run(sample, upTo: end)
    var place = Place(view: view, different: different, isRepeatable: false)
    if end > 0 {
      let again = try checksums(answers[before.count], count: end)
      place.isRepeatable = different.inputsMatch && again[index] == different.actual
    }
    let fetched = answers.dropLast().suffix(ranges.count)
    for (tensor, actual) in zip(tensors, fetched) {
      let expected = reference.bytes(of: tensor)
      guard actual != expected else { continue }
      if !different.inputsMatch { place.isRepeatable = true }
      place.tensor = tensor
      place.expected = expected
      place.actual = actual
      break
    }
    return describe(place, hello)
  }

  /// The first wrong operator and what was fetched of it.
  struct Place {
    var view: OperatorView
    var different: Difference
    var isRepeatable: Bool
    /// The tensor with wrong values and its bytes; nil where a second run was right.
    var tensor: TensorView?
    var expected: [UInt8] = []
    var actual: [UInt8] = []
  }
}
