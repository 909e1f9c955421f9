import OctetReport
import Testing

@Suite struct AssessmentTests {
  /// Six samples of three classes, by hand.
  private static let assessment = Assessment(
    probabilities: [
      0.75, 0.25, 0, 0.5, 0.25, 0.25, 0.25, 0.75, 0, 0.125, 0.75, 0.125, 0.25, 0.25, 0.5,
      0.5, 0.5, 0,
    ], labels: [0, 1, 1, 2, 2, 1], classNames: ["a", "b", "c"])

  @Test func confusionAndShares() {
    let found = Self.assessment
    #expect(found.confusion == [[1, 0, 0], [2, 1, 0], [0, 1, 1]])
    #expect(found.accuracy == 0.5)
    // Of equal probabilities the first counts: sample 5 says class 0.
    let tops: [Double] = [0.5, 5.0 / 6, 1]
    #expect(found.topAccuracies == tops)
    let third = 1.0 / 3
    let precisions: [Double?] = [third, 0.5, 1]
    let recalls: [Double?] = [1, third, 0.5]
    let harmonic: [Double?] = [0.5, 0.4, 2.0 / 3]
    #expect(found.classes.map(\.precision) == precisions)
    #expect(found.classes.map(\.recall) == recalls)
    #expect(found.classes.map(\.f1) == harmonic)
    let macroF1: Double = (0.5 + 0.4 + 2.0 / 3) / 3
    #expect(abs(found.macroF1 - macroF1) < 1e-12)
    #expect(found.worst.map(\.index) == [3, 1, 5])
    #expect(found.worst[0].probability == 0.75 && found.worst[0].labelProbability == 0.125)
    #expect(found.accuracyInterval[0] < 0.5 && found.accuracyInterval[1] > 0.5)
  }

  @Test func calibrationIsTheMeanGap() {
    let bins = Self.assessment.calibration.bins
    // Three samples at 0.5, of which one is right; three at 0.75, of which two are.
    #expect(bins.map(\.sampleCount) == [3, 3])
    #expect(bins.map(\.confidence) == [0.5, 0.75])
    #expect(bins.map(\.accuracy) == [1.0 / 3, 2.0 / 3])
    let expected: Double = (0.5 - 1.0 / 3) / 2 + (0.75 - 2.0 / 3) / 2
    #expect(abs(Self.assessment.calibration.expectedError - expected) < 1e-12)
  }

  /// A class that neither occurs nor is said, and a label that got nothing.
  @Test func emptyClasses() {
    let found = Assessment(
      probabilities: [1, 0, 0, 1, 0, 0], labels: [0, 1], classNames: ["a", "b", "c"])
    #expect(found.classes[2].precision == nil && found.classes[2].recall == nil)
    #expect(found.classes[2].f1 == nil && found.classes[1].f1 == 0)
    #expect(found.logLoss.isFinite && found.logLoss > 40)
    let none = Assessment(probabilities: [], labels: [], classNames: ["a"])
    #expect(none.accuracy == 0 && none.accuracyInterval == [0, 1] && none.worst.isEmpty)
  }

  @Test(arguments: [
    (0.0, 0.10, 0.11, 0.12, ErrorDiagnosis.Verdict.bias),
    (0.09, 0.10, 0.15, 0.15, .variance),
    (0.0, 0.01, 0.02, 0.10, .mismatch),
    (0.0, 0.004, 0.006, 0.005, .good),
  ])
  func diagnosis(
    target: Double, train: Double, development: Double, test: Double,
    verdict: ErrorDiagnosis.Verdict
  ) {
    let found = ErrorDiagnosis(target: target, train: train, development: development, test: test)
    #expect(found.verdict == verdict && !found.advice.isEmpty)
    #expect(found.bias == max(train - target, 0))
    #expect(found.variance == max(development - train, 0))
  }
}
