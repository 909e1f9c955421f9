import OctetCommand

/// Options of training under one name.
struct Recipe: Sendable, Encodable {
  var name: String
  /// One sentence: what it is for.
  var summary: String
  /// The command line that it stands for, without the data and the output.
  var options: String

  /// The value that the recipe gives an option.
  func value(of option: String) -> String? {
    let words = options.split(separator: " ").map(String.init)
    return words.firstIndex(of: option).map { words[$0 + 1] }
  }

  static let all: [Recipe] = []
}
