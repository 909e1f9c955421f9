import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct BoundMasksTests {
  private func graph(_ mask: [Float]) throws -> Graph {
    var builder = NetworkBuilder()
    let mask = builder.constant("mask", [3], mask)
    try builder.append("masked", .add(.none), [mask])
    try builder.softmax("softmax")
    return builder.finished()
  }

  /// Beside scores in −1…1 what is hidden has a share below 2⁻¹⁶ before and after.
  @Test(arguments: [-.infinity, -.greatestFiniteMagnitude, -1e9, -1e4] as [Float])
  func hidingNumbers(hiding: Float) throws {
    let graph = try graph([0, hiding, 0])
    var bounded = graph
    bounded.boundMasks()
    let mask = try #require(bounded.tensors[bounded.nodes[0].inputs[1]].floats)
    #expect(mask == [0, -16, 0])
    for (a, b) in zip(try values(of: graph).joined(), try values(of: bounded).joined()) {
      #expect(abs(a - b) < 0x1p-16)
    }
  }

  @Test(arguments: [[0, -9_000, 0], [0, 1, -1e9]] as [[Float]])
  func otherAddendsStay(mask: [Float]) throws {
    try check(graph(mask), ["add", "softmax"], tolerance: 0) { $0.boundMasks() }
  }
}
