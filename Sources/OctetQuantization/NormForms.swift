import OctetModel
import OctetPasses

extension Graph {
  /// The simplified graph with normalizations of rows as rows over their length, which is one
  /// operator, where that lowers the error of the outputs on samples held back.
  func withBestNorms(
    _ samples: CalibrationSamples, _ options: Quantizer.Options
  ) throws(QuantizationError) -> Graph {
    var unit = self
    guard samples.count > 0, tensors.allSatisfy({ $0.quantization == nil }),
      unit.writeNormsAsUnitRows()
    else { return self }
    unit = unit.canonical()
    let error = try RangeSearch.error(ofRounded: self, samples, options)
    let other = try RangeSearch.error(ofRounded: unit, samples, options, against: self)
    return other.isBelow(error) ? unit : self
  }
}
