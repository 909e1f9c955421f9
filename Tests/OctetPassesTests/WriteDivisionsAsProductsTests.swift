import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteDivisionsAsProductsTests {
  private func check(_ divisor: [Float], _ expected: [String]) throws {
    var builder = NetworkBuilder(seed: 3)
    let constant = builder.constant("divisor", [divisor.count], divisor)
    try builder.append("divide", .divide(.relu), [constant])
    try OctetPassesTests.check(builder.finished(), expected) { $0.writeDivisionsAsProducts() }
  }

  @Test func byConstants() throws {
    try check([0.5, -2, 3], ["multiply"])
    try check([7], ["multiply"])
    // Whose reciprocal is infinite.
    try check([1, 0, 1], ["divide"])
    try check([.leastNonzeroMagnitude], ["divide"])
  }

  @Test func byAnActivation() throws {
    var builder = NetworkBuilder(seed: 8)
    let image = builder.last
    try builder.append("logistic", .scalar(.logistic))
    let divisor = builder.last
    try builder.append("sum", .add(.none), [image])
    try builder.append("divide", .divide(.none), [divisor])
    try OctetPassesTests.check(
      builder.finished(), ["logistic", "add", "reciprocal", "multiply"]
    ) { $0.writeDivisionsAsProducts() }
  }
}
