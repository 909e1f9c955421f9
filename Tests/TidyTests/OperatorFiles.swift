/// What every operator `X` in `Sources/OctetRuntime/Operators/X.swift` has in the tests.
enum OperatorFiles {
  static let folder = "Sources/OctetRuntime/Operators"

  static let counterparts: [(folder: String, suffix: String)] = [
    ("Tests/OctetRuntimeTests/Oracles", ".swift"),
    ("Tests/OctetRuntimeTests/Operators", "Tests.swift"),
  ]

  /// Operators whose oracle and tests stand under another's name.
  static let tested: [String: String] = [:]

  /// Files in the folder that are no operators but what several of them share.
  static let shared: Set<String> = [
    "Operator", "Broadcast", "NarrowWeights", "Pool", "SoftmaxRows", "StridedCopy", "WeightedData",
    "Weighted16", "Window",
  ]
}
