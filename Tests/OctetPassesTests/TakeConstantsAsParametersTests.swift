import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct TakeConstantsAsParametersTests {
  @Test func exponents() throws {
    var builder = NetworkBuilder(seed: 9)
    let exponent = builder.constant("exponent", [], [1.75])
    let exponents = builder.constant("exponents", [3], [1, 2, 3])
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("power", .power, [exponent])
    try builder.append("powers", .power, [exponents])
    let graph = try check(builder.finished(), ["logistic", "power", "power"]) {
      $0.takeConstantsAsParameters()
    }
    #expect(graph.nodes[1].operation == .scalar(.power(exponent: 1.75)))
    #expect(graph.nodes[2].operation == .power)
  }

  @Test(arguments: [([0.2, 0.2, 0.2], "leakyRelu"), ([0.1, 0, -0.3], "prelu")])
  func slopes(slopes: [Float], name: String) throws {
    var builder = NetworkBuilder(seed: 4)
    let constant = builder.constant("slopes", [3], slopes)
    try builder.append("prelu", .prelu, [constant])
    try check(builder.finished(), [name]) { $0.takeConstantsAsParameters() }
  }
}
