import OctetRuntime
import Testing

/// Expects kernel and oracle to agree in each placement, on every backend.
func expectSame(
  _ operation: TestOperator, inputs: [[Int8]], oracle: [[Int8]], _ comment: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  for placement in Placement.allCases {
    for backend in Backend.available {
      let outputs = try operation.run(
        inputs, placement: placement, backend: backend, expected: oracle)
      #expect(
        outputs == oracle, "\(comment), \(placement), \(backend)", sourceLocation: sourceLocation)
    }
  }
}
