import OctetEvaluation
import OctetModel
import OctetReport

extension DiffReport.Cause {
  /// How two normalisations differ, by name.
  init(_ given: Normalization?, _ own: Normalization?, channelCount: Int) {
    func lines(_ normalization: Normalization?) -> [[Float]] {
      (0..<channelCount).map { channel in
        let (mean, deviation) = normalization?.of(channel) ?? (0, 1)
        return [mean, deviation]
      }
    }
    let (given, own) = (lines(given), lines(own))
    // 0…1, −1…1 and 0…255: no data set's own.
    let plain: [[Float]] = [[0, 1], [0.5, 0.5], [0, 1 / 255]]
    let arePlain = (given + own).allSatisfy { line in
      plain.contains { abs($0[0] - line[0]) < 1e-3 && abs($0[1] / line[1] - 1) < 0.01 }
    }
    if given != own, given == Array(own.reversed()) {
      self = .inputChannelOrder
    } else {
      self = arePlain ? .inputScale : .inputNormalization
    }
  }
}
