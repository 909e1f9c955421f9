/// The errors on the images that were learnt from, on those that chose the model, and on those that
/// judge it, side by side, and what they say.
public struct ErrorDiagnosis: Sendable, Encodable {
  /// What is wrong most.
  public enum Verdict: String, Sendable, Encodable {
    case bias, variance, mismatch, good
  }

  /// The error that can be hoped for, such as people's.
  public var target: Double
  /// Shares of wrong answers.
  public var train, development, test: Double
  /// Train less target: what more learning could gain.
  public var bias: Double
  /// Development less train: what more data or regularization could gain.
  public var variance: Double
  /// Test less development: how far the choice fitted the development images only.
  public var mismatch: Double
  /// The largest of the three, or `good` where none is above half a point.
  public var verdict: Verdict
  /// What the verdict means and what to try, a sentence each.
  public var advice: [String]

  /// Compares errors, shares of 1.
  public init(target: Double, train: Double, development: Double, test: Double) {
    self.target = target
    self.train = train
    self.development = development
    self.test = test
    bias = max(train - target, 0)
    variance = max(development - train, 0)
    mismatch = max(test - development, 0)
    let largest = max(bias, variance, mismatch)
    if largest <= 0.005 {
      verdict = .good
      advice = [
        "No gap is above half a point: what is left is nearly what can be hoped for.",
        "To go further, look at the worst mistakes one by one, and at their labels.",
      ]
    } else if largest == bias {
      verdict = .bias
      advice = [
        "Bias: even images that were learnt from are mistaken more often than need be.",
        "Try a larger network (--arch), more epochs, another learning rate or optimizer, and less "
          + "regularization: lower --weight-decay, --label-smoothing and --augment.",
      ]
    } else if largest == variance {
      verdict = .variance
      advice = [
        "Variance: what was learnt by heart does not carry over to new images.",
        "Try more images, --augment, --mixup, a higher --weight-decay, --average, --patience, or a "
          + "smaller network.",
      ]
    } else {
      verdict = .mismatch
      advice = [
        "The test images are harder than those that chose the model, or of another kind.",
        "Try more images for --validation, and see that they are of the kind that is to be judged.",
      ]
    }
  }
}
