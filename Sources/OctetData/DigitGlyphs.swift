/// The ways in which people write each digit, as knots that the pen passes through.
///
/// A glyph is text: strokes between `|`, knots `x,y` between blanks. A digit is about 100 high,
/// y grows downwards; the generator scales it later. At a knot marked `!` the pen turns sharply.
/// A letter after a knot names it: a later knot that is only this letter is the same place, so
/// that strokes that meet stay together when the knots are moved.
enum DigitGlyphs {
  struct Knot: Equatable {
    /// Index into `Glyph.places`.
    var place: Int
    var isCorner: Bool
  }

  struct Glyph {
    /// How often this form is written, relative to the other forms of the digit.
    var weight: Double
    var places: [Point]
    var strokes: [[Knot]]

    init(_ weight: Double, _ text: String) {
      self.weight = weight
      places = []
      strokes = []
      var named: [Character: Int] = [:]
      for stroke in text.split(separator: "|") {
        var knots: [Knot] = []
        for word in stroke.split(separator: " ") {
          let isCorner = word.contains("!")
          let name = word.last { $0.isLetter }
          let numbers = word.filter { !$0.isLetter && $0 != "!" }
            .split(separator: ",").compactMap { Double($0) }
          if numbers.count == 2 {
            if let name { named[name] = places.count }
            knots.append(Knot(place: places.count, isCorner: isCorner))
            places.append(Point(x: numbers[0], y: numbers[1]))
          } else if let name, let place = named[name] {
            knots.append(Knot(place: place, isCorner: isCorner))
          }
        }
        strokes.append(knots)
      }
    }
  }

