import Board
import Models

@main
struct App {
  static func main() {
    // A seven, written where the model reads it, as a camera could: 0 for black and 255 for white,
    // less 128.
    let scores = Digits.predict { image in
      for index in image.indices {
        let (row, column) = (index / 28, index % 28)
        let isBar = row >= 4 && row <= 6 && column >= 6 && column <= 20
        let isStroke = row >= 7 && row <= 23 && abs(20 - (row - 6) / 2 - column) <= 1
        image[index] = isBar || isStroke ? 127 : -128
      }
    }
    var digit = 0
    for index in scores.indices where scores[index] > scores[digit] { digit = index }
    show("digit ")
    print_number(Int32(digit))
    show(", score ")
    print_number(Int32(scores[digit]))
    show("\nscores")
    for index in scores.indices {
      show(" ")
      print_number(Int32(scores[index]))
    }
    show(Digits.selfTest() == nil ? "\nself-test passed\n" : "\nself-test failed\n")
  }
}

func show(_ text: StaticString) { print_text(text.utf8Start) }
