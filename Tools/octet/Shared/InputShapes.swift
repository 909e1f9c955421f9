import OctetCommand

extension Common {
  static let shapes = OctetCommand.Option(
    "--shapes", .shapes,
    help: "Sizes that an ONNX file leaves open (only an open batch is 1 by itself). An input that "
      + "is a sequence is named once for each of its tensors.")
}

extension ValueKind<[String: [[Int]]]> {
  /// Names with shapes, separated by commas: `x=1x3x32x32,y=1x10`.
  fileprivate static var shapes: ValueKind {
    ValueKind(placeholder: "NAME=1x3x32x32[,…]") { text throws(ValueError) in
      var result: [String: [[Int]]] = [:]
      for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
        let equals = entry.lastIndex(of: "=") ?? entry.startIndex
        let numbers = entry[equals...].dropFirst().split(
          separator: "x", omittingEmptySubsequences: false)
        let shape = numbers.compactMap { Int($0) }.filter { $0 > 0 }
        guard equals > entry.startIndex, shape.count == numbers.count else {
          throw ValueError("a name and a shape, such as x=1x3x32x32, or several with commas")
        }
        result[String(entry[..<equals]), default: []].append(shape)
      }
      return result
    }
  }
}
