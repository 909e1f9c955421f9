import OctetEvaluation
import OctetModel
import OctetReport

extension Diff {
  /// What is known of the outputs before the first sample runs.
  ///
  /// - Parameter ranges: the reference's, by output; 1 where nil.
  func outputFacts(_ ranges: [Double]?) -> [OutputFacts] {
    outputs.enumerated().map { position, pair in
      let spot = candidate.places[pair.candidate]
      return OutputFacts(
        name: spot.tensorName, floatName: reference.places[pair.reference].tensorName,
        shape: spot.shape, metric: pair.metric, reason: pair.reason,
        threshold: pair.isProbability ? 0.5 : 0, range: ranges?[position] ?? 1,
        sampleCount: data.count)
    }
  }

  /// What a sample's label, targets and input say of an output.
  func fill(_ sample: inout OutputSample, output: Int) {
    let pair = outputs[output]
    sample.label = data.label(sample.index)
    let count = candidate.places[pair.candidate].elementCount
    switch pair.metric {
    case .regression, .picture:
      if let targets = data.targets, targets.elementCounts[0] == count {
        sample.targets = targets.values(sample: sample.index, input: 0)
      } else if count == 1, let label = sample.label {
        sample.targets = [Float(label)]
      }
    case .reconstruction:
      sample.input = referenceEncoder.reals(sample.index, input: 0, count: count)
    case .classification, .scores, .embedding, .detection, .signal: break
    }
  }
}
