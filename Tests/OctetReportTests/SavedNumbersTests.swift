import Foundation
import OctetReport
import Testing

/// JSON has no NaN: shards write `null`, which comes back as what it was.
@Suite struct SavedNumbersTests {
  @Test func nullIsNoNumber() throws {
    let flip = DiffReport.Flip(
      index: 3, label: 1, floatPrediction: 1, int8Prediction: 2, floatMargin: 0.1,
      int8Margin: 0.2, floatScores: [0.1, 0.7], int8Scores: [0.25, 0.5])
    let text = String(decoding: try JSONEncoder().encode(flip), as: UTF8.self)
    let decoder = JSONDecoder()
    #expect(try decoder.decode(DiffReport.Flip.self, from: Data(text.utf8)) == flip)
    let damaged = text.replacing("0.2,", with: "null,").replacing("0.2}", with: "null}")
      .replacing("[0.25", with: "[null")
    let read = try decoder.decode(DiffReport.Flip.self, from: Data(damaged.utf8))
    #expect(read.int8Margin.isNaN && read.int8Scores[0].isNaN && read.int8Scores[1] == 0.5)
    #expect(read.floatMargin == 0.1 && read.floatScores == flip.floatScores)
  }

  @Test func missingKeysAreRefused() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(DiffReport.Weights.Channel.self, from: Data("{}".utf8))
    }
  }
}
