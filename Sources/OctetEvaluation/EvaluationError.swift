import OctetData
import OctetModel
import OctetReport

/// Why a model and data, or two models, do not fit together.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  case imageShape(model: [Int], height: Int, width: Int, channelCount: Int)
  case inputCount(Int)
  case classCount(model: Int, data: Int)
  case outputCount(float: Int, int8: Int)
  case noSamples
  case unreadableOutput(file: String)
  case tooManyClasses(Int, limit: Int)
  case normalizationChannels(Int, model: Int)
  /// Samples or labels that do not fit the models: a sentence that names the file.
  case samples(String)
  /// Models that cannot be fed alike: a sentence.
  case unfit(String)
  /// An output that cannot be judged as was asked for: a sentence.
  case metric(String)

  public var description: String {
    switch self {
    case .imageShape(let model, let height, let width, let channelCount):
      "the model's input is \(model.map(String.init).joined(separator: "×")), the images are "
        + "\(height)×\(width)×\(channelCount) (height×width×channels); resize the images, train "
        + "a model for them, or quantize with --raw-input, which takes any tensors"
    case .inputCount(let count):
      "the model has \(count) inputs; images fit a model with one, other samples come by --raw-input"
    case .classCount(let model, let data):
      "the model has \(model) outputs, too few for the data's \(data) classes"
    case .outputCount(let float, let int8):
      "the float model has \(float) outputs and the int8 model \(int8); "
        + "they are not the same network"
    case .unreadableOutput(let file):
      "\(file.isEmpty ? "the model" : file): the first output is a constant or holds integers; "
        + "there is nothing to compare"
    case .tooManyClasses(let count, let limit):
      "the models have \(count) outputs; classifiers of at most \(limit) classes are compared"
    case .samples(let sentence), .unfit(let sentence), .metric(let sentence): sentence
    case .noSamples: "there are no images to judge by"
    case .normalizationChannels(let count, let model):
      "the normalisation has \(count) channels, the model's input \(model); give one value, or one "
        + "for each channel"
    }
  }
}

/// Throws unless images of the dataset are what an input of `shape` takes: `[1, H, W, C]`, or flat.
package func requireImages(_ data: Dataset, fit shape: [Int]) throws(EvaluationError) {
  guard data.count > 0 else { throw .noSamples }
  let isFlat = shape.count < 4 && shape.elementCount == data.imageByteCount
  guard isFlat || Array(shape.suffix(3)) == [data.height, data.width, data.channelCount] else {
    throw .imageShape(
      model: shape, height: data.height, width: data.width, channelCount: data.channelCount)
  }
}
