/// A model as Octet runs it against the tensors that another runtime made of the same inputs.
public struct AgainstReport: Encodable, Sendable {
  /// Where a difference comes from.
  public enum Origin: String, Codable, Sendable {
    /// Nothing differs.
    case same
    /// The tensor differs although all that it is made of is equal: here something is done
    /// otherwise.
    case new
    /// It differs because what it is made of does.
    case follows
  }

  /// One tensor, compared.
  public struct Tensor: Encodable, Sendable {
    /// The layer in Octet's model, `input` for an input.
    public var name: String
    /// What the other runtime calls it.
    public var otherName: String
    /// The shape of one sample in Octet, channels last.
    public var shape: [Int]
    /// Whether it is one of the model's outputs.
    public var isOutput: Bool
    /// `name`, or `order` where it was found by its shape, its values and its place among others.
    public var matchedBy: String
    /// `same`, or `channelsFirst` where the other has the channels second.
    public var layout: String
    /// Another scale or zero point than Octet's: a clause; nil where they agree.
    public var note: String?
    /// Where its difference comes from.
    public var origin: Origin
    /// How it differs; nil where it does not.
    public var difference: TensorDifference?
    /// How Octet's operator, fed with the other's own inputs, differs from the other's result; nil
    /// where it does not, or cannot be fed.
    public var localDifference: TensorDifference?

    package init(
      name: String, otherName: String, shape: [Int], isOutput: Bool, matchedBy: String,
      layout: String, note: String?, origin: Origin, difference: TensorDifference?,
      localDifference: TensorDifference?
    ) {
      self.name = name
      self.otherName = otherName
      self.shape = shape
      self.isOutput = isOutput
      self.matchedBy = matchedBy
      self.layout = layout
      self.note = note
      self.origin = origin
      self.difference = difference
      self.localDifference = localDifference
    }
  }

  /// The model's file.
  public var model: String
  /// The command or the folder, as it was given.
  public var against: String
  /// What the other runtime calls itself; nil where it does not say.
  public var runtime: String?
  /// `dump` where the inputs came with the tensors, `data` for images, `generated` otherwise.
  public var inputs: String
  /// The number of samples.
  public var sampleCount: Int
  /// The answer in a sentence.
  public var summary: String
  /// The first tensor that differs, in the order of execution; nil where none does.
  public var first: String?
  /// Every tensor that both have, in the order of execution.
  public var tensors: [Tensor]
  /// What the other has and Octet does not, by name: values that Octet's fused operators never
  /// make, and what else was dumped.
  public var unmatched: [String]
  /// Octet's layers that the other did not give.
  public var missing: [String]

  package init(
    model: String, against: String, runtime: String?, inputs: String, sampleCount: Int,
    tensors: [Tensor], unmatched: [String], missing: [String]
  ) {
    self.model = model
    self.against = against
    self.runtime = runtime
    self.inputs = inputs
    self.sampleCount = sampleCount
    self.tensors = tensors
    self.unmatched = unmatched
    self.missing = missing
    let different = tensors.filter { $0.difference != nil }
    first = different.first?.name
    summary = Self.summary(tensors, different, runtime ?? "the other runtime", sampleCount)
  }

  private static func summary(
    _ tensors: [Tensor], _ different: [Tensor], _ runtime: String, _ sampleCount: Int
  ) -> String {
    let samples = sampleCount == 1 ? "1 sample" : "\(sampleCount) samples"
    guard let first = different.first, let difference = first.difference else {
      return "\(runtime) and Octet have the same values in "
        + (tensors.count == 1 ? "the one tensor" : "all \(tensors.count) tensors")
        + " that both give, on \(samples)"
    }
    let new = different.dropFirst().filter { $0.origin == .new }
    let following = different.count - 1 - new.count
    var text =
      "'\(first.name)' is the first of \(tensors.count) tensors that differs from "
      + "\(runtime): it looks like \(difference.pattern.title)"
    if let steps = difference.maxSteps {
      text += ", at most \(TensorDifference.text(steps: steps))"
    }
    if following > 0 {
      text +=
        following == 1
        ? "; 1 later tensor follows from it" : "; \(following) later tensors follow from it"
    }
    if !new.isEmpty {
      text +=
        "; new differences arise in "
        + new.prefix(4).map { "'\($0.name)'" }.joined(separator: ", ")
        + (new.count > 4 ? " and \(new.count - 4) more" : "")
    }
    return text
  }

  /// The largest difference of any tensor, in steps of its codes; of a float model in thousandths
  /// of the tensor's largest value, which is what rounding stays below. Infinite where values are
  /// missing or no numbers.
  package var maxSteps: Double {
    tensors.reduce(0) { most, tensor in
      guard let difference = tensor.difference else { return most }
      switch difference.pattern {
      case .missing, .notANumber: return .infinity
      case .rounding: return max(most, difference.maxSteps ?? 1)
      default: return max(most, difference.maxSteps ?? .infinity)
      }
    }
  }
}
