extension Dataset {
  /// The most views of an image: the image itself and windows moved to the four corners and the
  /// four sides, and all of them in the mirror.
  package static let viewLimit = 18

  /// The set with every image moved, and mirrored in odd views where `mirrors`.
  ///
  /// - Parameters:
  ///   - number: 0 is the images as they are.
  ///   - mirrors: views 0, 1, 2, 3 … are then the places 0, 0, 1, 1 …
  ///   - distance: by which windows move, in pixels; the pixels of the edge go on beyond it.
  package func view(_ number: Int, mirrors: Bool, distance: Int) -> Dataset {
    let places = [
      (0, 0), (-1, -1), (1, -1), (-1, 1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0),
    ]
    let isMirrored = mirrors && number % 2 == 1
    let place = places[(mirrors ? number / 2 : number) % places.count]
    if number == 0 { return self }
    var view = self
    for index in 0..<count {
      let start = index * imageByteCount
      for y in 0..<height {
        let row = min(max(y + place.1 * distance, 0), height - 1)
        for x in 0..<width {
          let across = isMirrored ? width - 1 - x : x
          let column = min(max(across + place.0 * distance, 0), width - 1)
          for c in 0..<channelCount {
            view.pixels[start + (y * width + x) * channelCount + c] =
              pixels[start + (row * width + column) * channelCount + c]
          }
        }
      }
    }
    return view
  }
}
