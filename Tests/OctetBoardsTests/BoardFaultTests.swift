import OctetBoards
import OctetCompiler
import OctetReport
import OctetRuntime
import Testing

/// Faults put in on purpose are found at the first wrong operator and element.
struct BoardFaultTests {
  private static func compare(_ blob: Blob, _ fault: Fault) throws -> BoardDiff {
    let samples = LeNet.samples(2, byteCount: try blob.model().input(0).byteCount)
    let client = DiffClient(try FaultyBoard(blob, fault), silenceSeconds: 0)
    return try BoardDiff.run(blob, over: client, inputs: samples)
  }

  @Test("A board without fault has none")
  func findsNothing() throws {
    let diff = try Self.compare(LeNet.blob(), Fault("none", .wrongResult))
    #expect(diff.isSame && diff.selfTestPassed && diff.finding == nil && diff.sampleCount == 2)
    #expect(diff.differingSampleIndex == nil)
  }

  @Test("Every fault is located at its operator and element")
  func locatesFaults() throws {
    let blob = try LeNet.blob()
    let faults = try Faults(blob).all()
    #expect(faults.count >= 50, "\(faults.count) faults")
    var missed: [String] = []
    for fault in faults {
      let finding = try Self.compare(blob, fault).finding
      guard let finding, fault.matches(finding) else {
        missed.append(
          "\(fault.name): wanted \(fault.kind) at operator \(fault.operatorIndex ?? -1), element "
            + "\(fault.element ?? -1), byte \(fault.blobOffset ?? -1); found "
            + (finding?.text ?? "nothing"))
        continue
      }
    }
    #expect(
      missed.isEmpty, "\(missed.count) of \(faults.count):\n\(missed.joined(separator: "\n"))")
  }

  /// A convolution, a pool and a dense layer whose activations have two bytes.
  private static func int16() throws -> Blob {
    var layers = GraphOfLayers(height: 8, width: 8, channels: 2, elementType: .int16)
    layers.convolution(kernel: 3, padding: 1, outputs: 4, poolOf: 2)
    layers.fullyConnected(outputs: 5)
    return try Compiler.compile(layers.finished()).blob
  }

  @Test("Faults of a model of int16 are located at their operator and element")
  func locatesFaultsOfInt16() throws {
    let blob = try Self.int16()
    let same = try Self.compare(blob, Fault("none", .wrongResult))
    #expect(same.isSame && same.selfTestPassed && same.finding == nil && same.sampleCount == 2)
    let model = try blob.forFirmware().model()
    let first = try #require(
      (0..<model.operatorCount).first { model.operator($0).kind == .convolution16 })
    let weights = Int(model.operator(first).parameter(Convolution16.Word.weights.rawValue))
    var faults: [Fault] = []
    var flash = Fault("a bit of flash", .damagedModel)
    flash.flash = { $0[weights + 7] ^= 1 << 5 }
    (flash.operatorIndex, flash.element, flash.blobOffset) = (first, 7, weights + 7)
    faults.append(flash)
    for index in 1..<model.operatorCount {
      let tensor = model.operator(index).input(0)
      // Either byte of an element.
      for element in [0, tensor.elementCount - 1] {
        var bit = Fault("a bit before operator \(index)", .memoryOverwritten)
        let byte = tensor.dataOffset + 2 * element + element % 2
        bit.memory = { before, arena, _ in if before == index { arena[byte] ^= 8 } }
        (bit.operatorIndex, bit.element, bit.words) = (index, element, "a bit of RAM")
        faults.append(bit)
      }
    }
    var kernel = Fault("the kernel", .wrongResult)
    kernel.memory = { before, _, blob in
      if before == first || before == first + 1 { blob[weights] ^= 0x40 }
    }
    (kernel.operatorIndex, kernel.channel) = (first, 0)
    var stop = Fault("stops in the last operator", .stopped)
    (stop.stopsIn, stop.operatorIndex) = (model.operatorCount - 1, model.operatorCount - 1)
    for fault in faults + [kernel, stop] {
      let finding = try Self.compare(blob, fault).finding
      #expect(
        finding.map { fault.matches($0) } == true,
        "\(fault.name): \(finding?.text ?? "nothing found")")
    }
  }
}
