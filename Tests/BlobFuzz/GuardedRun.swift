import OctetCompiler
import OctetRuntime

/// Runs a model whose bytes may have been made by anyone, and watches the memory around it.
package enum GuardedRun {
  private static let canaryByteCount = 64

  /// Runs `model` on each backend in an arena of exactly the size it asks for: between canaries,
  /// and with nothing beside it for the address sanitizer, each time full of other bytes. Every
  /// operator must leave the same bytes each time and on each backend. Returns what went wrong.
  package static func fault(
    _ model: LoadedModel, _ backends: [Backend] = Backend.available
  ) -> String? {
    readEverything(model)
    var first: [UInt32]?
    for backend in backends {
      for isExact in [false, true] {
        switch results(model, backend, isExact: isExact) {
        case .failure(let fault): return "\(backend): \(fault.text)"
        case .success(let checksums):
          if let first,
            let place = zip(first, checksums).enumerated().first(where: { $1.0 != $1.1 })
          {
            return "\(backend): operator \(place.offset % model.operatorCount) differs"
          }
          first = first ?? checksums
        }
      }
    }
    return nil
  }

  private struct Fault: Error { var text: String }

  /// The checksums of every operator's output, for the self-test's input and for extremes.
  private static func results(
    _ model: LoadedModel, _ backend: Backend, isExact: Bool
  ) -> Result<[UInt32], Fault> {
    let needed = model.arenaByteCount
    let margin = isExact ? 0 : canaryByteCount
    let whole = UnsafeMutableRawBufferPointer.allocate(
      byteCount: needed + 2 * margin, alignment: 16)
    defer { whole.deallocate() }
    func pattern(_ index: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: index &* 37 &+ (isExact ? 101 : 55))
    }
    for index in whole.indices { whole[index] = pattern(index) }
    let arena = UnsafeMutableRawBufferPointer(rebasing: whole[margin..<margin + needed])
    // Exactly as large as asked for: the address sanitizer sees what goes beyond.
    let workspace = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.workspaceByteCount(for: backend), alignment: 64)
    defer { workspace.deallocate() }
    guard
      var session = try? Session(
        model: model.model, arena: arena, backend: backend, workspace: workspace)
    else { return .failure(Fault(text: "the session refuses its arena")) }
    var checksums: [UInt32] = []
    for isExtreme in [false, true] {
      session.fillInputsForSelfTest()
      if isExtreme { saturateInputs(model, &session) }
      for index in 0..<model.operatorCount {
        session.runOperator(index)
        checksums.append(session.outputChecksum(of: index))
      }
    }
    for index in Array(0..<margin) + Array(whole.count - margin..<whole.count)
    where whole[index] != pattern(index) {
      return .failure(
        Fault(text: "byte \(index - margin) of an arena of \(needed) was written"))
    }
    return .success(checksums)
  }

  /// Makes each value the largest or the smallest of its sign.
  private static func saturateInputs(_ model: LoadedModel, _ session: inout Session) {
    for index in 0..<model.inputCount {
      var values = session.input(index)
      for position in values.indices {
        values[position] = values[position] < 0 ? -128 : 127
      }
    }
  }

  /// Everything that a program may ask for.
  private static func readEverything(_ loaded: LoadedModel) {
    let model = loaded.model
    var byteCount = 0
    for index in 0..<min(model.labelCount, 32) { byteCount += model.label(index).count }
    for index in 0..<loaded.tensorCount { byteCount += loaded.tensor(index).name.utf8.count }
    for index in 0..<model.operatorCount { byteCount += model.operatorName(index).count }
    for index in 0..<model.inputCount { byteCount += model.input(index).elementCount }
    for index in 0..<model.outputCount { byteCount += model.output(index).elementCount }
    for channel in 0... {
      guard let (mean, deviation) = model.normalization(channel: channel) else { break }
      byteCount += (mean + deviation).isFinite ? 1 : 0
    }
    precondition(byteCount >= 0)
    if let range = model.blob.selfTestRange { precondition(range.upperBound <= loaded.blob.count) }
  }
}
