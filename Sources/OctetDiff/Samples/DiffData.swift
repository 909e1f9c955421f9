import OctetData
import OctetEvaluation
import OctetModel

/// The samples that two models are compared on, with what is known of each.
public struct DiffData: Sendable {
  /// What the models are fed with.
  package enum Content: Sendable {
    case images(Dataset)
    case tensors(TensorSamples)
  }

  package private(set) var content: Content
  /// The number of samples.
  public private(set) var count: Int
  /// The classes by sample; nil where nothing says them.
  package var classes: [Int]?
  /// The values that are right; nil where nothing says them.
  package var targets: TensorSamples?

  /// Images; labelled unless the set has no labels at all.
  public init(_ images: Dataset) {
    content = .images(images)
    count = images.pixels.count / max(images.imageByteCount, 1)
    classes = images.labels.isEmpty ? nil : images.labels.map { Int($0) }
  }

  /// Tensors of any kind, without labels.
  public init(_ tensors: TensorSamples) {
    content = .tensors(tensors)
    count = tensors.count
  }

  /// The same samples, labelled: whole numbers, one a sample, are classes as well as targets.
  ///
  /// - Throws: when there are not as many labels as samples.
  public func labelled(_ labels: SampleLabels) throws(EvaluationError) -> DiffData {
    guard labels.values.count == count else {
      throw .samples(
        "\(labels.path): \(labels.values.count) labels for \(count) samples; one is needed for each"
      )
    }
    var data = self
    data.classes = labels.classes
    data.targets = labels.values
    return data
  }

  /// The first `count` samples, or all where there are fewer.
  public func prefix(_ count: Int) -> DiffData {
    let count = min(max(count, 0), self.count)
    var data = self
    data.count = count
    data.classes = classes.map { Array($0.prefix(count)) }
    if case .images(var images) = content {
      images.pixels.removeLast(images.pixels.count - count * images.imageByteCount)
      images.labels = Array(images.labels.prefix(count))
      data.content = .images(images)
    }
    return data
  }

  /// The images; nil where the samples are none.
  package var images: Dataset? { if case .images(let images) = content { images } else { nil } }

  /// Whether classes or targets are known.
  public var isLabelled: Bool { classes != nil || targets != nil }

  /// Whether the samples are pictures.
  public var isImages: Bool { images != nil }

  /// The names of the classes by index; empty when unknown.
  package var classNames: [String] { images?.classNames ?? [] }

  /// The class of a sample; nil without labels.
  package func label(_ index: Int) -> Int? { classes.map { $0[index] } }

  /// Classes that labels or names tell of; 0 without either.
  package var classCount: Int {
    classes.map { max(classNames.count, ($0.max() ?? -1) + 1) } ?? 0
  }
}

/// The labels of samples as a file has them.
public struct SampleLabels: Sendable {
  /// The file, for messages.
  public var path: String
  /// The numbers of each sample.
  public var values: TensorSamples
  /// The same as classes: nil unless each sample has one whole number from 0 to 65,535.
  public var classes: [Int]?

  /// Labels from numbers, `perSample` of each sample end to end.
  public init(path: String, _ numbers: [Float], perSample: Int) {
    self.path = path
    let count = perSample > 0 ? numbers.count / perSample : 0
    values = unsafe TensorSamples(count: count, elementCounts: [perSample], checksum: "") {
      sample, _, target in
      for index in target.indices { unsafe target[index] = numbers[sample * perSample + index] }
    }
    let isWhole = numbers.allSatisfy { $0 == $0.rounded() && (0...65_535).contains($0) }
    if perSample == 1, isWhole { classes = numbers.map { Int($0) } }
    values.checksum = CRC32.text(numbers.littleEndianBytes)
  }
}

/// Samples of any tensors, read when they are asked for.
@safe public struct TensorSamples: Sendable {
  /// The number of samples.
  public var count: Int
  /// The elements of each input, in the order of the reference's inputs.
  public let elementCounts: [Int]
  /// The CRC-32 of all of it, eight hexadecimal digits.
  public var checksum: String
  private let read: @Sendable (Int, Int, UnsafeMutableBufferPointer<Float>) -> Void

  /// - Parameter read: fills a buffer of as many elements with an input of a sample; called from
  ///   several threads.
  public init(
    count: Int, elementCounts: [Int], checksum: String,
    read:
      @escaping @Sendable (
        _ sample: Int, _ input: Int, _ target: UnsafeMutableBufferPointer<Float>
      ) -> Void
  ) {
    self.count = count
    self.elementCounts = elementCounts
    self.checksum = checksum
    unsafe self.read = unsafe read
  }

  /// Copies an input of a sample to memory of as many elements.
  package func copy(sample: Int, input: Int, to target: UnsafeMutableBufferPointer<Float>) {
    precondition(target.count == elementCounts[input], "an input has as many elements")
    unsafe read(sample, input, target)
  }

  /// An input of a sample.
  public func values(sample: Int, input: Int) -> [Float] {
    let elementCount = elementCounts[input]
    return unsafe [Float](unsafeUninitializedCapacity: elementCount) { buffer, initializedCount in
      unsafe copy(
        sample: sample, input: input,
        to: UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount]))
      initializedCount = elementCount
    }
  }

  /// The first value that is no finite number: its sample and its input.
  public func firstNonFinite() -> (sample: Int, input: Int)? {
    for sample in 0..<count {
      for input in elementCounts.indices {
        // A sum of finite floats in double precision is finite; of others it is not.
        let sum = values(sample: sample, input: input).reduce(0.0) { $0 + Double($1) * 0 }
        if sum != 0 { return (sample, input) }
      }
    }
    return nil
  }
}
