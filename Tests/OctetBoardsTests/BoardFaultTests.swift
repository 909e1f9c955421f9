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
}