  /// The forms of digit 0 … 9.
  static let all: [[Glyph]] = [
    [
      Glyph(4, "36,1 14,14 3,50 13,86 36,99 58,86 68,50 58,15 34,2"),
      Glyph(3, "54,10 32,2 9,24 3,58 16,90 38,98 60,80 68,42 56,14 40,4"),
      Glyph(1, "40,0 18,12 4,48 10,84 32,99 56,86 68,52 60,20 42,8 26,12"),
      Glyph(0.6, "12,6 4,46 14,88 38,98 60,84 68,44 54,10 30,2 14,12"),
    ],
    [
      Glyph(6, "36,0 36,100"),
      Glyph(2, "44,0 36,50 34,100"),
      Glyph(1, "34,0 38,50 34,100"),
      Glyph(1.6, "18,22 40,0! 38,100"),
      Glyph(0.5, "22,12 38,0! 38,100"),
      Glyph(0.8, "16,20 40,0! 38,99a | 8,99 a 68,97"),
      Glyph(0.3, "36,0 36,99a | 12,99 a 60,99"),
    ],
    [
      Glyph(3, "8,22 30,2 56,12 56,38 34,70 4,98! 36,93 72,95"),
      Glyph(3, "8,20 30,2 54,14 52,42 32,76 14,95 4,86 16,76 40,88 74,94"),
      Glyph(2, "6,24 32,3 58,20 48,54 24,84 10,92 6,80 26,80 50,94 84,84"),
      Glyph(1.5, "4,12 34,6 58,14 50,40 8,95! 40,88 74,98"),
      Glyph(1, "4,8 54,6! 6,95! 66,93"),
      Glyph(1, "12,26 22,6 46,4 56,24 44,56 6,96! 66,94"),
      Glyph(1, "2,36 30,16 56,34 40,66 14,90 2,80 22,72 48,82 100,58"),
    ],
    [
      Glyph(3, "8,12 34,1 58,15 50,36 26,47! 56,58 62,82 34,99 4,88"),
      Glyph(3, "8,12 35,2 58,18 44,41 24,46 34,52 58,62 60,84 34,99 2,90"),
      Glyph(1.5, "8,6 60,4! 28,42! 56,54 62,80 34,99 4,90"),
      Glyph(1.5, "12,20 30,2 56,10 56,34 32,48! 60,58 64,84 40,99 10,96 8,80"),
      Glyph(1, "4,14 40,0 68,14 36,44! 68,60 58,86 20,98 -4,88"),
      Glyph(0.8, "10,8 40,2 58,20 50,48 58,70 48,92 22,99 4,90"),
    ],
    [
      Glyph(4, "14,4 4,48 14,58 38,54 66,42 | 62,2 52,50 48,100"),
      Glyph(3, "16,2 4,55! 70,50 | 62,0 50,100"),
      Glyph(1.6, "48,0 2,62! 76,60 | 52,2 46,100"),
      Glyph(1.2, "56,2a 4,60! 76,58 | a! 48,100"),
      Glyph(1.4, "12,6 8,44 24,54 50,46 64,6! 54,56 50,100"),
      Glyph(1, "12,10 4,46 18,56 54,50 84,42 | 70,0 50,54 40,100"),
      Glyph(0.7, "6,12 6,52! 40,52 64,52 | 62,8 62,54 60,100"),
    ],
    [
      Glyph(2.5, "62,3 18,4! 12,44! 38,38 60,58 54,88 28,99 4,88"),
      Glyph(3, "18,6a 12,46! 38,40 58,60 50,90 24,99 2,90 | a 46,6 80,0"),
      Glyph(1.5, "64,6 32,5 14,26 26,44 52,56 58,80 36,99 4,90"),
      Glyph(1.5, "90,2 30,10! 18,44! 44,50 54,72 38,94 4,98"),
      Glyph(1, "66,4 22,6! 16,42 34,46 58,62 54,90 26,99 6,82"),
      Glyph(0.8, "58,8 14,8! 8,42! 34,34 62,50 62,80 40,98 10,96"),
    ],
    [
      Glyph(3, "54,2 26,24 8,60 12,90 36,99 58,84 54,62 34,56 12,74"),
      Glyph(3, "40,0 16,40 6,76 20,97 48,94 58,72 42,58 10,78"),
      Glyph(1, "60,12 36,3 10,34 6,78 28,98 56,88 56,62 32,52 12,66"),
      Glyph(1, "24,0 8,48 10,86 36,99 60,82 52,62 34,62 20,88"),
      Glyph(1, "36,4 6,40 4,80 40,96 88,88 92,62 58,54 22,74"),
      Glyph(1, "30,0 10,50 4,92! 40,96 62,80 48,66 6,90"),
    ],
    [
      Glyph(4, "4,10 62,4! 44,46 28,100"),
      Glyph(1.5, "4,20 14,6 40,10 64,2! 42,50 26,100"),
      Glyph(1.2, "6,24 8,8! 64,4! 34,100"),
      Glyph(1.5, "4,14 34,6 60,10 56,40 40,68 34,100"),
      Glyph(1.2, "4,8 62,4! 42,50 28,100 | 18,54 64,48"),
      Glyph(0.6, "4,24 10,6! 62,4! 36,100 | 16,50 62,46"),
      Glyph(0.8, "2,22 34,8 66,14 62,44 58,98"),
    ],
    [
      Glyph(3, "58,12 34,2 12,16 20,36 46,56 58,78 38,98 12,90 16,66 44,42 60,20 48,6"),
      Glyph(2, "34,2a 14,10 12,34 34,48 56,36 56,12 a | 34,48 10,64 8,88 34,99 62,88 60,64 34,48"),
      Glyph(1.5, "66,16 38,2 14,18 34,44 52,66 48,92 26,99 10,84 28,58 74,14"),
      Glyph(1.2, "62,4 26,4 12,24 36,46 56,70 44,96 20,96 14,74 36,48 58,22 64,6"),
      Glyph(1, "36,46 12,30 22,4 50,4 58,28 34,48 8,72 22,98 50,96 58,70 36,50"),
      Glyph(0.8, "84,22 42,6 16,20 36,44 52,68 36,94 14,90 18,70 48,44 88,18"),
    ],
    [
      Glyph(3, "58,14 34,2 10,20 10,42 32,50 52,34 60,10! 54,56 50,100"),
      Glyph(2.5, "58,16 34,3 8,22 12,46 36,48 58,22! 50,56 32,100"),
      Glyph(1.5, "58,16 35,2 8,20 10,44 32,50 56,34 62,14! 60,60 50,90 26,99 8,92"),
      Glyph(1.5, "60,8 28,4 6,28 22,48 46,42 60,10! 52,60 46,100"),
      Glyph(0.8, "50,44 20,48 8,24 32,2 56,16 58,52 52,100"),
      Glyph(0.8, "66,0 26,12 8,36 28,46 58,28 66,4! 48,60 30,100"),
    ],
  ]
}
