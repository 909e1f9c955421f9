/// The layers' own errors as node data for Model Explorer (`GraphNodeData` of the package
/// `ai-edge-model-explorer`), which colours the boxes of a graph by them.
///
/// Boxes are found by the names of the tensors that they make: those of both files, as every viewer
/// of those files shows them.
public struct NodeOverlay: Encodable, Sendable, Equatable {
  /// The figure of a box, in dB.
  public struct Result: Encodable, Sendable, Equatable {
    /// The signal over the layer's own error, at most `upperLimit`.
    public var value: Double
  }

  /// The colour of boxes whose value is at most this, and over the threshold before.
  public struct Threshold: Encodable, Sendable, Equatable {
    /// The value, in dB.
    public var value: Double
    /// The box's colour as CSS writes it.
    public var bgColor: String
    /// The text's colour.
    public var textColor: String
  }

  /// What the viewer calls the figures.
  public let name: String
  /// The figures by the tensors' names.
  public let results: [String: Result]
  /// The colours, from the worst to the best.
  public let thresholds: [Threshold]

  /// The largest value: JSON has no infinity, and nobody sees what is better.
  package static let upperLimit = 150.0

  /// Makes the overlay of a report: the local error of each layer, or the error as it runs where
  /// the layer cannot be run alone. Of two layers that make a tensor of one name the worse counts.
  public init(_ report: DiffReport) {
    var results: [String: Result] = [:]
    for layer in report.layers {
      let decibels = layer.local?.sqnrDecibels ?? layer.judgedDecibels
      let value = decibels.isNaN ? -Self.upperLimit : decibels
      let result = Result(value: min(max(value, -Self.upperLimit), Self.upperLimit))
      for name in Set([layer.tensor, layer.floatTensor]) where !name.isEmpty {
        if let known = results[name], known.value <= result.value { continue }
        results[name] = result
      }
    }
    self.results = results
    name = "octet diff: own error, dB"
    let colors = ["#ce9972", "#dbb496", "#e6cdb8", "#f1e3d7", "#faf5ef"]
    thresholds = zip([10, 20, 30, 40, Self.upperLimit], colors).map {
      Threshold(value: $0, bgColor: $1, textColor: "#1b1d21")
    }
  }
}
