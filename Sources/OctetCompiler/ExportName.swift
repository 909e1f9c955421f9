/// A file's name as an identifier.
package struct ExportName {
  package let lowercase: String

  package init(_ name: String) {
    let kept = name.map {
      $0.isASCII && ($0.isLetter || $0.isNumber) ? Character($0.lowercased()) : "_"
    }
    let start = kept.first.map { $0.isNumber } ?? true
    lowercase = (start ? "model_" : "") + String(kept)
  }

  package var uppercase: String { lowercase.uppercased() }

  /// `LenetMnist`
  var camelCase: String {
    lowercase.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The name of a type: one that Swift or the generated source itself uses gets `Model` behind it.
  var typeName: String { Self.used.contains(camelCase) ? camelCase + "Model" : camelCase }

  private static let used: Set = [
    "Any", "Bool", "Error", "Failure", "Float", "InlineArray", "Int", "Int8", "LinkedMemory",
    "LinkedModel", "MutableSpan", "Never", "OctetLinkedModel", "Optional", "Protocol", "Result",
    "Self", "Span", "StaticString", "String", "Swift", "Type", "UInt64", "UnsafeRawBufferPointer",
    "Void",
  ]
}
