import Foundation

/// The course of the learning rate over a run.
public enum Schedule: Sendable, Equatable {
  case constant
  /// Half a cosine from the learning rate down to 0 at the last step.
  case cosine
  /// Times `factor` after every `epochs` epochs.
  case step(epochs: Int, factor: Float)
  /// Times `factor` an epoch, a little in every step.
  case exponential(factor: Float)
  /// Divided by 1 + `decay` · t, where t are the epochs so far, fractions included.
  case inverse(decay: Float)

  /// - Parameters: `step` of `stepCount` in the whole run, `stepsPerEpoch` of them an epoch.
  package func factor(step: Int, stepCount: Int, stepsPerEpoch: Int) -> Float {
    let epochs = Double(step) / Double(max(stepsPerEpoch, 1))
    switch self {
    case .constant: return 1
    case .cosine:
      return Float(0.5 + 0.5 * cos(Double.pi * Double(step) / Double(max(stepCount, 1))))
    case .step(let epochs, let factor):
      return Float(pow(Double(factor), Double(step / max(stepsPerEpoch, 1) / max(epochs, 1))))
    case .exponential(let factor): return Float(pow(Double(factor), epochs))
    case .inverse(let decay): return Float(1 / (1 + Double(decay) * epochs))
    }
  }
}

extension TrainingOptions {
  /// What a step's learning rate is multiplied by: a line up to 1 while it warms up, then the
  /// schedule over what is left of the run.
  ///
  /// - Parameters: `step` of `stepCount` in the run, from 0; `stepsPerEpoch` of them an epoch.
  package func rateFactor(step: Int, stepCount: Int, stepsPerEpoch: Int) -> Float {
    let warmUpCount = min(Int((warmUpEpochs * Double(stepsPerEpoch)).rounded()), stepCount)
    if step < warmUpCount { return Float(Double(step + 1) / Double(warmUpCount)) }
    return schedule.factor(
      step: step - warmUpCount, stepCount: stepCount - warmUpCount, stepsPerEpoch: stepsPerEpoch)
  }
}
