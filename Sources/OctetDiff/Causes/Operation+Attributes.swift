import OctetModel

extension Operation {
  /// The attributes in which this differs from another operation of its kind, as a clause: `its
  /// padding top is 0, where the reference has 1`.
  func attributeClause(against other: Operation) -> String {
    let pairs = zip(Self.leaves(of: self), Self.leaves(of: other)).filter { $0.text != $1.text }
    guard let first = pairs.first else { return "its attributes are others than the reference's" }
    let more = pairs.count > 1 ? " (and \(pairs.count - 1) more)" : ""
    let name = first.0.name.isEmpty ? "attribute" : first.0.name
    return "its \(name) is \(first.0.text), where the reference has \(first.1.text)\(more)"
  }

  /// What an operation is made of, down to numbers, by the names of its properties.
  private static func leaves(of value: Any, _ name: String = "") -> [(name: String, text: String)] {
    let mirror = Mirror(reflecting: value)
    let isWhole = mirror.displayStyle == .collection || mirror.displayStyle == .optional
    guard !mirror.children.isEmpty, !isWhole else { return [(name, text(of: value))] }
    return mirror.children.flatMap { child in
      // The cases of an enumeration and the places of a tuple are no names.
      let label = child.label.map { $0.hasPrefix(".") ? "" : $0 } ?? ""
      let isNamed = mirror.displayStyle != .enum && !label.isEmpty
      let parts = [name, isNamed ? label : ""].filter { !$0.isEmpty }
      return leaves(of: child.value, parts.joined(separator: " "))
    }
  }

  private static func text(of value: Any) -> String {
    let text = (value as? Float).map { Double($0).short } ?? "\(value)"
    return text.count > 60 ? text.prefix(59) + "…" : text
  }
}
