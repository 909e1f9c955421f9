import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteCopiesAsConcatenationsTests {
  @Test(
    arguments: [
      (.tile([1, 2, 1, 3]), ["concatenation", "concatenation"]),
      (.tile([1, 1, 1, 1]), ["identity"]),
      (.tile([1, 256, 1, 1]), ["tile"]),
    ] as [(OctetModel.Operation, [String])])
  func tilings(operation: OctetModel.Operation, expected: [String]) throws {
    var builder = NetworkBuilder()
    try builder.append("copies", operation)
    try check(builder.finished(), expected, tolerance: 0) { $0.writeCopiesAsConcatenations() }
  }

  @Test func expansions() throws {
    var builder = NetworkBuilder()
    try builder.append("mean", .mean(axes: [1, 2], keepsDimensions: false))
    try builder.append("wide", .expand([2, 1, 3]))
    try builder.append("wider", .expand([1, 2, 1, 3]))
    try check(
      builder.finished(), ["mean", "reshape", "concatenation", "reshape"], tolerance: 0
    ) { $0.writeCopiesAsConcatenations() }
  }
}
