/// Names of which each is given out once; a name that is taken gets a number.
package struct UniqueNames {
  private var used: Set<String>
  /// The number to try next for each name, so that many equal names take no more than one try each.
  private var next: [String: Int] = [:]

  package init(_ used: Set<String> = []) { self.used = used }

  package func contains(_ name: String) -> Bool { used.contains(name) }

  package mutating func take(_ name: String) -> String {
    if used.insert(name).inserted { return name }
    var number = next[name] ?? 2
    while !used.insert("\(name)_\(number)").inserted { number += 1 }
    next[name] = number + 1
    return "\(name)_\(number)"
  }
}
