// Places that are the same though other operators make them.

extension PlaceMatching {
  /// The reference's places with counterparts that read one, perhaps by way of some without.
  private func knownReaders(ofTwin twin: Int) -> Set<Int> {
    var found: Set<Int> = []
    var seen: Set<Int> = []
    var pending = reference.vertices[twin].readers.map(\.place)
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      if isTaken[next] {
        found.insert(next)
      } else {
        pending += reference.vertices[next].readers.map(\.place)
      }
    }
    return found
  }

  /// The counterparts of those that read a place of the candidate, perhaps by way of some that only
  /// rename; nil where one has none.
  private func knownReaders(of place: Int) -> Set<Int>? {
    var found: Set<Int> = []
    for reader in candidate.vertices[place].readers.map(\.place) {
      if let twin = counterparts[reader] {
        found.insert(twin)
      } else if candidate.places[reader].maker.onlyRenames, let more = knownReaders(of: reader) {
        found.formUnion(more)
      } else {
        return nil
      }
    }
    return found.isEmpty ? nil : found
  }

  /// A layer and the function after it that only the reference has are one layer: what reads the
  /// function there reads the layer here.
  mutating func takeFunctions() {
    for place in counterparts.indices where candidate.vertices[place].weightCount > 0 {
      guard let twin = counterparts[place], reference.vertices[twin].readers.count == 1,
        let next = reference.vertices[twin].readers.first?.place, !isTaken[next],
        haveOneCount(place, next), reference.places[next].maker.isFunction,
        let readers = knownReaders(of: place), readers.isSubset(of: knownReaders(ofTwin: next))
      else { continue }
      counterparts[place] = next
      (isTaken[twin], isTaken[next]) = (false, true)
    }
  }

  /// What stands between the same neighbours and has the same shape is the same place, whatever
  /// makes it there: one model may compute in other operators what the other has as one.
  mutating func takeReplacements() {
    func bare(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }
    for place in counterparts.indices where counterparts[place] == nil {
      let (spot, weightCount) = (candidate.places[place], candidate.vertices[place].weightCount)
      guard spot.operatorIndex != nil, !spot.maker.onlyRenames,
        let readers = knownReaders(of: place),
        let twin = reference.places.indices.first(where: { twin in
          isFree(place, twin) && reference.places[twin].operatorIndex != nil
            && !reference.places[twin].maker.onlyRenames
            && bare(reference.places[twin].shape) == bare(spot.shape)
            && reference.vertices[twin].weightCount == weightCount
            && knownReaders(ofTwin: twin) == readers && isBetweenKnown(place, twin)
        })
      else { continue }
      set(place, twin)
    }
  }
}
