extension [String] {
  /// The names in quotes with commas between; of a long list the first ones and how many more.
  package var nameList: String {
    let shown = prefix(8).map { "'\($0.shortened)'" }.joined(separator: ", ")
    return count > 8 ? "\(shown) and \(count - 8) more" : shown
  }
}

extension String {
  /// The text, or the beginning and the end of a long one.
  package var shortened: String {
    count > 100 ? "\(prefix(60))…\(suffix(30))" : self
  }
}
