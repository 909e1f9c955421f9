/// How a tensor of another runtime, or of a board, differs from Octet's.
public struct TensorDifference: Codable, Sendable, Equatable {
  /// What the difference looks like.
  public enum Pattern: String, Codable, Sendable, CaseIterable {
    /// No value is off by more than one code; of real numbers, by a thousandth of the largest.
    case rounding
    /// The same offset everywhere: another zero point, or a bias.
    case shift
    /// Values differ only where one of the two is cut off.
    case saturation
    /// One factor everywhere: another scale.
    case scale
    /// The same values in other places: layout, mirrored, displaced by lost bytes.
    case permutation
    /// One bit of one code.
    case bitFlip
    /// Values that are no numbers.
    case notANumber
    /// Values that are not there.
    case missing
    /// None of these.
    case garbage

    /// A few words for a sentence: `looks like rounding`.
    public var title: String {
      switch self {
      case .rounding: "rounding"
      case .shift: "a shift"
      case .saturation: "saturation"
      case .scale: "another scale"
      case .permutation: "other places"
      case .bitFlip: "a flipped bit"
      case .notANumber: "no numbers"
      case .missing: "missing values"
      case .garbage: "garbage"
      }
    }
  }

  /// The number of elements in all samples.
  public var elementCount: Int
  /// The number of those that differ.
  public var differingCount: Int
  /// The sample of the first that differs, from 0.
  public var sample: Int
  /// The first that differs within its sample, row-major with the channels last.
  public var firstElement: Int
  /// The last that differs within that sample.
  public var lastElement: Int
  /// The index of the first in each dimension of the tensor.
  public var position: [Int]
  /// Octet's value there, in real numbers.
  public var expected: Double
  /// The other's; nil where it is missing or no number.
  public var actual: Double?
  /// Octet's code there; nil in a float model.
  public var expectedCode: Int?
  /// The other's code; nil likewise.
  public var actualCode: Int?
  /// The largest difference, in real numbers.
  public var maxAbsError: Double
  /// The same in steps of the codes; nil in a float model.
  public var maxSteps: Double?
  /// What it looks like.
  public var pattern: Pattern
  /// A clause about that; empty where the pattern says all.
  public var detail: String

  /// `row 3, column 0, channel 12`, or `element 7` of a vector.
  public var place: String {
    switch position.count {
    case 4: "row \(position[1]), column \(position[2]), channel \(position[3])"
    case 3: "row \(position[0]), column \(position[1]), channel \(position[2])"
    default: "element \(firstElement)"
    }
  }

  /// `5 where 3 is expected` in codes or real numbers.
  public var values: String {
    if let expectedCode {
      return "\(actualCode.map { "\($0)" } ?? "nothing") where \(expectedCode) is expected"
    }
    return "\(actual.map { $0.short } ?? "no number") where \(expected.short) is expected"
  }

  /// `1 step`, `0.5 steps`
  static func text(steps: Double) -> String {
    steps == 1 ? "1 step" : "\(steps.formatted(digits: steps == steps.rounded() ? 0 : 2)) steps"
  }

  /// `12 of 784 values differ, by at most 3 steps, first at row …: 5 where 3 is expected; looks
  /// like …`
  public var text: String {
    let most = maxSteps.map(Self.text(steps:))
    return "\(differingCount) of \(elementCount) values differ, by at most "
      + "\(most ?? maxAbsError.short), first at \(sample > 0 ? "sample \(sample), " : "")\(place): "
      + "\(values); looks like \(pattern.title)" + (detail.isEmpty ? "" : " (\(detail))")
  }
}
