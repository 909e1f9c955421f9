import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct GatherAffineStepsTests {
  private func steps(_ builder: inout NetworkBuilder) throws {
    let gain = builder.constant("gain", [3], [2, -0.5, 0.01])
    let offset = builder.constant("offset", [1, 1, 3], [1, 0, -40])
    let divisor = builder.constant("divisor", [1], [4])
    try builder.append("scaled", .multiply(.none), [gain])
    try builder.append("moved", .subtract(.none), [offset])
    try builder.append("divided", .divide(.none), [divisor])
  }

  @Test func stepsBecomeOneNormalization() throws {
    for activation in [Activation.none, .relu] {
      var attributes = ConvolutionAttributes()
      attributes.activation = activation
      var builder = NetworkBuilder(seed: 21)
      try builder.convolution("conv", outputCount: 3, kernel: Extent(2), attributes)
      try steps(&builder)
      try check(builder.finished(), ["convolution", "batchNormalization"]) {
        $0.gatherAffineSteps()
      }
    }
  }

  @Test func whatChangesNothingGoes() throws {
    var builder = NetworkBuilder(seed: 23)
    let (one, zero) = (builder.constant("one", [1], [1]), builder.constant("zero", [3], [0, 0, 0]))
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("same", .multiply(.none), [one])
    try builder.append("still", .add(.none), [zero])
    try builder.append("tanh", .scalar(.tanh))
    try check(builder.finished(), ["logistic", "tanh"], tolerance: 0) { $0.gatherAffineSteps() }
  }

  /// One number for all that nothing takes in, a constant minus a tensor among them.
  @Test func numbersStay() throws {
    var builder = NetworkBuilder(seed: 24)
    let two = builder.constant("two", [1], [2])
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("twice", .multiply(.none), [two])
    try check(builder.finished(), ["logistic", "multiply"], tolerance: 0) {
      $0.gatherAffineSteps()
    }
  }
}
