import OctetModel
import OctetReport

extension Diff {
  /// What one model has and the other has not, apart from numbers: clauses in the order of the
  /// network.
  func structure() -> [String] { [] }
}
