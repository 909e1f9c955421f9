import OctetModel
import OctetRuntime

/// The parameter words of an operator by the names that its kernel declares.
package typealias ParameterWords<Word: ParameterWord> = [Word: LoweredOperator.Parameter]

extension Dictionary where Key: ParameterWord, Value == LoweredOperator.Parameter {
  /// - Precondition: no word is in both.
  package static func + (_ a: Self, _ b: Self) -> Self {
    a.merging(b) { _, _ in preconditionFailure("a parameter word is written twice") }
  }

  /// The parameters in the order of the blob; nil when one is missing.
  package var inOrder: [Value]? {
    let values = (0..<count).compactMap { Key(rawValue: $0).flatMap { self[$0] } }
    return values.count == count ? values : nil
  }
}

/// The words of the range that results are clamped to.
package protocol ClampWord: ParameterWord {
  static var lower: Self { get }
  static var upper: Self { get }
}

extension Lowering {
  func words<Word: ParameterWord>(
    _ by: FixedPointMultiplier, _ multiplier: Word, _ shift: Word
  ) -> ParameterWords<Word> {
    [multiplier: .value(Int(by.multiplier)), shift: .value(Int(by.shift))]
  }

  /// Neighbouring words, one for each axis.
  func words<Word: ParameterWord>(_ values: [Int], from first: Word) -> ParameterWords<Word> {
    var words: ParameterWords<Word> = [:]
    for (axis, value) in values.enumerated() {
      if let word = Word(rawValue: first.rawValue + axis) { words[word] = .value(value) }
    }
    return words
  }

  /// The range of the activation fused into a node.
  func clampWords<Word: ClampWord>(
    _ activation: Activation, _ node: Node
  ) -> ParameterWords<Word> {
    let clamp = clampRange(activation, output: node.outputs[0])
    return [.lower: .value(clamp.lower), .upper: .value(clamp.upper)]
  }
}

extension BlobReader {
  func word<Word: ParameterWord>(_ view: OperatorView, _ word: Word) -> Int {
    Int(view.parameter(word))
  }

  /// The words of the axes that the operator's input has, the first for the batch.
  func words<Word: ParameterWord>(_ view: OperatorView, from batch: Word) -> [Int] {
    (firstAxis(view)..<4).map { Int(view.parameter(batch, axis: $0)) }
  }

  /// int8 data of the blob.
  func int8s<Word: ParameterWord>(_ view: OperatorView, _ word: Word, count: Int) -> [Int8] {
    let start = self.word(view, word)
    return bytes[start..<start + count].map { Int8(bitPattern: $0) }
  }

  /// int32 data of the blob.
  func int32s<Word: ParameterWord>(_ view: OperatorView, _ word: Word, count: Int) -> [Int32] {
    let start = self.word(view, word)
    return bytes[start..<start + 4 * count].littleEndianWords
  }

  /// The activation whose clamp the words are.
  func activation<Word: ClampWord>(_ view: OperatorView, _: Word.Type) -> Activation {
    let (lower, upper) = (word(view, Word.lower), word(view, Word.upper))
    let output = output(view)
    guard let quantization = output.quantization else { return .none }
    for activation in [Activation.none, .relu, .relu6, .reluN1To1]
    where output.clampRange(activation) == (lower, upper) {
      return activation
    }
    func real(_ code: Int) -> Float {
      Float(code - Int(quantization.zeroPoints[0])) * quantization.scales[0]
    }
    return .clip(
      lower: lower == output.codeRange.lowerBound ? -.infinity : real(lower),
      upper: upper == output.codeRange.upperBound ? .infinity : real(upper))
  }
}
