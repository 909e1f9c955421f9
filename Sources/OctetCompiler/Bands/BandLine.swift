/// The line behind a blob's data that says of which layer an operator is a band.
extension LoweredOperator.Layer {
  private static let rowsName = "rows"
  private static let partName = "part"

  /// Words between which a space stands.
  var text: String {
    switch self {
    case .band(let index, let firstRow, let height):
      "\(Self.rowsName) \(index) \(firstRow) \(height)"
    case .helper: Self.partName
    }
  }

  /// nil for text that is no such line.
  init?(text: Substring) {
    let words = text.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }.filter { (0..<1 << 26).contains($0) }
    if words == [Substring(Self.partName)] {
      self = .helper
    } else if words.first.map(String.init) == Self.rowsName, words.count == 4,
      numbers.count == 3
    {
      self = .band(numbers[0], firstRow: numbers[1], height: numbers[2])
    } else {
      return nil
    }
  }
}
