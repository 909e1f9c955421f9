import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// An index that a model does not have stops the program, as an array's does; nothing else is read.
@Suite struct WrongIndexTests {
  @Test func ofAModel() async {
    await #expect(processExitsWith: .failure) { try asked { _ = $0.input(1) } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.input(-1) } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.output(1) } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.operatorName(5).count } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.operatorName(-1).count } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.label(5).count } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.input(0).dimension(4) } }
    await #expect(processExitsWith: .failure) { try asked { _ = $0.input(0).dimension(-1) } }
  }

  /// What only the package asks.
  @Test func ofARecord() async {
    await #expect(processExitsWith: .failure) { _ = try tiny().tensor(2000) }
    await #expect(processExitsWith: .failure) { _ = try tiny().operator(-1) }
    await #expect(processExitsWith: .failure) { _ = try tiny().operator(0).input(1) }
    await #expect(processExitsWith: .failure) { _ = try tiny().operator(0).output(1) }
    await #expect(processExitsWith: .failure) { _ = try tiny().input(0).dimension(4) }
    await #expect(processExitsWith: .failure) { _ = try tiny().view.normalization(channel: 1) }
  }

  @Test func ofASession() async {
    await #expect(processExitsWith: .failure) { _ = try tiny().makeRunner().output(1) }
    await #expect(processExitsWith: .failure) { _ = try tiny().makeRunner().output(-1) }
    await #expect(processExitsWith: .failure) { try tiny().makeRunner().withInput(1) { _ in } }
    await #expect(processExitsWith: .failure) { try tiny().makeRunner().runOperator(99) }
    await #expect(processExitsWith: .failure) {
      let other = try tiny()
      try tiny().makeRunner().withElements(of: other.output(0)) { _ in }
    }
  }

  /// In range each of these is read, in memory whose life the compiler checks.
  @Test func rightIndices() throws {
    let bytes = try tiny().blob.bytes
    let model = try Model(validating: bytes.span.bytes)
    var memory = [UInt32](repeating: 0, count: model.arenaByteCount / 4 + 1)
    var words = memory.mutableSpan
    var session = try Session(model: model, arena: words.mutableBytes)
    let image = [Int8](repeating: 3, count: model.input(0).elementCount)
    try session.setInput(0, image.span)
    session.run()
    let counts = (session.output(0).count, model.output(0).elementCount, model.label(4).count)
    #expect(counts == (5, 5, "class 4".utf8.count))
    let input = model.input(0)
    #expect(input.dimension(3) == 1 && input.rank == 4)
    let normalization = [-1, 0, 1].map { model.normalization(channel: $0)?.standardDeviation }
    #expect(normalization == [nil, 0.3081, nil])
    let failed = session.selfTest()
    #expect(failed == nil)
  }

  @Test func wrongInputs() throws {
    let loaded = try tiny()
    let runner = try loaded.makeRunner()
    let count = loaded.input(0).elementCount
    let short = [Int8](repeating: 0, count: count - 1)
    #expect(throws: SessionError.inputByteCount(count - 1, needed: count)) {
      try runner.setInput(0, short.span)
    }
    #expect(throws: SessionError.inputIndex(1)) { try runner.setInput(1, short.span) }
  }
}

private func tiny() throws -> LoadedModel {
  try Networks.compiled(Networks.tiny(), sampleCount: 2).blob.model()
}

private func asked(_ body: (Model) -> Void) throws {
  let loaded = try tiny()
  body(loaded.model)
}
