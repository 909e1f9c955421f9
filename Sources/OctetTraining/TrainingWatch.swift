import OctetData
import OctetModel
import OctetReport

/// What looks on while a network is trained. Nothing that it sees can be changed by it.
package struct TrainingWatch {
  /// Called before the first batch, after every batch and every epoch, and at the end, on the
  /// thread that trains.
  package var look: (TrainingView) -> Void

  package init(_ look: @escaping (TrainingView) -> Void) { self.look = look }
}

/// A training run at one moment; to be looked at during the call that hands it over.
@safe package struct TrainingView {
  // Safety: the run owns the parameters that are read, and waits while it is looked at.
  /// Where the run stands within the epoch; nil before and between epochs.
  package let progress: TrainingProgress?
  /// Whether nothing more is learnt.
  package let isLast: Bool
  /// The epochs that are done, those before a resumed run included.
  package let epochs: [TrainingCourse.Epoch]
  /// The best of them; 0 where there is none.
  package let bestEpoch: Int
  package let course: TrainingCourse
  /// The images that choose the best epoch.
  package let validation: Dataset?
  /// The outputs for each of them after the last epoch that this process trained; empty before.
  package let validationScores: [Float]
  /// The network as training began.
  package let start: Graph
  let run: TrainingRun

  /// The network with the weights of this moment that are validated.
  package var graph: Graph { unsafe run.network.graph(with: run.updater.result) }

  /// A layer of the course: its weights, and their gradient in the last measured step.
  package func values(of layer: Int) -> (weights: [Float], gradient: [Float]) {
    guard let probe = run.probe else { return ([], []) }
    return unsafe (probe.values(layer, in: run.updater.result), probe.gradientValues(layer))
  }
}
