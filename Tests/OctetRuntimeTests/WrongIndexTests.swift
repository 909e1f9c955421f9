import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// An index that a model does not have stops the program, as an array's does; nothing else is read.
@Suite struct WrongIndexTests {
  @Test func ofAModel() async {
    await #expect(processExitsWith: .failure) { try WrongIndexTests.with { _ = $0.model.input(1) } }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.input(-1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.output(1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.tensor(2000) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.operator(-1) }
    }
    await #expect(processExitsWith: .failure) { try WrongIndexTests.with { _ = $0.model.label(5) } }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.normalizationMean(channel: 1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.normalizationStandardDeviation(channel: -1) }
    }
  }

  @Test func ofAView() async {
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.input(0).dimension(4) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.input(0).dimension(-1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.operator(0).input(1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.model.operator(0).output(1) }
    }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { session in
        let name = session.model.operator(0).name
        _ = name[name.byteCount]
      }
    }
  }

  @Test func ofASession() async {
    await #expect(processExitsWith: .failure) { try WrongIndexTests.with { _ = $0.output(1) } }
    await #expect(processExitsWith: .failure) { try WrongIndexTests.with { _ = $0.output(40) } }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { _ = $0.inputElements(1) }
    }
    await #expect(processExitsWith: .failure) { try WrongIndexTests.with { $0.runOperator(99) } }
    await #expect(processExitsWith: .failure) {
      try WrongIndexTests.with { session in
        try WrongIndexTests.with { other in _ = session.elements(of: other.model.output(0)) }
      }
    }
  }

  /// In range each of these is read.
  @Test func rightIndices() throws {
    try WrongIndexTests.with { session in
      let model = session.model
      session.fillInputsForSelfTest()
      session.run()
      #expect(session.output(0).count == model.output(0).elementCount)
      #expect(session.elements(of: model.output(0)).count == 5)
      #expect(model.labels == (0..<5).map { String(model.label($0)) })
      #expect(model.input(0).dimension(3) == 1 && model.operator(0).input(0).batch == 1)
      #expect(model.normalizationStandardDeviation(channel: 0) > 0)
    }
  }

  fileprivate static func with(_ body: (Session) throws -> Void) throws {
    let blob = try Networks.compiled(Networks.tiny(), sampleCount: 2).blob
    let model = try blob.model()
    let arena = Arena(byteCount: model.arenaByteCount)
    try withExtendedLifetime((blob, arena)) {
      try body(Session(model: model, arena: arena.region, backend: .portable))
    }
  }
}
