import OctetRuntime

/// Runs a model whose bytes may have been made by anyone, and watches the memory around it.
enum GuardedRun {
  static let canaryByteCount = 64

  /// Runs `model` on each backend in an arena of exactly the size it asks for: once between
  /// canaries, once with nothing beside it, for the address sanitizer. Returns what went wrong.
  static func fault(_ model: Model, _ backends: [Backend] = Backend.available) -> String? {
    readEverything(model)
    for backend in backends {
      if let fault = fault(model, backend) { return "\(backend): \(fault)" }
    }
    return nil
  }

  private static func fault(_ model: Model, _ backend: Backend) -> String? {
    let needed = model.arenaByteCount
    let whole = UnsafeMutableRawBufferPointer.allocate(
      byteCount: needed + 2 * canaryByteCount, alignment: 16)
    defer { whole.deallocate() }
    for index in whole.indices { whole[index] = pattern(index) }
    let between = UnsafeMutableRawBufferPointer(
      rebasing: whole[canaryByteCount..<canaryByteCount + needed])
    guard let outputs = outputs(model, between, backend) else {
      return "the session refuses its arena"
    }
    for index in Array(0..<canaryByteCount) + Array(canaryByteCount + needed..<whole.count)
    where whole[index] != pattern(index) {
      return "byte \(index - canaryByteCount) of an arena of \(needed) was written"
    }
    let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: needed, alignment: 16)
    defer { exact.deallocate() }
    for index in exact.indices { exact[index] = pattern(index + canaryByteCount) }
    return self.outputs(model, exact, backend) == outputs ? nil : "two runs differ"
  }

  /// The multiply-adds, more or less, of one inference.
  static func cost(_ model: Model) -> Int {
    var cost = 0
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      var perElement = 16
      switch view.kind {
      case .convolution:
        let words = (7..<15).map { Int(view.parameter($0)) }
        let window = words[4].multipliedReportingOverflow(by: words[5])
        let taps = words[0] * words[1] * view.input(0).channels
        perElement = window.overflow ? .max >> 32 : min(window.partialValue, 1 << 26) * taps
      case .depthwiseConvolution, .maxPool, .averagePool:
        perElement = min(Int(view.parameter(6)), 1 << 12) * min(Int(view.parameter(7)), 1 << 12)
      case .transposedConvolution:
        perElement = Int(view.parameter(7)) * Int(view.parameter(8)) * view.input(0).channels
      case .fullyConnected, .mean: perElement = view.input(0).elementCount
      default: break
      }
      cost += view.output(0).elementCount * perElement
    }
    return cost
  }

  private static func pattern(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: index &* 37 &+ 101)
  }

  private static func outputs(
    _ model: Model, _ arena: UnsafeMutableRawBufferPointer, _ backend: Backend
  ) -> [[Int8]]? {
    // Exactly as large as asked for: the address sanitizer sees what goes beyond.
    let workspace = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.workspaceByteCount(for: backend), alignment: 64)
    defer { workspace.deallocate() }
    guard
      let session = try? Session(
        model: model, arena: arena, backend: backend, workspace: workspace)
    else { return nil }
    _ = session.selfTest()
    session.fillInputsForSelfTest()
    session.run()
    return (0..<model.outputCount).map { Array(session.output($0)) }
  }

  /// Every view that a program may ask for.
  private static func readEverything(_ model: Model) {
    var byteCount = 0
    for index in 0..<min(model.labelCount, 32) { byteCount += model.label(index).byteCount }
    for index in 0..<model.tensorCount { byteCount += model.tensor(index).name.byteCount }
    for index in 0..<model.operatorCount { byteCount += model.operator(index).name.byteCount }
    for channel in 0..<model.normalizationChannelCount {
      let sum =
        model.normalizationMean(channel: channel)
        + model.normalizationStandardDeviation(channel: channel)
      byteCount += sum.isFinite ? 1 : 0
    }
    precondition(byteCount >= 0)
    if let range = model.selfTestRange { precondition(range.upperBound <= model.byteCount) }
  }
}
