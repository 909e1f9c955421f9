/// Figures that cannot be computed or put together, with the cause.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// A label or prediction outside `0 ..< classCount`.
  case classOutOfRange(index: Int, classCount: Int)
  /// Two arrays that belong together differ in length.
  case countMismatch(what: String, expected: Int, actual: Int)
  /// Shards that do not come from the same comparison.
  case shardMismatch(what: String)
  /// A saved figure that no run could have produced.
  case invalidSaved(what: String)

  public var description: String {
    switch self {
    case .classOutOfRange(let index, let classCount):
      "class \(index) is outside 0 ..< \(classCount): model and data do not have the same classes"
    case .countMismatch(let what, let expected, let actual):
      "\(actual) \(what) where \(expected) are needed"
    case .shardMismatch(let what):
      "the shards differ in \(what): they do not come from the same comparison"
    case .invalidSaved(let what):
      "the saved \(what) is damaged: no run produces it"
    }
  }
}
